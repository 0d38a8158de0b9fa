/*
 * Any settings, taken one after another: a line "KEY VALUE", with the keys of a policy file. Lines that begin
 * with '<' are a resolv.conf, with '~' networks of the host, with '=' others that are near, with '^'
 * gateways;
 * '+' means that somebody asked for isolation by what he started, '!' that nothing stays behind. What is
 * taken to the end is a policy that keeps its own word, and becomes rules, of which there are not more for
 * longer lists.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/socket.h>

#include "fw/judge.h"
#include "fw/policy.h"
#include "fw/policy-rules.h"
#include "init/settings.h"
#include "util/log.h"

/* Of the host, both families together; as many rules as they need there is always room for. */
#define NETWORKS_MAX 8

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_setup(LOG_ERROR, false);
	return 0;
}

struct input {
	struct policy policy;
	struct settings settings;
	struct resolv resolv;
	struct host_networks host;
	struct error error;
	bool wanted;
	const char *said[SETTINGS]; /* the first value of each */
};

static void add_network(struct prefixes *networks, const char *text)
{
	struct prefix network;

	if (networks->n < NETWORKS_MAX && prefix_parse(text, &network, NULL) == 0 && network.length > 0)
		must(prefixes_add(networks, &network) == 0);
}

static int take(struct input *input, char *line)
{
	char *value = strchr(line, ' ');

	if (value == NULL)
		return 0;
	*value++ = '\0';
	for (int i = 0; i < SETTINGS; i++) {
		if (strcmp(setting_names[i].key, line) != 0)
			continue;
		if (input->said[i] == NULL)
			input->said[i] = value;
		return settings_take(
			&input->settings, (enum setting)i, setting_names[i].variable, value, &input->error);
	}
	return 0;
}

static int read_line(struct input *input, char *line)
{
	switch (*line) {
	case '<':
		resolv_read_line(line + 1, &input->resolv);
		return 0;
	case '~':
		add_network(&input->host.networks, line + 1);
		add_network(&input->host.onlink, line + 1);
		return 0;
	case '=':
		add_network(&input->host.onlink, line + 1);
		return 0;
	case '^':
		add_network(&input->host.gateways, line + 1);
		return 0;
	case '+':
		input->wanted = true;
		return 0;
	case '!':
		input->settings.ends = true;
		return 0;
	default:
		return take(input, line);
	}
}

static bool is_no(const char *value)
{
	return strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0 || strcasecmp(value, "no") == 0 ||
	       strcasecmp(value, "off") == 0;
}

static void check_isolation(const struct input *input)
{
	bool any = input->wanted;

	for (int i = 0; i < SETTINGS; i++)
		any = any || input->said[i] != NULL;
	if (input->said[SETTING_ISOLATION] != NULL)
		any = !is_no(input->said[SETTING_ISOLATION]);
	must(input->policy.isolated == any);
}

/* What only the guard can do is not promised without it. */
static void check_guard(const struct policy *policy, const struct input *input)
{
	const char *guard = input->said[SETTING_GUARD], *names = input->said[SETTING_NAMES];

	must(policy->guarded == (guard == NULL ? !input->settings.ends : !is_no(guard)));
	must(!policy->guarded || !input->settings.ends);
	must(policy->guarded || (!policy->filter && policy->mode != MODE_OBSERVE));
	must(policy->filter ==
		(names == NULL ? policy->strict && policy->guarded : strcasecmp(names, "filter") == 0));
	must((policy->connections != 0) == (input->said[SETTING_CONNECTIONS] != NULL));
	must((policy->bytes != 0) == (input->said[SETTING_BYTES] != NULL) && policy->bytes <= INT64_MAX);
}

