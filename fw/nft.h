/*
 * Writes the rules: the tables "ip filter" and "ip6 filter" with their three chains, as one nf_tables batch
 * that the kernel applies whole or not at all. The expressions are those that iptables-nft itself would
 * write, so that `iptables -S` prints them as ordinary rules (docs/firewall.md).
 */
#ifndef FW_NFT_H
#define FW_NFT_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/detour.h"
#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/*
 * Replaces both tables by default-deny chains (policy drop) with the rules of the set, and the guard's by
 * what the detour says (NULL: there is none afterwards), all of it in one step. index holds the kernel's
 * index of each set, which must exist. The tables are owned by the socket, and outlive it, where the kernel
 * can do that (6.9): *owned says so. Returns 0 or -errno with *error filled.
 */
int nft_commit(struct netlink *netlink, const struct ruleset *ruleset, const struct detour *detour,
	const uint16_t index[SETS], bool *owned, struct error *error);

/*
 * Puts other rules into the two tables, which must stand, and other ones into the guard's (NULL: it stays as
 * it is), all of it in one step. While tables are made anew packets meet chains that have no rules yet, and
 * are dropped; here each packet meets the old rules or the new. owned: the tables are. Returns 0 or -errno
 * with *error filled.
 */
int nft_exchange(struct netlink *netlink, const struct ruleset *ruleset, const struct detour *detour,
	const uint16_t index[SETS], bool owned, struct error *error);

#endif
