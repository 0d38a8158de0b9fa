/* Taking questions apart, looking up what they name, and judging each address: see the header. */
#include "init/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <linux/capability.h>

#include "fw/allow.h"
#include "fw/conflict.h"
#include "fw/judge.h"
#include "fw/match.h"
#include "util/caps.h"
#include "verify/rules.h"
#include "verify/sets.h"

#define PORT_DNS   53
#define PORT_HTTPS 443

/* All that the answers rest on. */
struct court {
	const struct config *config;
	const struct place *place;
	/* the entries by name, as if DNS were asked once: wildcards stand for the names that are asked about
	 */
	struct policy policy;
	struct lookup lookup;
	struct contents contents[LISTS];
	bool unknown; /* a name of the policy could not be looked up */
	bool live;    /* the kernel was asked */
	struct netlink netlink;
	struct ruleset kernel;
};

struct question {
	struct entry host; /* a name, or one address */
	uint8_t protocol;
	uint16_t port;
	const char *text;
};

static int read_protocol(const char *text, uint8_t *protocol)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{"tcp", IPPROTO_TCP},
		{"udp", IPPROTO_UDP},
		{"icmp", IPPROTO_ICMP},
		{"icmpv6", IPPROTO_ICMPV6},
		{"sctp", IPPROTO_SCTP},
		{"udplite", IPPROTO_UDPLITE},
		{"gre", IPPROTO_GRE},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*protocol = names[i].number;
			return 0;
		}
	}
	return -EINVAL;
}

static int bad_question(const char *text, struct error *error)
{
	return error_set(error, FAIL_USAGE, EINVAL,
		"'%.200s' is no question; ask HOST, HOST:PORT or HOST:PORT/PROTOCOL, as in github.com:443 or "
		"10.1.2.3:53/udp (an IPv6 address in brackets)",
		text);
}

static int read_question(const char *text, struct question *question, struct error *error)
{
	struct entries entries = {0};
	char host[NAME_TEXT + 32];
	const char *slash = strrchr(text, '/');
	const size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	int ret = -EINVAL;

	*question = (struct question){.protocol = IPPROTO_TCP, .text = text};
	if (length >= sizeof(host) || strcspn(text, ",@") < length)
		return bad_question(text, error);
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (slash == NULL || read_protocol(slash + 1, &question->protocol) == 0)
		ret = entries_parse("the question", host, &entries, error);
	if (ret == 0 && entries.n == 1 && entries.v[0].n_ports <= 1 && entries.v[0].kind != ENTRY_WILDCARD &&
		(entries.v[0].name[0] != '\0' || prefix_is_address(&entries.v[0].prefix)))
		question->host = entries.v[0];
	else
		ret = bad_question(text, error);
	question->port = question->host.n_ports == 1 ? question->host.ports[0].low : PORT_HTTPS;
	if (question->protocol != IPPROTO_TCP && question->protocol != IPPROTO_UDP)
		question->port = 0;
	entries_free(&entries);
	return ret;
}

static int meant_set(void *data, int set, const struct packet *packet)
{
	const struct court *court = data;

	return contents_in(&court->contents[SET_LIST(set)], set % SET_KINDS, &packet->to, packet->port);
}

static int kernel_set(void *data, int set, const struct packet *packet)
{
	struct court *court = data;

	return verify_set_holds(&court->netlink, set, &packet->to, packet->protocol, packet->port);
}

/* The first entry of the list that holds the packet; NULL if none that is known here does. */
static const struct entry *entry_for(const struct court *court, enum list list, const struct packet *packet)
{
	const struct entries *entries = &court->policy.list[list];
	struct entry asked = {.kind = ENTRY_PREFIX, .n_ports = 1, .ports = {{packet->port, packet->port}}};

	asked.prefix = packet->to;
	for (size_t i = 0; i < entries->n; i++) {
		struct entry entry = entries->v[i];
		const struct prefixes *addresses = lookup_addresses(&court->lookup, entry.name);

		if (entry.kind == ENTRY_PREFIX && entry_covers(&entry, &asked))
			return &entries->v[i];
		for (size_t a = 0; a < addresses->n && entry.kind == ENTRY_NAME; a++) {
			struct entry at = {
				.kind = ENTRY_PREFIX, .prefix = addresses->v[a], .n_ports = entry.n_ports};

			memcpy(at.ports, entry.ports, sizeof(at.ports));
			if (entry_covers(&at, &asked))
				return &entries->v[i];
		}
	}
	return NULL;
}