static void check_policy(const struct input *input)
{
	const struct policy *policy = &input->policy;
	const struct entries *allowed = &policy->list[LIST_ALLOWED];
	const bool none = policy->mode == MODE_NONE;

	must(policy->dns != DNS_UNSAID && policy->ssh != SSH_UNSAID && policy->host != HOST_UNSAID);
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			must(policy->list[list].v[i].kind != ENTRY_WILDCARD ||
				(policy->guarded && list != LIST_INBOUND));
	must(!none || (allowed->n == 0 && policy->list[LIST_INBOUND].n == 0));
	must(!none || (policy->dns == DNS_NONE && policy->ssh != SSH_ANY && policy->host == HOST_NONE));
	must(policy->mode != MODE_PROXY || (allowed->n == 1 && allowed->v[0].n_ports == 1));
	must(!policy_sends(policy) || policy->list[LIST_BLOCKED].n >= 9);
	check_guard(policy, input);
	must(policy->defaulted == (policy->mode == MODE_ALLOWLIST && input->said[SETTING_ALLOW] == NULL));
	/* strict: what nobody named is closed */
	must(!policy->strict || policy->ssh != SSH_ANY || input->said[SETTING_SSH] != NULL);
	must(!policy->strict || policy->host == HOST_NONE || input->said[SETTING_HOST] != NULL);
}

/* Each rule is one that can be, and whoever is let through is so for a reason that the policy gives. */
static void check_rule(const struct rule *rule, const struct input *input, bool dns, enum stage stage)
{
	const struct policy *policy = &input->policy;
	const bool accepts = rule->verdict == VERDICT_ACCEPT, out = rule->chain == CHAIN_OUTPUT;
	const bool service =
		accepts && rule->set == 0 && rule->loopback == 0 && rule->states == 0 && rule->icmp6type == 0;
	const bool guarded = policy->guarded && stage != STAGE_LOOKUP;
	const bool asks = dns || (guarded && policy_has_names(policy));

	must(rule->chain == CHAIN_INPUT || rule->chain == CHAIN_OUTPUT);
	must(rule->family == AF_INET || rule->family == AF_INET6);
	must(rule->peer.family == 0 || (rule->peer.family == rule->family && rule->peer.length > 0));
	must(rule->set == 0 || set_kinds[rule->set - 1].family == rule->family);
	must(rule->set == 0 || accepts == (SET_LIST(rule->set - 1) != LIST_BLOCKED));
	must(rule->verdict != VERDICT_LOG || (out && guarded));
	must(rule->user == USER_ANY || (accepts && out));
	must(rule->user != USER_GUARD || guarded);
	must((rule->local != LOCAL_NOT_SENDER || !accepts) && (rule->dport == 0 || rule->protocol != 0));
	if (!service)
		return;
	if (rule->dport == 53)
		must(out && asks && (rule->peer.family != 0 || rule->user == USER_ROOT) &&
			(!guarded || rule->user != USER_ANY));
	else if (rule->dport == GUARD_PORT)
		must(out && dns && guarded && prefix_kind(&rule->peer) == ADDRESS_LOOPBACK);
	else if (rule->user == USER_GUARD)
		must(out && asks && input->resolv.docker && prefix_kind(&rule->peer) == ADDRESS_LOOPBACK);
	else if (rule->dport == 22)
		must(out && policy->ssh == SSH_ANY && policy->mode != MODE_NONE);
	else if (rule->peer.family != 0)
		must(prefixes_cover(policy_host(policy, &input->host), &rule->peer) &&
			(out || policy->inbound_host));
	else
		must(out && policy_sends(policy) && stage == STAGE_AGENT);
}

static int in_no_set(void *data, int set, const struct packet *packet)
{
	(void)data;
	(void)set;
	(void)packet;
	return 0;
}

/* True if the agent may send there although no list says so. */
static bool goes(const struct ruleset *ruleset, const struct prefix *to, uint8_t protocol, uint16_t port)
{
	const struct packet packet = {
		prefix_make(to->family, to->addr, family_bits(to->family)), protocol, port};
	const struct rule *rule;
	unsigned int place;

	must(judge(ruleset, in_no_set, NULL, &packet, &rule, &place) == 0);
	return rule != NULL && rule->verdict == VERDICT_ACCEPT;
}

/* A service that is closed is closed to everybody, in every mode. */
static void check_closed(
	const struct ruleset *ruleset, const struct input *input, const struct prefix *to, bool dns)
{
	must(input->policy.ssh == SSH_ANY || !goes(ruleset, to, IPPROTO_TCP, 22));
	must(dns || !goes(ruleset, to, IPPROTO_UDP, 53));
	must(dns || !goes(ruleset, to, IPPROTO_TCP, 53));
}

