/* fw/policy.h: which rules follow from which surroundings, in which order; what is GitHub's. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/policy.h"

#define INPUT4                       \
	"-A INPUT -i lo -j ACCEPT\n" \
	"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define INPUT6                                                \
	INPUT4                                                \
	"-A INPUT -p ipv6-icmp --icmpv6-type 134 -j ACCEPT\n" \
	"-A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT\n" \
	"-A INPUT -p ipv6-icmp --icmpv6-type 136 -j ACCEPT\n"
#define OUTPUT4                       \
	"-A OUTPUT -o lo -j ACCEPT\n" \
	"-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
#define OUTPUT6                                                \
	OUTPUT4                                                \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 133 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 136 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 143 -j ACCEPT\n"
#define DNS(address)                                             \
	"-A OUTPUT -d " address " -p udp --dport 53 -j ACCEPT\n" \
	"-A OUTPUT -d " address " -p tcp --dport 53 -j ACCEPT\n"
#define DNS_OF_ROOT                                                      \
	"-A OUTPUT -p udp --dport 53 -m owner --uid-owner 0 -j ACCEPT\n" \
	"-A OUTPUT -p tcp --dport 53 -m owner --uid-owner 0 -j ACCEPT\n"
#define SSH "-A OUTPUT -p tcp --dport 22 -j ACCEPT\n"
#define SETS4                                                                   \
	"-A OUTPUT -p tcp -m set --match-set allowed-domains dst -j ACCEPT\n"   \
	"-A OUTPUT -p udp -m set --match-set allowed-domains dst -j ACCEPT\n"   \
	"-A OUTPUT -p tcp -m set --match-set allowed-ports dst,dst -j ACCEPT\n" \
	"-A OUTPUT -p udp -m set --match-set allowed-ports dst,dst -j ACCEPT\n"
#define SETS6                                                                    \
	"-A OUTPUT -p tcp -m set --match-set allowed-domains6 dst -j ACCEPT\n"   \
	"-A OUTPUT -p udp -m set --match-set allowed-domains6 dst -j ACCEPT\n"   \
	"-A OUTPUT -p tcp -m set --match-set allowed-ports6 dst,dst -j ACCEPT\n" \
	"-A OUTPUT -p udp -m set --match-set allowed-ports6 dst,dst -j ACCEPT\n"
#define REST4 "-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited\n"
#define REST6                                                  \
	"-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset\n" \
	"-A OUTPUT -j REJECT --reject-with icmp6-adm-prohibited\n"

/* One family's rules, a line each. */
static const char *in_words(const struct ruleset *ruleset, uint8_t family)
{
	static char text[RULES_MAX * RULE_TEXT];
	char one[RULE_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < ruleset->n; i++)
		if (ruleset->v[i].family == family)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s\n", rule_text(&ruleset->v[i], one));
	return text;
}

/* The host's networks from "192.0.2.0/24 fd00::/64". */
static struct host_networks networks(const char *list)
{
	struct host_networks host = {0};
	char text[4000], *rest = text;

	assert_true(strlen(list) < sizeof(text));
	strcpy(text, list);
	for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
		struct prefix it;

		must(prefix_parse(word, &it, NULL) == 0, "'%s' is no prefix", word);
		assert_int_equal(prefixes_add(&host.networks, &it), 0);
	}
	return host;
}

static struct resolv resolv(const char *file)
{
	struct resolv it;
	struct error error;

	assert_int_equal(resolv_read(file_of(0, file), &it, &error), 0);
	file_drop();
	return it;
}