static bool accepted(const struct rule *rule)
{
	return rule != NULL && rule->verdict == VERDICT_ACCEPT;
}

static void say_rule(
	const struct court *court, const struct packet *packet, const struct rule *rule, unsigned int place)
{
	char text[RULE_TEXT], entry_words[ENTRY_TEXT];
	const struct entry *entry;

	if (rule == NULL) {
		puts("    by OUTPUT's policy: DROP");
		return;
	}
	if (rule->set != 0) {
		entry = entry_for(court, SET_LIST(rule->set - 1), packet);
		if (entry != NULL)
			printf("    by the entry %s%s%s\n", entry_text(entry, entry_words),
				entry->preset[0] != '\0' ? " of " : "", entry->preset);
		printf("    by the set %s\n", set_kinds[rule->set - 1].name);
	}
	printf("    by rule %u of OUTPUT: %s\n", place, rule_text(rule, text));
}

/* 0: allowed, 1: blocked, or -errno. */
static int answer_address(struct court *court, const struct question *question, const struct prefix *address,
	struct error *error)
{
	const struct packet packet = {*address, question->protocol, question->port};
	const struct rule *rule, *live = NULL;
	unsigned int place, live_place = 0;
	char text[PREFIX_TEXT];
	int ret;

	if (court->place->detour.dns && question->port == PORT_DNS &&
		(question->protocol == IPPROTO_UDP || question->protocol == IPPROTO_TCP)) {
		printf("  %s: led to the guard, which answers in its place, as is all of port 53\n",
			prefix_text(address, text));
		return 0;
	}
	ret = judge(&court->place->ruleset, meant_set, court, &packet, &rule, &place);

	if (ret == 0 && court->live)
		ret = judge(&court->kernel, kernel_set, court, &packet, &live, &live_place);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret, "the sets cannot be asked: %s", strerror(-ret));
	printf("  %s: %s by the policy%s\n", prefix_text(address, text),
		accepted(rule) ? "allowed" : "blocked",
		court->unknown ? ", as far as its names are known here" : "");
	say_rule(court, &packet, rule, place);
	if (!court->live && policy_wants_github(&court->config->policy))
		puts("    (GitHub's ranges are not known here; ask where the firewall stands, as root)");
	if (!court->live)
		return accepted(rule) ? 0 : 1;
	printf("  %s: %s by the kernel\n", text, accepted(live) ? "allowed" : "blocked");
	if (live == NULL || rule == NULL || memcmp(live, rule, sizeof(*live)) != 0 || place != live_place)
		say_rule(court, &packet, live, live_place);
	return accepted(live) ? 0 : 1;
}

static int answer_question(struct court *court, const struct question *question, struct error *error)
{
	const struct prefixes *addresses = lookup_addresses(&court->lookup, question->host.name);
	int blocked = 0;

	printf("%s\n", question->text);
	if (question->host.kind == ENTRY_PREFIX)
		return answer_address(court, question, &question->host.prefix, error);
	if (question->host.kind == ENTRY_LOOPBACK) {
		puts("  allowed: it is this container itself");
		return 0;
	}
	if (addresses->n == 0) {
		puts("  it has no address that could be asked for here");
		return 1;
	}
	for (size_t i = 0; i < addresses->n; i++) {
		const int ret = answer_address(court, question, &addresses->v[i], error);

		if (ret < 0)
			return ret;
		blocked |= ret;
	}
	return blocked;
}

