/* Compares sets whose elements partly have a time with what they are meant to hold. See verify/sets.h. */
#ifndef VERIFY_LENT_H
#define VERIFY_LENT_H

#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/*
 * What an element's time may differ from its lease's: both sides count whole seconds, and not from the same
 * moment. What has no more left than this may be gone. For long leases a thousandth of them more.
 */
#define LENT_SLACK_SECONDS 4

/*
 * Compares the sets of a list that the rules ask: settled contents for good, and leases (sorted by address
 * and port, none overlapping another or the contents) for what is left of their seconds, and nothing else.
 * Returns 0, or -errno with *error saying the first difference.
 */
int verify_lent(struct netlink *netlink, const struct ruleset *ruleset, enum list list,
	const struct contents *meant, const struct lease *leases, size_t n, struct error *error);

#endif
