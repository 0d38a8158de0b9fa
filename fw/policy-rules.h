/* The rules that a policy is kept by. Talks to nobody. */
#ifndef FW_POLICY_RULES_H
#define FW_POLICY_RULES_H

#include <stdbool.h>

#include "fw/detour.h"
#include "fw/policy.h"
#include "fw/resolv.h"
#include "fw/route.h"
#include "fw/rule.h"
#include "util/error.h"

/* Which part of a container's life rules are for. In all but the first what no set allows is refused. */
enum stage {
	STAGE_AGENT,  /* for good */
	STAGE_LOOKUP, /* before there is an agent: names are looked up, which needs DNS even if it gets none
		       */
	STAGE_CHANGE, /* from one policy to another, under a running agent */
};

/*
 * The rules of a policy in the place where we are. agent_is_root: the agent's sockets will belong to uid 0,
 * which matters where Docker's resolver can be told from the agent only by that. Returns 0, or -EPERM or
 * -E2BIG with *error filled.
 */
int policy_rules(const struct policy *policy, const struct resolv *resolv, const struct host_networks *host,
	bool agent_is_root, enum stage stage, struct ruleset *ruleset, struct error *error);

/* What the guard's table is to do. */
struct detour policy_detour(const struct policy *policy, const struct resolv *resolv);

#endif
