/* Whether what came from another process can be what it says it is. Looks at bytes alone, and believes none.
 */
#ifndef GUARD_WARDEN_VALID_H
#define GUARD_WARDEN_VALID_H

#include <stdbool.h>
#include <stddef.h>

#include "fw/entry.h"
#include "fw/prefix.h"

/*
 * True for a name as DNS and the lists write it, that ends within size bytes: lower-case letters, digits, '-'
 * and '_', labels of 1 to 63 of them, 253 characters at most, no dot at the end.
 */
bool valid_name(const char *name, size_t size);

/* True for one address, every bit of the struct as prefix_make makes it. */
bool valid_address(const struct prefix *address);

/* True for an entry that entries_parse could have made, every field within its bounds. */
bool valid_entry(const struct entry *entry);

#endif
