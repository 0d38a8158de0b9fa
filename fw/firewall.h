/*
 * The firewall's life, over fw/ipset.h and fw/nft.h: first closed with empty sets, then opened by filling
 * them, then settled. Until then the rules refuse whatever no set allows, in every mode.
 */
#ifndef FW_FIREWALL_H
#define FW_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/detour.h"
#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

struct firewall {
	/*
	 * The tables belong to this socket where the kernel can do that: as long as it is open (PID 1 keeps
	 * it for good) nobody else can change them. It is close-on-exec, and of no use to whoever lacks
	 * NET_ADMIN.
	 */
	struct netlink netlink;
	uint16_t index[SETS]; /* the kernel's numbers for the sets */
	bool owned;
};

/* Opens the socket and asks the kernel for all that is needed. Changes nothing yet. */
int firewall_begin(struct firewall *firewall, struct error *error);

/*
 * Closes the network: sets made, tables replaced in one batch, sets emptied, and every connection that was
 * tracked before forgotten, so that none of them passes as established. detour: what of it is needed by now
 * (NULL: nothing).
 */
int firewall_close(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error);

/* Opens the network to the contents of the lists: each set filled beside, then put in place of the one the
 * rules name. */
int firewall_open(struct firewall *firewall, const struct contents contents[LISTS], struct error *error);

/* Makes the sets that these rules ask, empty; those that are there stay as they are. Those that
 * they no longer ask are forgotten here, and left as they are. */
int firewall_prepare(struct firewall *firewall, const struct ruleset *ruleset, struct error *error);

/*
 * Puts the rules in place that the agent gets, with the guard's detour (NULL: none), once the sets are
 * filled, and forgets the connections that were made in the meantime. The rules ask the same sets as those
 * that closed the network.
 */
int firewall_settle(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error);

/*
 * Puts other rules in the place of those that stand, and another detour (NULL: it stays as it is): no packet
 * meets neither. Connections live on.
 */
int firewall_exchange(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error);

/* Makes all of it anew, whatever stands. Connections live on. */
int firewall_commit(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error);

/*
 * Adds leases to the sets of a list that stand; one that is there already gets the new time. The caller sees
 * to it that none of them is in the set for good. Returns 0 or -errno.
 */
int firewall_lend(struct firewall *firewall, enum list list, const struct lease *leases, size_t n);

/* Takes leases out again; one that has expired is no error. Returns 0 or -errno. */
int firewall_take_back(struct firewall *firewall, enum list list, const struct lease *leases, size_t n);

/*
 * What entries that go or come do to what stays: an address may move from the set of all ports to that of
 * some, or back. The set that gains comes first, so that at no moment it is in neither.
 */
enum refill { REFILL_MORE, REFILL_LESS };

/* Gives the sets of a list new contents, with these leases beside them, each set in one step. */
int firewall_refill(struct firewall *firewall, enum list list, enum refill refill,
	const struct contents *contents, const struct lease *leases, size_t n, struct error *error);

#endif
