/* Reads the sets back from the kernel and compares them with what was meant. See verify/rules.h. */
#ifndef VERIFY_SETS_H
#define VERIFY_SETS_H

#include <stdint.h>

#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/*
 * The kernel's number of each set by its name; IPSET_INVALID_ID if there is none, which is an error for those
 * that the rules (NULL: none) ask. Returns 0 or -errno with *error filled.
 */
int verify_set_indexes(
	struct netlink *netlink, const struct ruleset *ruleset, uint16_t index[SETS], struct error *error);

/* Asks the kernel whether a set holds an address, and the port where the set has ports. Returns 1, 0 or
 * -errno. */
int verify_set_holds(
	struct netlink *netlink, int set, const struct prefix *address, uint8_t protocol, uint16_t port);

/* Compares type, family and every element of the sets that the rules ask with settled contents. */
int verify_sets(struct netlink *netlink, const struct ruleset *ruleset, const struct contents meant[LISTS],
	struct error *error);

#endif
