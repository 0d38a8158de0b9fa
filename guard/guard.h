/*
 * The guard: what stays resident beside the agent. Two processes of their own uids:
 *
 *   warden    NET_ADMIN and nothing else. Keeps the sets as names move, the rules as they were meant; takes
 *             live changes from whoever has NET_ADMIN himself. Talks netlink, parses nothing foreign.
 *   resolver  no capability, under seccomp and Landlock. Answers the agent's DNS, asks the real servers, and
 *             reads what the firewall logged of refused packets.
 *
 * Both end when process 1 closes its end of their lifeline.
 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fw/firewall.h"
#include "fw/lookup.h"
#include "fw/policy.h"
#include "fw/resolv.h"
#include "fw/route.h"
#include "fw/rule.h"
#include "fw/set.h"
#include "util/error.h"

/* The warden's uid; the resolver's, its port and its nflog group are the rules' business too (fw/rule.h). */
#define GUARD_UID_WARDEN 65502

/* How the guard is to behave (docs/guard.md). */
struct guard_settings {
	const char *audit; /* PARA_AUDIT: NULL, "off", "stderr", a path, or "unix:PATH"; of the environment */
	bool dns_log;	   /* PARA_DNS_LOG: a line a question */
	bool learn;	   /* PARA_LEARN: at the end, say what would have to be allowed */
	bool stop_on_tamper; /* PARA_ON_TAMPER=stop */
	bool stop_on_loss;   /* PARA_ON_GUARD_LOSS=stop; process 1's part */
};

/* What the guard is told when it starts: all of it stands in the parent's memory, and is copied by fork. */
struct guard_start {
	const struct policy *policy;
	const struct resolv *resolv;
	const struct host_networks *host;
	const struct lookup *lookup;   /* names' addresses as of the start */
	const struct prefixes *ranges; /* of GitHub */
	const struct ruleset *ruleset; /* that stand */
	struct firewall *firewall;     /* the warden writes with its socket, which owns the tables */
	bool agent_is_root;
	const struct guard_settings *settings;
};

#endif
