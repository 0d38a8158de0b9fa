/*
 * Reads the guard's table back from the kernel and compares it, attribute by attribute, with the messages
 * that make it (fw/detour.h): each that was sent must be there as it was sent, and beside them only what the
 * kernel is known to add. For rules whose text nobody decodes; see verify/rules.h for those that are.
 */
#ifndef VERIFY_TABLE_H
#define VERIFY_TABLE_H

#include <stdint.h>

#include "fw/detour.h"
#include "util/error.h"
#include "util/netlink.h"
#include "verify/rules.h"

/*
 * Compares "inet secure-init" with what is meant, as detour_put takes it: its flags and owner, its chains,
 * its rules in order; no such table if none is meant. Not compared is what counters, quotas and limits have
 * counted. *used (may be NULL) is what the quota has: bytes. Returns 0, or -errno with *error saying the
 * first difference.
 */
int verify_table(struct netlink *netlink, const struct detour *meant, enum owner owner, uint64_t *used,
	struct error *error);

#endif
