/* From policy to rules: one order for both families, in which a person can read who gets through. */
#include "fw/policy-rules.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PORT_DNS 53
#define PORT_SSH 22

/* True if anything can be on the block list, so that there are rules for it. */
static bool blocks(const struct policy *policy)
{
	return policy->mode == MODE_BLOCKLIST || policy->list[LIST_BLOCKED].n > 0;
}

/* Appends; a ruleset that is full says so at the end, in policy_rules. */
static void add(struct ruleset *ruleset, struct rule rule)
{
	if (ruleset->n < RULES_MAX)
		ruleset->v[ruleset->n] = rule;
	ruleset->n++;
}

static void add_dns(struct ruleset *ruleset, uint8_t family, struct prefix server, enum rule_user user)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};

	for (size_t i = 0; i < sizeof(protocols); i++)
		add(ruleset, (struct rule){.family = family,
				     .chain = CHAIN_OUTPUT,
				     .peer = server,
				     .protocol = protocols[i],
				     .dport = PORT_DNS,
				     .user = (uint8_t)user});
}

/*
 * metadata: those servers that a cloud has at the address of its metadata service, or only the others. Behind
 * the guard only its sockets get there, and root's to where Docker's resolver passes questions on.
 */
static void dns_rules(
	struct ruleset *ruleset, uint8_t family, const struct resolv *resolv, bool guarded, bool metadata)
{
	const enum rule_user user = guarded ? USER_GUARD : USER_ANY, docker = guarded ? USER_ROOT : USER_ANY;
	const struct prefix anyone = {0};

	for (unsigned int i = 0; i < resolv->n_servers; i++)
		if (resolv->servers[i].family == family &&
			prefix_kind(&resolv->servers[i]) != ADDRESS_LOOPBACK &&
			policy_is_metadata(&resolv->servers[i]) == metadata)
			add_dns(ruleset, family, resolv->servers[i], user);
	for (unsigned int i = 0; i < resolv->n_upstreams && resolv->docker; i++)
		if (resolv->upstreams[i].family == family &&
			policy_is_metadata(&resolv->upstreams[i]) == metadata)
			add_dns(ruleset, family, resolv->upstreams[i], docker);
	if (resolv->docker && !resolv->upstreams_named && !metadata)
		add_dns(ruleset, family, anyone, USER_ROOT);
}

static void host_rules(struct ruleset *ruleset, uint8_t family, enum chain chain, const struct policy *policy,
	const struct host_networks *host)
{
	const struct prefixes *open = policy_host(policy, host);

	for (size_t i = 0; i < open->n; i++)
		if (open->v[i].family == family)
			add(ruleset, (struct rule){.family = family, .chain = chain, .peer = open->v[i]});
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

/*
 * With nothing to be reached nobody needs to be found; and a report names the group that the agent joined,
 * which is a message of twelve bytes to whoever is on the line.
 */
static bool wants_neighbours(const struct policy *policy, uint8_t family)
{
	return family == AF_INET6 && policy->mode != MODE_NONE;
}

/* Has the guard told of what a rule without a verdict would match. */
static void tell(struct ruleset *ruleset, struct rule rule)
{
	rule.verdict = VERDICT_LOG;
	if (ruleset->logs && rule.chain == CHAIN_OUTPUT)
		add(ruleset, rule);
}

/* Refuses what a rule without a verdict would match. */
static void refuse(struct ruleset *ruleset, struct rule rule)
{
	tell(ruleset, rule);
	if (rule.family == AF_INET6 && (rule.protocol == 0 || rule.protocol == IPPROTO_TCP)) {
		struct rule reset = rule;

		reset.protocol = IPPROTO_TCP;
		reset.verdict = VERDICT_RESET;
		add(ruleset, reset);
	}
	rule.verdict = VERDICT_REJECT;
	if (rule.family == AF_INET || rule.protocol != IPPROTO_TCP)
		add(ruleset, rule);
}

/* Lets through what a list's sets hold: TCP and UDP, as an entry promises. */
static void accept_list(struct ruleset *ruleset, uint8_t family, enum chain chain, enum list list)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	for (int set = SET_OF(list, 0); set < SET_OF(list, SET_KINDS); set++)
		for (size_t i = 0; i < sizeof(protocols) && set_kinds[set].family == family; i++)
			add(ruleset, (struct rule){.family = family,
					     .chain = (uint8_t)chain,
					     .protocol = protocols[i],
					     .set = (uint8_t)(set + 1)});
}

