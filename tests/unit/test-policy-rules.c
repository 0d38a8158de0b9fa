/* fw/policy.h: which rules follow from a policy and its surroundings, and in which order. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/policy.h"
#include "fw/policy-rules.h"
#include "tests/unit/rule-words.h"

static void rules_of_each_mode(void **state)
{
	static const struct rules_row rows[] = {
		{.allowed = "a.com",
			.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") DNS6 SSH TO_HOST6 REST6},
		/* what is allowed stays so, what is essential does not */
		{.allowed = "a.com",
			.blocked = "10.0.0.0/8",
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") BLOCKED4 DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6")
				BLOCKED6 DNS6 SSH TO_HOST6 REST6},
		{.said = {.mode = MODE_BLOCKLIST},
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") BLOCKED4 DNS4 SSH TO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6") BLOCKED6 DNS6 SSH TO_HOST6 OPEN},
		/* which lets nothing through before it is known what is blocked */
		{.said = {.mode = MODE_BLOCKLIST},
			.stage = STAGE_LOOKUP,
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") BLOCKED4 DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6")
				BLOCKED6 DNS6 SSH TO_HOST6 REST6},
		{.said = {.mode = MODE_PROXY},
			.allowed = "p.com:3128",
			.v4 = IN OUT ALLOWED("") DNS4 REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 REST6},
		{.said = {.mode = MODE_NONE},
			.v4 = IN OUT ALLOWED("") REST4,
			.v6 = IN BARE6 ALLOWED("6") REST6},
		/* strict, with a name and without */
		{.said = {.strict = true},
			.allowed = "a.com",
			.v4 = IN OUT ALLOWED("") DNS4 REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 REST6},
		{.said = {.strict = true},
			.allowed = "10.0.0.0/8",
			.v4 = IN OUT ALLOWED("") REST4,
			.v6 = IN6 OUT6 ALLOWED("6") REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

/* A service that is closed is refused where a later rule would let it through. */
static void rules_of_each_service(void **state)
{
	static const struct rules_row rows[] = {
		/* no SSH is none to what is allowed either, so it comes before that */
		{.said = {.ssh = SSH_NONE},
			.v4 = IN FROM_HOST4 OUT NO_SSH4 ALLOWED("") DNS4 NO_SSH4 TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 NO_SSH6 ALLOWED("6") DNS6 NO_SSH6 TO_HOST6 REST6},
		{.said = {.ssh = SSH_ALLOWLIST},
			.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS4 NO_SSH4 TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") DNS6 NO_SSH6 TO_HOST6 REST6},
		{.said = {.ssh = SSH_ALLOWLIST, .host = HOST_NONE},
			.v4 = IN OUT ALLOWED("") DNS4 REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 REST6},
		{.said = {.host = HOST_GATEWAY},
			.v4 = IN FROM("172.17.0.1") OUT ALLOWED("") DNS4 SSH TO("172.17.0.1") REST4,
			.v6 = IN6 FROM("fd00::1") OUT6 ALLOWED("6") DNS6 SSH TO("fd00::1") REST6},
		{.said = {.host = HOST_NONE},
			.v4 = IN OUT ALLOWED("") DNS4 SSH REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 SSH REST6},
		/* no DNS is none for the agent; the lookup has it, if there is a name on any list */
		{.said = {.dns = DNS_NONE},
			.allowed = "a.com",
			.v4 = IN FROM_HOST4 OUT ALLOWED("") NO_DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") NO_DNS6 SSH TO_HOST6 REST6},
		{.said = {.dns = DNS_NONE},
			.allowed = "a.com",
			.stage = STAGE_LOOKUP,
			.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") DNS6 SSH TO_HOST6 REST6},
		{.said = {.dns = DNS_NONE, .host = HOST_NONE, .ssh = SSH_ALLOWLIST},
			.inbound = "a.com",
			.stage = STAGE_LOOKUP,
			.v4 = IN INBOUND("") OUT ALLOWED("") DNS4 REST4,
			.v6 = IN6 INBOUND("6") OUT6 ALLOWED("6") DNS6 REST6},
		{.said = {.dns = DNS_NONE},
			.allowed = "10.0.0.0/8",
			.stage = STAGE_LOOKUP,
			.v4 = IN FROM_HOST4 OUT ALLOWED("") NO_DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") NO_DNS6 SSH TO_HOST6 REST6},
		/* a block list lets everything through in the end */
		{.said = {.mode = MODE_BLOCKLIST, .dns = DNS_NONE, .ssh = SSH_ALLOWLIST, .host = HOST_NONE},
			.v4 = IN FROM_BLOCKED4 OUT ALLOWED("") BLOCKED4 NO_DNS4 NO_SSH4 NO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 OUT6 ALLOWED("6") BLOCKED6 NO_DNS6 NO_SSH6 NO_HOST6 OPEN},
		{.said = {.mode = MODE_BLOCKLIST, .host = HOST_GATEWAY},
			.v4 = IN FROM_BLOCKED4 FROM("172.17.0.1") OUT ALLOWED("")
				BLOCKED4 DNS4 SSH TO("172.17.0.1") NO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM("fd00::1") OUT6 ALLOWED("6")
				BLOCKED6 DNS6 SSH TO("fd00::1") NO_HOST6 OPEN},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

static void rules_of_who_may_come_in(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.inbound_said = true},
			.v4 = IN OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 SSH TO_HOST6 REST6},
		{.said = {.inbound_said = true},
			.inbound = "10.0.0.0/8:8080",
			.v4 = IN INBOUND("") OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 INBOUND("6") OUT6 ALLOWED("6") DNS6 SSH TO_HOST6 REST6},
		/* who is let in by name is, before anybody is blocked */
		{.said = {.inbound_said = true, .inbound_host = true},
			.blocked = "10.0.0.1",
			.inbound = "10.0.0.0/8",
			.v4 = IN INBOUND("") FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("")
				BLOCKED4 DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 INBOUND("6") FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6")
				BLOCKED6 DNS6 SSH TO_HOST6 REST6},
		/* the host comes in as far as it is open */
		{.said = {.inbound_said = true, .inbound_host = true, .host = HOST_GATEWAY},
			.v4 = IN FROM("172.17.0.1") OUT ALLOWED("") DNS4 SSH TO("172.17.0.1") REST4,
			.v6 = IN6 FROM("fd00::1") OUT6 ALLOWED("6") DNS6 SSH TO("fd00::1") REST6},
		{.said = {.inbound_said = true, .inbound_host = true, .host = HOST_NONE},
			.v4 = IN OUT ALLOWED("") DNS4 SSH REST4,
			.v6 = IN6 OUT6 ALLOWED("6") DNS6 SSH REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

/* Some clouds have their resolver where their metadata is, which a block list's mode blocks. */
static void a_resolver_at_the_metadata_address(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.mode = MODE_BLOCKLIST},
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") DNS("169.254.169.254")
				BLOCKED4 DNS4 SSH TO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6") DNS("fd00:ec2::254")
				BLOCKED6 SSH TO_HOST6 OPEN},
		{.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS("169.254.169.254") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") DNS("fd00:ec2::254") SSH TO_HOST6 REST6},
		{.said = {.mode = MODE_BLOCKLIST, .dns = DNS_NONE},
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") BLOCKED4 NO_DNS4 SSH TO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6")
				BLOCKED6 NO_DNS6 SSH TO_HOST6 OPEN},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows),
		"nameserver 192.0.2.53\nnameserver 169.254.169.254\nnameserver fd00:ec2::254\n");
	/* and Docker's, which asks it; not where DNS is closed, which closes that one too */
	rules_follow(rows, LENGTH(rows) - 1,
		"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53 169.254.169.254 fd00:ec2::254]\n");
}

/* It is reached over loopback, and asks from elsewhere: closed DNS closes it before loopback is opened. */
static void dockers_resolver_where_dns_is_closed(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.mode = MODE_NONE},
			.v4 = IN ESTABLISHED NO_DOCKER LOOPBACK4 ALLOWED("") REST4,
			.v6 = IN BARE6 ALLOWED("6") REST6},
		{.said = {.strict = true, .dns = DNS_NONE},
			.allowed = "a.com",
			.v4 = IN ESTABLISHED NO_DOCKER LOOPBACK4 ALLOWED("") REST4,
			.v6 = IN6 OUT6 ALLOWED("6") REST6},
		{.said = {.strict = true, .dns = DNS_NONE},
			.allowed = "a.com",
			.stage = STAGE_LOOKUP,
			.v4 = IN OUT ALLOWED("") DNS4 REST4,
			.v6 = IN6 OUT6 ALLOWED("6") REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), "nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n");
}

