/*
 * The names by which the agent knows addresses: what DNS last said is at each. Of a fixed size: the addresses
 * longest not asked for go, and so do the names written longest ago.
 */
#ifndef GUARD_AUDIT_KNOWN_H
#define GUARD_AUDIT_KNOWN_H

#include <stdint.h>

#include "fw/entry.h"
#include "fw/prefix.h"
#include "guard/audit/table.h"

#define KNOWN_ADDRESSES	 768
#define KNOWN_NAME_BYTES 16384 /* of all names together; a usual one has 25 */

struct known {
	struct table table;
	uint64_t place;		      /* where the next name goes, counted without going round */
	uint64_t last;		      /* where the last one went */
	char names[KNOWN_NAME_BYTES]; /* a ring */
};

/* Returns 0 or -ENOMEM; known_free gives it back. */
int known_make(struct known *known);
void known_free(struct known *known);

/* name is at this address. One that is longer than a name can be is not taken. */
void known_put(struct known *known, const struct prefix *address, const char *name);

/* The name of an address, good until the next known_put; NULL if there is none. */
const char *known_name(struct known *known, const struct prefix *address);

#endif
