/* What the operator asked for, and what follows from it. Talks to nobody. */
#ifndef FW_POLICY_H
#define FW_POLICY_H

#include <stdbool.h>

#include "fw/entry.h"
#include "fw/resolv.h"
#include "fw/route.h"
#include "fw/rule.h"
#include "util/error.h"

/* Filled by init/config.c from the environment; policy_free gives it back. */
struct policy {
	bool isolated;
	bool defaulted; /* no list was given: the entries are the four documented defaults */
	struct entries allowed;
};

/* The four that an operator who gives no list gets (docs/configuration.md). */
#define POLICY_DEFAULT_LIST "api.anthropic.com,github.com,api.github.com,registry.npmjs.org"

void policy_free(struct policy *policy);

/* Refuses what the grammar knows but this version cannot enforce. Returns 0 or -EINVAL with *error filled. */
int policy_check(const struct policy *policy, struct error *error);

/* True if the entry names a host of GitHub, whose published ranges then are opened with it. */
bool entry_is_github(const struct entry *entry);
bool policy_wants_github(const struct policy *policy);

/*
 * The rules of a policy in the place where we are. agent_is_root: the agent's sockets will belong to uid 0,
 * which matters where Docker's resolver can be told from the agent only by that. Returns 0, or -EPERM or
 * -E2BIG with *error filled.
 */
int policy_rules(const struct resolv *resolv, const struct host_networks *host, bool agent_is_root,
	struct ruleset *ruleset, struct error *error);

#endif