static void rules_by_resolver(void **state)
{
	static const struct {
		const char *file, *v4, *v6;
	} rows[] = {
		{"", "", ""},
		{"nameserver 2001:db8::53\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n",
			DNS("192.0.2.53") DNS("192.0.2.54"), DNS("2001:db8::53")},
		/* a server of our own needs no rule but loopback's */
		{"nameserver 127.0.0.53\nnameserver ::1\n", "", ""},
		/* Docker's, which names whom it asks */
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53 host(192.0.2.54) 2001:db8::53]\n",
			DNS("192.0.2.53"), DNS("2001:db8::53")},
		/* which asks only from the host's namespace */
		{"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n", "", ""},
		/* which does not say */
		{"nameserver 127.0.0.11\n", DNS_OF_ROOT, DNS_OF_ROOT},
		{"nameserver 127.0.0.11\nnameserver 192.0.2.53\n", DNS("192.0.2.53") DNS_OF_ROOT,
			DNS_OF_ROOT},
		/* the comment without the resolver means nothing */
		{"nameserver 192.0.2.1\n# ExtServers: [192.0.2.53]\n", DNS("192.0.2.1"), ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char v4[4000], v6[4000];
		const struct rules_row row = {.v4 = v4, .v6 = v6};

		snprintf(v4, sizeof(v4), "%s%s%s", IN FROM_HOST4 OUT ALLOWED(""), rows[i].v4,
			SSH TO_HOST4 REST4);
		snprintf(v6, sizeof(v6), "%s%s%s", IN6 FROM_HOST6 OUT6 ALLOWED("6"), rows[i].v6,
			SSH TO_HOST6 REST6);
		rules_follow(&row, 1, rows[i].file);
	}
}

