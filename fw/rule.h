/*
 * The rules, as data: what the firewall is meant to be, before it is written and after it is read back. The
 * kinds of match are exactly those below; whoever needs another one adds it here, to the writer (fw/nft.c)
 * and to the reader (verify/decode.c).
 */
#ifndef FW_RULE_H
#define FW_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "fw/set.h"

enum chain { CHAIN_INPUT, CHAIN_FORWARD, CHAIN_OUTPUT, CHAINS };

enum verdict {
	VERDICT_ACCEPT,
	VERDICT_REJECT, /* ICMP "administratively prohibited" back to the sender, who then need not wait */
	VERDICT_RESET,	/* TCP RST back: Linux holds an ICMPv6 prohibition of a SYN back for a second */
	VERDICT_LOG,	/* told to the guard by nflog, and on to the next rule */
};

/* Whose address must be one of this host's, or none of them. */
enum rule_local { LOCAL_ANY, LOCAL_NOT_SENDER, LOCAL_RECEIVER };

/* Whose socket sends. */
enum rule_user { USER_ANY, USER_ROOT, USER_GUARD };

/*
 * What the rules know of the guard (guard/guard.h): the uid of its resolver, of the range that Debian's
 * policy (9.2.2) reserves, so that no distribution gives it to anybody; the port where that listens on
 * loopback; the nflog group of refused packets (linux/netfilter/nfnetlink_log.h), and the word that goes with
 * them.
 */
#define GUARD_UID_RESOLVER 65501
#define GUARD_PORT	   10053
#define GUARD_NFLOG_GROUP  10053
#define GUARD_NFLOG_PREFIX "refused"

/* Connection states a rule can ask for. */
#define STATE_ESTABLISHED 1
#define STATE_RELATED	  2

/* Zero in a field means that the rule does not ask. Bytes only, no padding: rules are compared as memory. */
struct rule {
	uint16_t dport;	   /* host order */
	uint8_t family;	   /* AF_INET or AF_INET6 */
	uint8_t chain;	   /* enum chain */
	uint8_t verdict;   /* enum verdict */
	uint8_t loopback;  /* 1: the interface is lo */
	uint8_t states;	   /* STATE_… */
	uint8_t protocol;  /* IPPROTO_… */
	uint8_t icmp6type; /* RFC 4861 */
	uint8_t user;	   /* enum rule_user */
	uint8_t set;   /* the set's number + 1; it holds the peer, and with ports our side's (INPUT) or the
			  peer's */
	uint8_t local; /* enum rule_local */
	struct prefix peer; /* family 0: any. The other side: source in INPUT, destination in OUTPUT */
};

_Static_assert(sizeof(struct rule) == 12 + sizeof(struct prefix), "no padding in struct rule");

#define RULES_MAX 192

struct ruleset {
	size_t n;
	bool logs; /* what OUTPUT refuses is logged first */
	struct rule v[RULES_MAX];
};

/* True if one of the rules asks the set. Sets that none asks are not made. */
bool ruleset_uses(const struct ruleset *ruleset, int set);

/* The table and chains as iptables names them. */
#define TABLE_NAME "filter"
extern const char *const chain_names[CHAINS];

/* A rule in the words of `iptables -S`, for messages and the plan. Returns text. */
#define RULE_TEXT 240
const char *rule_text(const struct rule *rule, char text[RULE_TEXT]);

#endif
