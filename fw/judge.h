/*
 * What the rules do with a packet, worked out without a kernel: what `secure-init explain` says. The sets are
 * asked through a function, so that the kernel's own can be asked as well as what they are meant to hold.
 */
#ifndef FW_JUDGE_H
#define FW_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/rule.h"

/* The first packet of a connection that the agent begins; it is not root. */
struct packet {
	struct prefix to;
	uint8_t protocol; /* IPPROTO_… */
	uint16_t port;	  /* host order; 0 where the protocol has none */
};

/* Does the set hold the packet's address and port? data is the caller's. Returns 1, 0 or -errno. */
typedef int judge_set(void *data, int set, const struct packet *packet);

/* An ICMPv6 packet is an echo request, RFC 4443 4.1. */
#define JUDGE_ICMP6_TYPE 128

/*
 * Finds the first rule of OUTPUT that decides. *rule is it, or NULL where the chain's policy (DROP) does;
 * *place is its number among the family's rules of that chain, from 1, as `iptables -S OUTPUT` counts.
 * Returns 0, or -errno of the set's function.
 */
int judge(const struct ruleset *ruleset, judge_set *in_set, void *data, const struct packet *packet,
	const struct rule **rule, unsigned int *place);

#endif
