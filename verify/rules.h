/*
 * Reads the firewall's rules back from the kernel and compares them with what was meant. Shares with the
 * writer only the netlink transport and the rule as data: the decoding here is its own, and knows every
 * expression that it accepts; anything else in a rule, a chain or a table is an error.
 */
#ifndef VERIFY_RULES_H
#define VERIFY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/rule.h"
#include "util/error.h"
#include "util/netlink.h"

/* Whether the tables must have an owner: a process that lives, and without which nobody can change them. */
enum owner {
	OWNER_NONE,
	OWNER_SOME,
	OWNER_ANY, /* either will do */
};

/*
 * Compares the tables "ip filter" and "ip6 filter": three base chains each, at their hooks, policy drop, no
 * other chain, and exactly the rules meant, in order. Returns 0, or -errno with *error saying the first
 * difference.
 */
int verify_rules(struct netlink *netlink, const struct ruleset *meant, enum owner owner, struct error *error);

/*
 * Reads both tables' rules as they are, in order, into *is. Returns 0, or -errno with *error saying what
 * there is that no rule of ours has.
 */
int verify_read_rules(struct netlink *netlink, struct ruleset *is, struct error *error);

/* Packets that the refusing rules of a family's OUTPUT chain have counted so far. Returns 0 or -errno. */
int verify_refused(struct netlink *netlink, uint8_t family, uint64_t *packets, struct error *error);

#endif