/* Refuses what the sets of the block list hold: on all ports every protocol, else TCP and UDP. */
static void refuse_blocked(struct ruleset *ruleset, uint8_t family, enum chain chain)
{
	for (int set = SET_OF(LIST_BLOCKED, 0); set < SET_OF(LIST_BLOCKED, SET_KINDS); set++) {
		struct rule rule = {.family = family, .chain = (uint8_t)chain, .set = (uint8_t)(set + 1)};

		if (set_kinds[set].family != family || (set_kinds[set].with_ports && chain == CHAIN_INPUT))
			continue;
		if (!set_kinds[set].with_ports) {
			refuse(ruleset, rule);
			continue;
		}
		rule.protocol = IPPROTO_TCP;
		refuse(ruleset, rule);
		rule.protocol = IPPROTO_UDP;
		refuse(ruleset, rule);
	}
}

/* Who may come in: whoever is listed; then nobody blocked; then the host's network. */
static void input_rules(struct ruleset *ruleset, uint8_t family, const struct policy *policy,
	const struct host_networks *host)
{
	add(ruleset,
		(struct rule){
			.family = family, .chain = CHAIN_INPUT, .states = STATE_ESTABLISHED | STATE_RELATED});
	add(ruleset, (struct rule){.family = family, .chain = CHAIN_INPUT, .loopback = 1});
	if (wants_neighbours(policy, family))
		neighbour_rules(ruleset, CHAIN_INPUT);
	if (policy->list[LIST_INBOUND].n > 0)
		accept_list(ruleset, family, CHAIN_INPUT, LIST_INBOUND);
	if (blocks(policy))
		refuse_blocked(ruleset, family, CHAIN_INPUT);
	if (policy->inbound_host)
		host_rules(ruleset, family, CHAIN_INPUT, policy, host);
}

static struct prefix docker_resolver(void)
{
	static const uint8_t address[] = {127, 0, 0, 11};

	return prefix_make(AF_INET, address, 32);
}

/*
 * Docker's resolver asks from the host's namespace: it is DNS that never leaves loopback here. It listens to
 * another port than 53 in truth, so that the agent is refused by its address.
 */
static void docker_rules(struct ruleset *ruleset, bool for_guard)
{
	const struct rule rule = {.family = AF_INET, .chain = CHAIN_OUTPUT, .peer = docker_resolver()};
	struct rule guard = rule;

	guard.user = USER_GUARD;
	if (for_guard)
		add(ruleset, guard);
	refuse(ruleset, rule);
}

/* Where the guard listens: what was redirected there is still on its way to another interface. */
static void guard_rules(struct ruleset *ruleset, uint8_t family)
{
	static const uint8_t v4[] = {127, 0, 0, 1}, v6[16] = {[15] = 1},
			     protocols[] = {IPPROTO_UDP, IPPROTO_TCP};

	for (size_t i = 0; i < sizeof(protocols); i++)
		add(ruleset,
			(struct rule){.family = family,
				.chain = CHAIN_OUTPUT,
				.peer = prefix_make(family, family == AF_INET ? v4 : v6, family_bits(family)),
				.protocol = protocols[i],
				.dport = GUARD_PORT});
}

/*
 * Anybody may send by IPv6 from an address that is none of this host's (ipv6(7), IPV6_FREEBIND); by IPv4 the
 * kernel sees to it. Conntrack would take such a packet, sent to ourselves, for a connection from there, and
 * what goes there for its answer. The resets of our own refusals come from there, too, but belong to a
 * connection. Neighbour discovery, which may be from no address yet, goes before.
 */
static void refuse_foreign(struct ruleset *ruleset)
{
	struct rule rule = {.family = AF_INET6, .chain = CHAIN_OUTPUT, .local = LOCAL_NOT_SENDER};

	add(ruleset, (struct rule){.family = AF_INET6,
			     .chain = CHAIN_OUTPUT,
			     .loopback = 1,
			     .states = STATE_ESTABLISHED | STATE_RELATED});
	tell(ruleset, rule);
	rule.verdict = VERDICT_REJECT;
	add(ruleset, rule);
}

static void refuse_dns(struct ruleset *ruleset, uint8_t family)
{
	struct rule rule = {
		.family = family, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP, .dport = PORT_DNS};

	refuse(ruleset, rule);
	rule.protocol = IPPROTO_TCP;
	refuse(ruleset, rule);
}

/* Every network that this container is connected to: the host's is one of them, whichever has the default
 * route. */
static void refuse_host(struct ruleset *ruleset, uint8_t family, const struct host_networks *host)
{
	for (size_t i = 0; i < host->onlink.n; i++)
		if (host->onlink.v[i].family == family)
			refuse(ruleset,
				(struct rule){
					.family = family, .chain = CHAIN_OUTPUT, .peer = host->onlink.v[i]});
}