/* What no surroundings may change, and no mode: nothing is forwarded, and the last rule is the mode's. */
static void what_always_holds(void **state)
{
	static const char *const files[] = {"", "nameserver 127.0.0.11\n",
		"nameserver 0.0.0.0\nnameserver ::\n",
		"nameserver 255.255.255.255\nnameserver ff02::1\nnameserver ::ffff:192.0.2.1\n",
		"nameserver 127.0.0.11\n# ExtServers: [127.0.0.1 0.0.0.0 ::1 fe80::1%eth0]\n"};
	static const char *const allowed[] = {
		[MODE_ALLOWLIST] = "a.com", [MODE_PROXY] = "p.com:3128", [MODE_NONE] = NULL};

	(void)state;
	for (size_t i = 0; i < LENGTH(files) * (MODE_NONE + 1); i++) {
		const enum mode mode = (enum mode)(i % (MODE_NONE + 1));
		const bool blocklist = mode == MODE_BLOCKLIST;
		const struct resolv it = resolv_of(files[i / (MODE_NONE + 1)]);
		struct policy said = policy((struct policy){.mode = mode}, allowed[mode], "b.com", NULL);
		struct host_networks host = {.networks = prefixes_of(NETWORKS)};
		struct ruleset ruleset;
		struct error error;
		const struct rule *last[2] = {NULL, NULL};
		char row[40];

		snprintf(row, sizeof(row), "file %zu, mode %d", i / (MODE_NONE + 1), (int)mode);
		assert_int_equal(policy_settle(&said, &error), 0);
		assert_int_equal(policy_rules(&said, &it, &host, false, STAGE_AGENT, &ruleset, &error), 0);
		for (size_t r = 0; r < ruleset.n; r++)
			last[ruleset.v[r].family == AF_INET6] = &ruleset.v[r];
		for (size_t r = 0; r < ruleset.n; r++)
			rules_sane(&ruleset.v[r],
				blocklist && (&ruleset.v[r] == last[0] || &ruleset.v[r] == last[1]), row);
		for (int f = 0; f < 2; f++)
			must(last[f] != NULL && last[f]->protocol == 0 && last[f]->set == 0 &&
					last[f]->verdict == (blocklist ? VERDICT_ACCEPT : VERDICT_REJECT),
				"%s: the last rule is another one", row);
		prefixes_free(&host.networks);
		policy_free(&said);
	}
}

/* The rules are changed once the sets are filled, so those that they ask must be there before. */
static void the_same_sets_are_asked_meanwhile(void **state)
{
	const struct resolv servers = resolv_of(SERVERS);
	const struct host_networks host = {0};

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct policy it = policy((struct policy){.mode = i & 1 ? MODE_BLOCKLIST : MODE_ALLOWLIST,
						  .dns = i & 2 ? DNS_NONE : DNS_RESOLVERS},
			"a.com", i & 4 ? "b.com" : NULL, i & 8 ? "c.com" : NULL);
		struct ruleset before, after;
		struct error error;

		assert_int_equal(policy_settle(&it, &error), 0);
		assert_int_equal(policy_rules(&it, &servers, &host, false, STAGE_LOOKUP, &before, &error), 0);
		assert_int_equal(policy_rules(&it, &servers, &host, false, STAGE_AGENT, &after, &error), 0);
		for (int set = 0; set < SETS; set++)
			must(ruleset_uses(&before, set) == ruleset_uses(&after, set), "policy %d: %s", i,
				set_kinds[set].name);
		policy_free(&it);
	}
}

