/*
 * Writes the sets of fw/set.h into the kernel's ip_set, by netlink. A set that rules name is never changed in
 * place: its new contents are filled into a second set, and the two change places in one step.
 */
#ifndef FW_IPSET_H
#define FW_IPSET_H

#include <stdint.h>

#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/*
 * Makes the sets that the rules ask, or finds those of an earlier start as they are, and gives the kernel's
 * index of each; IPSET_INVALID_ID for the others. Returns 0 or -errno with *error filled.
 */
int ipset_prepare(
	struct netlink *netlink, const struct ruleset *ruleset, uint16_t index[SETS], struct error *error);

/* Empties them. Returns 0 or -errno with *error filled. */
int ipset_empty(struct netlink *netlink, const uint16_t index[SETS], struct error *error);

/* Gives one set what settled contents say, for good, and those of the leases that are of its kind. Returns 0
 * or -errno with *error filled. */
int ipset_fill(struct netlink *netlink, int set, const struct contents *contents, const struct lease *leases,
	size_t n, struct error *error);

/* Adds those of the leases that are of the set's kind; one that is in it gets the new time. Returns 0 or
 * -errno. */
int ipset_lend(struct netlink *netlink, int set, const struct lease *leases, size_t n);

/* Takes them out; one that is not in it is no error. Returns 0 or -errno. */
int ipset_take_back(struct netlink *netlink, int set, const struct lease *leases, size_t n);

/* True if the kernel has an index for a set of this name, put into *index. Returns 0 or -errno. */
int ipset_index(struct netlink *netlink, const char *name, uint16_t *index);

#endif