static void check_places(const struct ruleset *ruleset, const struct input *input, bool dns)
{
	static const uint8_t outside[16] = {198, 51, 100, 77};
	const struct prefix somewhere[] = {
		prefix_make(AF_INET, outside, 32), prefix_make(AF_INET6, outside, 128)};

	for (size_t i = 0; i < 2; i++)
		check_closed(ruleset, input, &somewhere[i], dns);
	for (size_t i = 0; i < input->host.onlink.n; i++) {
		const struct prefix *to = &input->host.onlink.v[i];
		const struct prefix first = prefix_make(to->family, to->addr, family_bits(to->family));

		if (prefix_kind(&first) == ADDRESS_LOOPBACK)
			continue;
		check_closed(ruleset, input, &first, dns);
		must(input->policy.host == HOST_SUBNET ||
			prefixes_cover(policy_host(&input->policy, &input->host), &first) ||
			!goes(ruleset, &first, IPPROTO_TCP, 80));
	}
}

/* An agent that is root passes for Docker's resolver. */
static void check_refusal(const struct input *input, bool agent_is_root, enum stage stage)
{
	const struct policy *policy = &input->policy;

	must(agent_is_root && stage != STAGE_LOOKUP && policy_root_asks(&input->resolv));
	must(policy->dns == DNS_RESOLVERS || (policy->guarded && policy_has_names(policy)));
	must(!input->resolv.upstreams_named ||
		(policy->guarded && (policy->filter || policy->dns == DNS_NONE)));
	must(input->error.kind == FAIL_PRIVILEGE);
}

static void check_rules(struct input *input, bool agent_is_root, enum stage stage)
{
	struct policy *policy = &input->policy;
	const bool dns = policy->dns == DNS_RESOLVERS || (stage == STAGE_LOOKUP && policy_has_names(policy));
	struct ruleset ruleset, again;
	const struct rule *last[2] = {NULL, NULL};
	int ret = policy_rules(
		policy, &input->resolv, &input->host, agent_is_root, stage, &ruleset, &input->error);

	if (ret != 0) {
		must(ret == -EPERM);
		check_refusal(input, agent_is_root, stage);
		return;
	}
	must(ruleset.n <= RULES_MAX);
	for (size_t i = 0; i < ruleset.n; i++) {
		check_rule(&ruleset.v[i], input, dns, stage);
		last[ruleset.v[i].family == AF_INET6] = &ruleset.v[i];
	}
	for (int i = 0; i < 2; i++)
		must(last[i]->chain == CHAIN_OUTPUT && last[i]->protocol == 0 && last[i]->set == 0 &&
			last[i]->verdict == (policy_sends(policy) && stage == STAGE_AGENT ? VERDICT_ACCEPT
											  : VERDICT_REJECT));
	check_places(&ruleset, input, dns);
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < 3 && policy->list[list].n > 0; i++) {
			const struct entry more = policy->list[list].v[0];

			must(entries_add(&policy->list[list], &more) == 0);
		}
	must(policy_rules(
		     policy, &input->resolv, &input->host, agent_is_root, stage, &again, &input->error) == 0);
	must(memcmp(&again, &ruleset, sizeof(ruleset)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = text_of(bytes, size), *rest = text;
	struct input input = {0};
	int ret = 0;

	input.settings.policy = &input.policy;
	for (char *line; ret == 0 && (line = strsep(&rest, "\n")) != NULL;)
		ret = read_line(&input, line);
	if (ret == 0)
		ret = settings_finish(&input.settings, input.wanted, &input.error);
	if (ret < 0) {
		must(ret == -EINVAL && input.error.kind == FAIL_CONFIG && input.error.text[0] != '\0');
	} else {
		check_isolation(&input);
		if (input.policy.isolated) {
			check_policy(&input);
			for (int way = 0; way < 6; way++)
				check_rules(&input, way & 1, (enum stage)(way / 2));
		}
	}
	policy_free(&input.policy);
	prefixes_free(&input.host.networks);
	prefixes_free(&input.host.onlink);
	prefixes_free(&input.host.gateways);
	free(text);
	return 0;
}