/* The order of docs/policy.md: established, loopback, allowed, blocked, essential, and what is left. */
static void output_rules(struct ruleset *ruleset, uint8_t family, const struct policy *policy,
	const struct resolv *resolv, const struct host_networks *host, bool dns, enum stage stage)
{
	/* who looks up names at the start is no agent yet, and need not go through the guard */
	const bool guarded = policy->guarded && stage != STAGE_LOOKUP;
	const struct rule ssh = {
		.family = family, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .dport = PORT_SSH};
	const struct rule rest = {.family = family, .chain = CHAIN_OUTPUT};
	/* a service that is closed must be said to be, where a later rule would let it through */
	const bool more_follows = policy_sends(policy) || policy->host != HOST_NONE;
	/*
	 * By IPv4 anybody may send over lo to who is not there (socket(7), SO_BINDTODEVICE). Conntrack would
	 * then wait for the answer, and let it in, and with it all that follows.
	 */
	const uint8_t own = family == AF_INET ? LOCAL_RECEIVER : LOCAL_ANY;
	/* names are asked for again as long as the agent lives */
	const bool servers = dns || (guarded && policy_has_names(policy));

	add(ruleset, (struct rule){.family = family, .chain = CHAIN_OUTPUT, .states = STATE_ESTABLISHED});
	if (resolv->docker && family == AF_INET && (!dns || guarded))
		docker_rules(ruleset, guarded && servers);
	if (wants_neighbours(policy, family))
		neighbour_rules(ruleset, CHAIN_OUTPUT);
	if (family == AF_INET6)
		refuse_foreign(ruleset);
	add(ruleset, (struct rule){.family = family, .chain = CHAIN_OUTPUT, .loopback = 1, .local = own});
	if (dns && guarded)
		guard_rules(ruleset, family);
	if (policy->ssh == SSH_NONE)
		refuse(ruleset, ssh);
	accept_list(ruleset, family, CHAIN_OUTPUT, LIST_ALLOWED);
	/* some clouds answer DNS where their metadata is, which is blocked next */
	if (servers)
		dns_rules(ruleset, family, resolv, guarded, true);
	if (blocks(policy))
		refuse_blocked(ruleset, family, CHAIN_OUTPUT);
	if (servers)
		dns_rules(ruleset, family, resolv, guarded, false);
	if (!dns && more_follows)
		refuse_dns(ruleset, family);
	if (policy->ssh == SSH_ANY)
		add(ruleset, ssh);
	else if (more_follows)
		refuse(ruleset, ssh);
	host_rules(ruleset, family, CHAIN_OUTPUT, policy, host);
	if (policy_sends(policy) && policy->host != HOST_SUBNET)
		refuse_host(ruleset, family, host);
	if (policy->mode == MODE_OBSERVE && stage == STAGE_AGENT)
		tell(ruleset, rest);
	if (policy_sends(policy) && stage == STAGE_AGENT)
		add(ruleset, rest);
	else
		refuse(ruleset, rest);
}

int policy_rules(const struct policy *policy, const struct resolv *resolv, const struct host_networks *host,
	bool agent_is_root, enum stage stage, struct ruleset *ruleset, struct error *error)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	const bool lookup = stage == STAGE_LOOKUP, names = policy_has_names(policy);
	const bool dns = policy->dns == DNS_RESOLVERS || (lookup && names);
	/* the agent can ask whom Docker's resolver asks */
	const bool root_asks =
		(dns || (policy->guarded && names)) && !lookup && agent_is_root && policy_root_asks(resolv);

	if (root_asks && !resolv->upstreams_named)
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"Docker's resolver (127.0.0.11) asks other servers from inside this container, as "
			"root, and "
			"this version of Docker does not say which; opening port 53 for root would open it "
			"for an "
			"agent that is root. Run the agent as another user (-e PARA_RUN_AS=USER), or use "
			"Docker 26 "
			"or newer");
	if (root_asks && policy->guarded && (policy->filter || !dns))
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"Docker's resolver (127.0.0.11) asks other servers from inside this container, as "
			"root, so "
			"an agent that is root could ask them for any name, which this policy "
			"forbids. Run the agent as another user (-e PARA_RUN_AS=USER)");
	memset(ruleset, 0, sizeof(*ruleset));
	ruleset->logs = policy->guarded && !lookup;
	for (size_t f = 0; f < sizeof(families); f++) {
		input_rules(ruleset, families[f], policy, host);
		output_rules(ruleset, families[f], policy, resolv, host, dns, stage);
	}
	if (ruleset->n > RULES_MAX)
		return error_set(error, FAIL_FIREWALL, E2BIG,
			"the host's network and the resolvers need %zu rules, more than the %d that this "
			"program "
			"makes",
			ruleset->n, RULES_MAX);
	return 0;
}

struct detour policy_detour(const struct policy *policy, const struct resolv *resolv)
{
	return (struct detour){
		.dns = policy->guarded && policy->dns == DNS_RESOLVERS,
		.docker = resolv->docker,
		.asks = policy->guarded && (policy->dns == DNS_RESOLVERS || policy_has_names(policy)),
		.root_asks = policy_root_asks(resolv),
		.connections = policy->connections,
		.bytes = policy->bytes,
	};
}