static void rules_by_surroundings(void **state)
{
	static const struct {
		const char *file, *networks, *v4, *v6;
	} rows[] = {
		{"", "", INPUT4 OUTPUT4 SSH SETS4 REST4, INPUT6 OUTPUT6 SSH SETS6 REST6},
		{"nameserver 192.0.2.53\n", "172.17.0.0/16",
			INPUT4 "-A INPUT -s 172.17.0.0/16 -j ACCEPT\n" OUTPUT4 DNS("192.0.2.53") SSH
			"-A OUTPUT -d 172.17.0.0/16 -j ACCEPT\n" SETS4 REST4,
			INPUT6 OUTPUT6 SSH SETS6 REST6},
		{"nameserver 2001:db8::53\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n",
			"10.0.0.0/8 fd00::/64",
			INPUT4 "-A INPUT -s 10.0.0.0/8 -j ACCEPT\n" OUTPUT4 DNS("192.0.2.53")
				DNS("192.0.2.54") SSH "-A OUTPUT -d 10.0.0.0/8 -j ACCEPT\n" SETS4 REST4,
			INPUT6 "-A INPUT -s fd00::/64 -j ACCEPT\n" OUTPUT6 DNS("2001:db8::53") SSH
			"-A OUTPUT -d fd00::/64 -j ACCEPT\n" SETS6 REST6},
		/* a server of our own needs no rule but loopback's */
		{"nameserver 127.0.0.53\nnameserver ::1\n", "", INPUT4 OUTPUT4 SSH SETS4 REST4,
			INPUT6 OUTPUT6 SSH SETS6 REST6},
		/* Docker's, which names whom it asks */
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53 host(192.0.2.54) 2001:db8::53]\n", "",
			INPUT4 OUTPUT4 DNS("192.0.2.53") SSH SETS4 REST4,
			INPUT6 OUTPUT6 DNS("2001:db8::53") SSH SETS6 REST6},
		/* which asks only from the host's namespace */
		{"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n", "",
			INPUT4 OUTPUT4 SSH SETS4 REST4, INPUT6 OUTPUT6 SSH SETS6 REST6},
		/* which does not say */
		{"nameserver 127.0.0.11\n", "", INPUT4 OUTPUT4 DNS_OF_ROOT SSH SETS4 REST4,
			INPUT6 OUTPUT6 DNS_OF_ROOT SSH SETS6 REST6},
		{"nameserver 127.0.0.11\nnameserver 192.0.2.53\n", "",
			INPUT4 OUTPUT4 DNS("192.0.2.53") DNS_OF_ROOT SSH SETS4 REST4,
			INPUT6 OUTPUT6 DNS_OF_ROOT SSH SETS6 REST6},
		/* the comment without the resolver means nothing */
		{"nameserver 192.0.2.1\n# ExtServers: [192.0.2.53]\n", "",
			INPUT4 OUTPUT4 DNS("192.0.2.1") SSH SETS4 REST4, INPUT6 OUTPUT6 SSH SETS6 REST6},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct resolv it = resolv(rows[i].file);
		struct host_networks host = networks(rows[i].networks);
		struct ruleset ruleset;
		struct error error = {0};

		must(policy_rules(&it, &host, false, &ruleset, &error) == 0, "row %zu: %s", i, error.text);
		assert_string_equal(in_words(&ruleset, AF_INET), rows[i].v4);
		assert_string_equal(in_words(&ruleset, AF_INET6), rows[i].v6);
		for (size_t r = 0; r < ruleset.n; r++)
			must(ruleset.v[r].family == AF_INET || ruleset.v[r].family == AF_INET6,
				"row %zu: a rule of no family", i);
		prefixes_free(&host.networks);
	}
}

/* What no surroundings may change: nothing is forwarded, and nothing but the sets comes after the refusal. */
static void what_always_holds(void **state)
{
	static const char *const files[] = {"", "nameserver 127.0.0.11\n",
		"nameserver 0.0.0.0\nnameserver ::\n",
		"nameserver 255.255.255.255\nnameserver ff02::1\nnameserver ::ffff:192.0.2.1\n",
		"nameserver 127.0.0.11\n# ExtServers: [127.0.0.1 0.0.0.0 ::1 fe80::1%eth0]\n"};

	(void)state;
	for (size_t i = 0; i < LENGTH(files); i++) {
		const struct resolv it = resolv(files[i]);
		struct host_networks host = networks("192.0.2.0/24");
		struct ruleset ruleset;
		struct error error;
		const struct rule *last[2] = {NULL, NULL};

		assert_int_equal(policy_rules(&it, &host, false, &ruleset, &error), 0);
		for (size_t r = 0; r < ruleset.n; r++) {
			const struct rule *rule = &ruleset.v[r];

			must(rule->chain != CHAIN_FORWARD, "file %zu: a rule in FORWARD", i);
			/* an acceptance asks for something */
			must(rule->verdict != VERDICT_ACCEPT || rule->peer.family != 0 ||
					rule->loopback != 0 || rule->states != 0 || rule->dport != 0 ||
					rule->icmp6type != 0 || rule->set != 0,
				"file %zu: rule %zu accepts everything", i, r);
			must(rule->peer.family == 0 || rule->peer.length > 0, "file %zu: a peer of all", i);
			must(rule->peer.family == 0 || rule->peer.family == rule->family,
				"file %zu: a peer of the other family", i);
			must(rule->dport == 0 || rule->protocol != 0, "file %zu: a port of no protocol", i);
			must(rule->set == 0 || set_kinds[rule->set - 1].family == rule->family,
				"file %zu: a set of the other family", i);
			must(rule->reserved == 0, "file %zu: not comparable", i);
			if (rule->chain == CHAIN_OUTPUT)
				last[rule->family == AF_INET6] = rule;
		}
		for (int f = 0; f < 2; f++)
			must(last[f] != NULL && last[f]->verdict == VERDICT_REJECT && last[f]->protocol == 0,
				"file %zu: the last rule does not refuse", i);
		prefixes_free(&host.networks);
	}
}

