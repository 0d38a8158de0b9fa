/* Walking the rules as the kernel does: see the header. */
#include "fw/judge.h"

#include <sys/socket.h>

/* 1 if the rule matches, 0 if not, or -errno. */
static int matches(const struct rule *rule, judge_set *in_set, void *data, const struct packet *packet)
{
	const bool loopback = prefix_kind(&packet->to) == ADDRESS_LOOPBACK;

	if (rule->chain != CHAIN_OUTPUT || rule->family != packet->to.family)
		return 0;
	/* a connection that begins is in neither state; what only logs decides nothing */
	/* and from an address of ours */
	if (rule->states != 0 || rule->local == LOCAL_NOT_SENDER || rule->user != USER_ANY ||
		rule->verdict == VERDICT_LOG)
		return 0;
	if (rule->loopback && !loopback)
		return 0;
	if (rule->peer.family != 0 && !prefix_covers(&rule->peer, &packet->to))
		return 0;
	if (rule->protocol != 0 && rule->protocol != packet->protocol)
		return 0;
	if (rule->dport != 0 && rule->dport != packet->port)
		return 0;
	if (rule->icmp6type != 0 && rule->icmp6type != JUDGE_ICMP6_TYPE)
		return 0;
	return rule->set == 0 ? 1 : in_set(data, rule->set - 1, packet);
}

int judge(const struct ruleset *ruleset, judge_set *in_set, void *data, const struct packet *packet,
	const struct rule **rule, unsigned int *place)
{
	*rule = NULL;
	*place = 0;
	for (size_t i = 0; i < ruleset->n; i++) {
		const struct rule *candidate = &ruleset->v[i];
		int ret;

		if (candidate->chain == CHAIN_OUTPUT && candidate->family == packet->to.family)
			++*place;
		ret = matches(candidate, in_set, data, packet);
		if (ret < 0)
			return ret;
		if (ret == 0)
			continue;
		*rule = candidate;
		return 0;
	}
	return 0;
}