/* However long the lists are. */
static void rules_stay_as_many(void **state)
{
	const struct resolv servers = resolv_of(SERVERS);
	struct host_networks host = {.networks = prefixes_of(NETWORKS)};
	struct policy it =
		policy((struct policy){.mode = MODE_BLOCKLIST}, "10.0.0.1", "10.0.0.2:443,a.com", "10.0.0.3");
	struct ruleset few, many;
	struct error error;

	(void)state;
	assert_int_equal(policy_settle(&it, &error), 0);
	assert_int_equal(policy_rules(&it, &servers, &host, false, STAGE_AGENT, &few, &error), 0);
	for (uint16_t i = 1; i <= 1000; i++) {
		struct entry entry = {.kind = ENTRY_NAME, .n_ports = 2, .ports = {{i, i}, {2000, 3000}}};

		snprintf(entry.name, sizeof(entry.name), "host-%u.example.com", i);
		for (int list = 0; list < LISTS; list++)
			assert_int_equal(entries_add(&it.list[list], &entry), 0);
	}
	assert_int_equal(policy_rules(&it, &servers, &host, false, STAGE_AGENT, &many, &error), 0);
	assert_memory_equal(&few, &many, sizeof(few));
	policy_free(&it);
	prefixes_free(&host.networks);
}

static void an_agent_that_is_root_beside_dockers_old_resolver(void **state)
{
	struct resolv it = resolv_of("nameserver 127.0.0.11\n");
	struct policy said = policy((struct policy){.dns = DNS_RESOLVERS}, "a.com", NULL, NULL);
	const struct host_networks host = {0};
	struct ruleset ruleset;
	struct error error = {0};

	(void)state;
	assert_int_equal(policy_rules(&said, &it, &host, true, STAGE_AGENT, &ruleset, &error), -EPERM);
	must_say(&error, FAIL_PRIVILEGE, "127.0.0.11|port 53|PARA_RUN_AS=USER|Docker 26", "root");
	/* no agent runs yet while names are looked up */
	assert_int_equal(policy_rules(&said, &it, &host, true, STAGE_LOOKUP, &ruleset, &error), 0);
	/* nor does it matter to one that gets no DNS */
	said.dns = DNS_NONE;
	assert_int_equal(policy_rules(&said, &it, &host, true, STAGE_AGENT, &ruleset, &error), 0);
	assert_null(strstr(rules_in_words(&ruleset, AF_INET), "uid-owner"));
	said.dns = DNS_RESOLVERS;
	/* named upstreams need no uid to be told by */
	it = resolv_of("nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n");
	assert_int_equal(policy_rules(&said, &it, &host, true, STAGE_AGENT, &ruleset, &error), 0);
	assert_null(strstr(rules_in_words(&ruleset, AF_INET), "uid-owner"));
	/* and neither does any other resolver */
	it = resolv_of("nameserver 192.0.2.53\n");
	assert_int_equal(policy_rules(&said, &it, &host, true, STAGE_AGENT, &ruleset, &error), 0);
	policy_free(&said);
}

static void more_networks_than_there_is_room_for(void **state)
{
	const struct resolv it =
		resolv_of("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n");
	const struct policy said = {
		.dns = DNS_RESOLVERS, .ssh = SSH_ANY, .host = HOST_SUBNET, .inbound_host = true};
	struct host_networks host = {0};
	struct ruleset ruleset;
	struct error error = {0};
	int ret = 0;
	unsigned int n;

	(void)state;
	for (n = 0; n < 100 && ret == 0; n++) {
		const uint8_t address[4] = {10, (uint8_t)n, 0, 0};
		const struct prefix network = prefix_make(AF_INET, address, 16);

		ret = policy_rules(&said, &it, &host, false, STAGE_AGENT, &ruleset, &error);
		must(ret < 0 || ruleset.n <= RULES_MAX, "%zu rules", ruleset.n);
		assert_int_equal(prefixes_add(&host.networks, &network), 0);
	}
	assert_int_equal(ret, -E2BIG);
	must(n > 30, "only %u networks", n);
	must_say(&error, FAIL_FIREWALL, "more than the 192|network|resolvers", "many networks");
	prefixes_free(&host.networks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_each_mode),
		cmocka_unit_test(rules_of_each_service),
		cmocka_unit_test(rules_of_who_may_come_in),
		cmocka_unit_test(dockers_resolver_where_dns_is_closed),
		cmocka_unit_test(rules_by_resolver),
		cmocka_unit_test(a_resolver_at_the_metadata_address),
		cmocka_unit_test(what_always_holds),
		cmocka_unit_test(the_same_sets_are_asked_meanwhile),
		cmocka_unit_test(rules_stay_as_many),
		cmocka_unit_test(an_agent_that_is_root_beside_dockers_old_resolver),
		cmocka_unit_test(more_networks_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("policy-rules", tests, NULL, NULL);
}