static void an_agent_that_is_root_beside_dockers_old_resolver(void **state)
{
	struct resolv it = resolv("nameserver 127.0.0.11\n");
	struct host_networks host = {0};
	struct ruleset ruleset;
	struct error error = {0};

	(void)state;
	assert_int_equal(policy_rules(&it, &host, true, &ruleset, &error), -EPERM);
	must_say(&error, FAIL_PRIVILEGE, "127.0.0.11|port 53|PARA_RUN_AS=USER|Docker 26", "root");
	/* named upstreams need no uid to be told by */
	it = resolv("nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n");
	assert_int_equal(policy_rules(&it, &host, true, &ruleset, &error), 0);
	assert_null(strstr(in_words(&ruleset, AF_INET), "uid-owner"));
	/* and neither does any other resolver */
	it = resolv("nameserver 192.0.2.53\n");
	assert_int_equal(policy_rules(&it, &host, true, &ruleset, &error), 0);
}

static void more_networks_than_there_is_room_for(void **state)
{
	const struct resolv it = resolv("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n");
	struct host_networks host = {0};
	struct ruleset ruleset;
	struct error error = {0};
	int ret = 0;
	unsigned int n;

	(void)state;
	for (n = 0; n < 100 && ret == 0; n++) {
		const uint8_t address[4] = {10, (uint8_t)n, 0, 0};
		const struct prefix network = prefix_make(AF_INET, address, 16);

		ret = policy_rules(&it, &host, false, &ruleset, &error);
		must(ret < 0 || ruleset.n <= RULES_MAX, "%zu rules", ruleset.n);
		assert_int_equal(prefixes_add(&host.networks, &network), 0);
	}
	assert_int_equal(ret, -E2BIG);
	must(n > 30, "only %u networks", n);
	must_say(&error, FAIL_FIREWALL, "more than the 128|network|resolvers", "many networks");
	prefixes_free(&host.networks);
}

static struct policy policy(const char *list)
{
	struct policy it = {.isolated = true};
	struct error error;

	must(entries_parse("LIST", list, &it.allowed, &error) == 0, "'%s': %s", list, error.text);
	return it;
}

static void what_is_githubs(void **state)
{
	static const struct {
		const char *list;
		bool github;
	} rows[] = {
		{"", false},
		{"github.com", true},
		{"GitHub.com.:443", true},
		{"api.github.com", true},
		{"a.b.github.com", true},
		{"example.com,github.com:22", true},
		{"notgithub.com", false},
		{"xgithub.com,github.co,hub.com", false},
		{"github.com.example.com", false},
		{"githubusercontent.com", false},
		{"github.company", false},
		{"com", false},
		{"140.82.112.0/20", false},
		{"localhost:3000", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy it = policy(rows[i].list);

		must(policy_wants_github(&it) == rows[i].github, "'%s'", rows[i].list);
		policy_free(&it);
		assert_int_equal(it.allowed.n, 0);
	}
}

static void wildcards_are_refused(void **state)
{
	static const char *const good[] = {
		"", "a.com,10.0.0.0/8,[2001:db8::1]:443,localhost:3000", POLICY_DEFAULT_LIST};
	struct policy it;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		it = policy(good[i]);
		must(policy_check(&it, &error) == 0, "'%s': %s", good[i], error.text);
		policy_free(&it);
	}
	it = policy("a.com,*.example.com:443,8080");
	assert_int_equal(policy_check(&it, &error), -EINVAL);
	must_say(&error, FAIL_CONFIG,
		"PARA_ALLOWED_DOMAINS: entry 2, '*.example.com:443,8080'|cannot enforce wildcards|"
		"api.example.com",
		"wildcard");
	policy_free(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_by_surroundings),
		cmocka_unit_test(what_always_holds),
		cmocka_unit_test(an_agent_that_is_root_beside_dockers_old_resolver),
		cmocka_unit_test(more_networks_than_there_is_room_for),
		cmocka_unit_test(what_is_githubs),
		cmocka_unit_test(wildcards_are_refused),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
