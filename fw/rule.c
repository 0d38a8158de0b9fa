/* Rules in words. */
#include "fw/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

const char *const chain_names[CHAINS] = {"INPUT", "FORWARD", "OUTPUT"};

bool ruleset_uses(const struct ruleset *ruleset, int set)
{
	for (size_t i = 0; i < ruleset->n; i++)
		if (ruleset->v[i].set == set + 1)
			return true;
	return false;
}

static __attribute__((format(printf, 3, 4))) void add(char *text, size_t *used, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text + *used, RULE_TEXT - *used, format, args);
	va_end(args);
	if (n > 0)
		*used += (size_t)n < RULE_TEXT - *used ? (size_t)n : RULE_TEXT - 1 - *used;
}

const char *rule_text(const struct rule *rule, char text[RULE_TEXT])
{
	const bool in = rule->chain == CHAIN_INPUT;
	char address[PREFIX_TEXT];
	size_t used = 0;

	add(text, &used, "-A %s", chain_names[rule->chain]);
	if (rule->peer.family != 0)
		add(text, &used, " %s %s", in ? "-s" : "-d", prefix_text(&rule->peer, address));
	if (rule->loopback)
		add(text, &used, " %s lo", in ? "-i" : "-o");
	if (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP)
		add(text, &used, " -p %s", rule->protocol == IPPROTO_TCP ? "tcp" : "udp");
	else if (rule->protocol == IPPROTO_ICMPV6)
		add(text, &used, " -p ipv6-icmp");
	else if (rule->protocol != 0)
		add(text, &used, " -p %u", rule->protocol);
	if (rule->dport != 0)
		add(text, &used, " --dport %u", rule->dport);
	if (rule->icmp6type != 0)
		add(text, &used, " --icmpv6-type %u", rule->icmp6type);
	if (rule->user != USER_ANY)
		add(text, &used, " -m owner --uid-owner %u",
			rule->user == USER_ROOT ? 0 : GUARD_UID_RESOLVER);
	if (rule->local != LOCAL_ANY)
		add(text, &used, " -m addrtype %s LOCAL",
			rule->local == LOCAL_RECEIVER ? "--dst-type" : "! --src-type");
	if (rule->states != 0)
		add(text, &used, " -m conntrack --ctstate %s%sESTABLISHED",
			rule->states & STATE_RELATED ? "RELATED" : "",
			rule->states & STATE_RELATED ? "," : "");
	if (rule->set != 0)
		add(text, &used, " -m set --match-set %s %s", set_kinds[rule->set - 1].name,
			set_kinds[rule->set - 1].with_ports ? in ? "src,dst" : "dst,dst"
			: in				    ? "src"
							    : "dst");
	if (rule->verdict == VERDICT_ACCEPT)
		add(text, &used, " -j ACCEPT");
	else if (rule->verdict == VERDICT_LOG)
		add(text, &used, " -j NFLOG --nflog-prefix %s --nflog-group %u", GUARD_NFLOG_PREFIX,
			GUARD_NFLOG_GROUP);
	else
		add(text, &used, " -j REJECT --reject-with %s",
			rule->verdict == VERDICT_RESET ? "tcp-reset"
			: rule->family == AF_INET      ? "icmp-admin-prohibited"
						       : "icmp6-adm-prohibited");
	return text;
}
