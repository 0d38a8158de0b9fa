/*
 * What the sets hold when the agent starts, before there is a warden: what stands for good, and with a guard
 * what DNS said, lent for the least time. See guard/warden/leases.h.
 */
#ifndef GUARD_FIRST_H
#define GUARD_FIRST_H

#include "fw/firewall.h"
#include "fw/lookup.h"
#include "fw/policy.h"
#include "util/error.h"

/* What both have to know. */
struct first {
	const struct policy *policy;
	const struct lookup *lookup;
	const struct prefixes *ranges; /* of GitHub */
};

/* Fills the sets. Returns 0 or -errno with *error filled. */
int first_open(struct firewall *firewall, const struct first *first, struct error *error);

/* Reads back, soon after, those that the rules ask. Returns 0, or -errno with *error saying what differs. */
int first_verify(struct firewall *firewall, const struct first *first, const struct ruleset *ruleset,
	struct error *error);

#endif