/* The policy's entries; and a name that is asked about as one of its own, with the ports of its wildcard. */
static int copy_policy(struct court *court, char *const *questions, struct error *error)
{
	const struct policy *policy = &court->config->policy;
	int ret = 0;

	court->policy = *policy;
	court->policy.guarded = false;
	for (int list = 0; list < LISTS; list++)
		court->policy.list[list] = (struct entries){0};
	for (int list = 0; list < LISTS && ret == 0; list++)
		for (size_t i = 0; i < policy->list[list].n && ret == 0; i++) {
			const struct entry *entry = &policy->list[list].v[i];

			ret = entries_add(&court->policy.list[list], entry);
			for (char *const *text = questions; *text != NULL && ret == 0; text++) {
				struct question question;
				struct entry named = *entry;

				ret = read_question(*text, &question, error);
				if (ret < 0)
					return ret;
				if (entry->kind != ENTRY_WILDCARD ||
					!match_entry(entry, &court->place->resolv, question.host.name))
					continue;
				named.kind = ENTRY_NAME;
				memcpy(named.name, question.host.name, sizeof(named.name));
				ret = entries_add(&court->policy.list[list], &named);
			}
		}
	return ret < 0 ? error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the entries") : 0;
}

/* The policy's names and the questions'; one that has no address is no reason not to answer the others. */
static int look_up(struct court *court, char *const *questions, struct error *error)
{
	size_t own; /* names of the policy */
	int ret = 0;

	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < court->policy.list[list].n && ret == 0; i++)
			if (court->policy.list[list].v[i].kind == ENTRY_NAME)
				ret = lookup_add(
					&court->lookup, court->policy.list[list].v[i].name, NEED_PROBE, NULL);
	own = court->lookup.n;
	for (; *questions != NULL && ret == 0; questions++) {
		struct question question;

		ret = read_question(*questions, &question, error);
		if (ret < 0)
			return ret;
		if (question.host.kind == ENTRY_NAME)
			ret = lookup_add(&court->lookup, question.host.name, NEED_PROBE, NULL);
	}
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the names");
	ret = lookup_start(&court->lookup, court->config->setup_seconds, error);
	if (ret == 0)
		ret = lookup_names(&court->lookup, error);
	for (size_t i = 0; i < own; i++)
		court->unknown = court->unknown || court->lookup.targets[i].addresses.n == 0;
	return ret;
}

/* The kernel's rules, for whoever may read them. */
static int read_kernel(struct court *court, struct error *error)
{
	struct caps caps;
	int ret;

	if (caps_get(&caps) < 0 || !(caps.effective & CAP_BIT(CAP_NET_ADMIN)))
		return 0;
	ret = netlink_open(&court->netlink, NETLINK_NETFILTER);
	if (ret < 0)
		return error_set(
			error, FAIL_KERNEL, -ret, "the kernel's rules cannot be read: %s", strerror(-ret));
	ret = verify_read_rules(&court->netlink, &court->kernel, error);
	/* where there are none, nothing is closed yet, and there is nothing to compare */
	court->live = ret == 0 && court->kernel.n > 0;
	return ret;
}

int explain(
	const struct config *config, const struct place *place, char *const *questions, struct error *error)
{
	struct court court = {.config = config, .place = place, .lookup = {.socket = -1}};
	const struct prefixes ranges = {0};
	int ret, blocked = 0;

	if (!config->policy.isolated) {
		puts("network isolation is off: everything is allowed");
		return 0;
	}
	ret = copy_policy(&court, questions, error);
	if (ret == 0)
		ret = look_up(&court, questions, error);
	if (ret == 0)
		ret = allow_contents(&court.policy, &court.lookup, &ranges, court.contents, error);
	if (ret == 0)
		ret = read_kernel(&court, error);
	for (; *questions != NULL && ret >= 0; questions++) {
		struct question question;

		ret = read_question(*questions, &question, error);
		if (ret == 0)
			ret = answer_question(&court, &question, error);
		blocked |= ret == 1;
	}
	lookup_end(&court.lookup);
	policy_free(&court.policy);
	lists_free(court.contents);
	netlink_close(&court.netlink);
	return ret < 0 ? ret : blocked;
}
