/*
 * Proof by packets: one that must be refused by our rule, and one that must get through. What an errno says
 * is not believed by itself; the counter of the refusing rule is read before and after.
 */
#ifndef VERIFY_PROBE_H
#define VERIFY_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "util/error.h"
#include "util/netlink.h"

enum probe_outcome {
	PROBE_REFUSED,	/* by our rule: its counter moved */
	PROBE_NO_ROUTE, /* nothing was sent: this namespace has no way to there at all */
	PROBE_CONNECTED,
	PROBE_PEER_REFUSED, /* the peer was reached, and did not want the connection */
};

/*
 * Tries TCP to an address that must be blocked. Returns 0 with *outcome PROBE_REFUSED or PROBE_NO_ROUTE;
 * -EPERM and the like with *error filled if it got through, or failed for another reason than our rule.
 */
int probe_blocked(struct netlink *netlink, const struct prefix *address, uint16_t port,
	enum probe_outcome *outcome, struct error *error);

/*
 * The same without privileges, and so without the counter: sends one datagram to port 9 (discard) of an
 * address that must be blocked. The kernel tells the sender at once what a rule did with it. Returns 0 with
 * *outcome as above, or a positive errno: EISCONN if it went out, else why it could not be tried.
 */
#define PROBE_UNPRIVILEGED_PORT 9
int probe_unprivileged(const struct prefix *address, enum probe_outcome *outcome);

/*
 * Tries TCP to all addresses of an allowed name at once; one that answers is enough. Returns 0 with *outcome
 * PROBE_CONNECTED or PROBE_PEER_REFUSED; -errno with *error filled if none did within seconds.
 */
int probe_allowed(struct netlink *netlink, const char *name, const struct prefixes *addresses, uint16_t port,
	unsigned int seconds, enum probe_outcome *outcome, struct error *error);

#endif
