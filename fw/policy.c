/*
 * From policy to rules. One order for both families, in which a person can read who gets through:
 * loopback, what is established, DNS, SSH, the host's network, the allowed sets, and the refusal of the rest.
 */
#include "fw/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PORT_DNS 53
#define PORT_SSH 22

void policy_free(struct policy *policy)
{
	entries_free(&policy->allowed);
}

int policy_check(const struct policy *policy, struct error *error)
{
	for (size_t i = 0; i < policy->allowed.n; i++) {
		char text[ENTRY_TEXT];

		if (policy->allowed.v[i].kind == ENTRY_WILDCARD)
			return error_set(error, FAIL_CONFIG, EINVAL,
				"PARA_ALLOWED_DOMAINS: entry %u, '%.200s': this version cannot enforce "
				"wildcards; "
				"name each host, as in api.%s",
				policy->allowed.v[i].position, entry_text(&policy->allowed.v[i], text),
				policy->allowed.v[i].name);
	}
	return 0;
}

bool entry_is_github(const struct entry *entry)
{
	static const char domain[] = "github.com";
	const size_t length = strlen(entry->name), tail = sizeof(domain) - 1;

	if (entry->kind != ENTRY_NAME || length < tail || strcmp(entry->name + length - tail, domain) != 0)
		return false;
	return length == tail || entry->name[length - tail - 1] == '.';
}

bool policy_wants_github(const struct policy *policy)
{
	for (size_t i = 0; i < policy->allowed.n; i++)
		if (entry_is_github(&policy->allowed.v[i]))
			return true;
	return false;
}

/* Appends; a ruleset that is full says so at the end, in policy_rules. */
static void add(struct ruleset *ruleset, struct rule rule)
{
	if (ruleset->n < RULES_MAX)
		ruleset->v[ruleset->n] = rule;
	ruleset->n++;
}

static void add_dns(struct ruleset *ruleset, uint8_t family, struct prefix server, bool by_root)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};

	for (size_t i = 0; i < sizeof(protocols); i++)
		add(ruleset, (struct rule){.family = family,
				     .chain = CHAIN_OUTPUT,
				     .peer = server,
				     .protocol = protocols[i],
				     .dport = PORT_DNS,
				     .by_root = by_root});
}

static void dns_rules(struct ruleset *ruleset, uint8_t family, const struct resolv *resolv)
{
	const struct prefix anyone = {0};

	for (unsigned int i = 0; i < resolv->n_servers; i++)
		if (resolv->servers[i].family == family &&
			prefix_kind(&resolv->servers[i]) != ADDRESS_LOOPBACK)
			add_dns(ruleset, family, resolv->servers[i], false);
	for (unsigned int i = 0; i < resolv->n_upstreams && resolv->docker; i++)
		if (resolv->upstreams[i].family == family)
			add_dns(ruleset, family, resolv->upstreams[i], false);
	if (resolv->docker && !resolv->upstreams_named)
		add_dns(ruleset, family, anyone, true);
}

static void host_rules(
	struct ruleset *ruleset, uint8_t family, enum chain chain, const struct host_networks *host)
{
	for (size_t i = 0; i < host->networks.n; i++)
		if (host->networks.v[i].family == family)
			add(ruleset,
				(struct rule){.family = family, .chain = chain, .peer = host->networks.v[i]});
}

/*
 * IPv6 finds its neighbours and routers by ICMPv6 (RFC 4861, types 133 to 136), which ARP does for IPv4 below
 * the firewall's feet; and tells switches which groups it listens to (RFC 3810, type 143).
 */
static void neighbour_rules(struct ruleset *ruleset, enum chain chain)
{
	static const uint8_t in[] = {134, 135, 136}, out[] = {133, 135, 136, 143};
	const uint8_t *types = chain == CHAIN_INPUT ? in : out;
	const size_t n = chain == CHAIN_INPUT ? sizeof(in) : sizeof(out);

	for (size_t i = 0; i < n; i++)
		add(ruleset, (struct rule){.family = AF_INET6,
				     .chain = chain,
				     .protocol = IPPROTO_ICMPV6,
				     .icmp6type = types[i]});
}

static void set_rules(struct ruleset *ruleset, uint8_t family)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	for (int set = 0; set < SETS; set++) {
		if (set_kinds[set].family != family)
			continue;
		for (size_t i = 0; i < sizeof(protocols); i++)
			add(ruleset, (struct rule){.family = family,
					     .chain = CHAIN_OUTPUT,
					     .protocol = protocols[i],
					     .set = (uint8_t)(set + 1)});
	}
}

static void family_rules(struct ruleset *ruleset, uint8_t family, const struct resolv *resolv,
	const struct host_networks *host)
{
	add(ruleset, (struct rule){.family = family, .chain = CHAIN_INPUT, .loopback = 1});
	add(ruleset,
		(struct rule){
			.family = family, .chain = CHAIN_INPUT, .states = STATE_ESTABLISHED | STATE_RELATED});
	if (family == AF_INET6)
		neighbour_rules(ruleset, CHAIN_INPUT);
	host_rules(ruleset, family, CHAIN_INPUT, host);

	add(ruleset, (struct rule){.family = family, .chain = CHAIN_OUTPUT, .loopback = 1});
	add(ruleset, (struct rule){.family = family, .chain = CHAIN_OUTPUT, .states = STATE_ESTABLISHED});
	if (family == AF_INET6)
		neighbour_rules(ruleset, CHAIN_OUTPUT);
	dns_rules(ruleset, family, resolv);
	add(ruleset,
		(struct rule){
			.family = family, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .dport = PORT_SSH});
	host_rules(ruleset, family, CHAIN_OUTPUT, host);
	set_rules(ruleset, family);
	if (family == AF_INET6)
		add(ruleset, (struct rule){.family = family,
				     .chain = CHAIN_OUTPUT,
				     .protocol = IPPROTO_TCP,
				     .verdict = VERDICT_RESET});
	add(ruleset, (struct rule){.family = family, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT});
}

int policy_rules(const struct resolv *resolv, const struct host_networks *host, bool agent_is_root,
	struct ruleset *ruleset, struct error *error)
{
	if (resolv->docker && !resolv->upstreams_named && agent_is_root)
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"Docker's resolver (127.0.0.11) asks other servers from inside this container, as "
			"root, and "
			"this version of Docker does not say which; opening port 53 for root would open it "
			"for an "
			"agent that is root. Run the agent as another user (-e PARA_RUN_AS=USER), or use "
			"Docker 26 "
			"or newer");
	memset(ruleset, 0, sizeof(*ruleset));
	family_rules(ruleset, AF_INET, resolv, host);
	family_rules(ruleset, AF_INET6, resolv, host);
	if (ruleset->n > RULES_MAX)
		return error_set(error, FAIL_FIREWALL, E2BIG,
			"the host's network and the resolvers need %zu rules, more than the %d that this "
			"program "
			"makes",
			ruleset->n, RULES_MAX);
	return 0;
}
