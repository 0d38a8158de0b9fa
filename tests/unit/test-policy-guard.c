/*
 * fw/policy.h behind the guard: who gets to a DNS server, what is told before it is refused, and what only
 * the guard makes possible.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/policy.h"
#include "fw/policy-rules.h"
#include "tests/unit/rule-words.h"

#define BY_ROOT	 " -m owner --uid-owner 0 -j ACCEPT\n"
#define BY_GUARD " -m owner --uid-owner 65501 -j ACCEPT\n"
#define TOLD	 " -j NFLOG --nflog-prefix refused --nflog-group 10053\n"

#define GUARD_AT(address)                                           \
	"-A OUTPUT -d " address " -p udp --dport 10053 -j ACCEPT\n" \
	"-A OUTPUT -d " address " -p tcp --dport 10053 -j ACCEPT\n"
#define GUARD4 GUARD_AT("127.0.0.1")
#define GUARD6 GUARD_AT("::1")
#define DNS_BY(who, address) \
	"-A OUTPUT -d " address " -p udp --dport 53" who "-A OUTPUT -d " address " -p tcp --dport 53" who
#define ASKS4 DNS_BY(BY_GUARD, "192.0.2.53")
#define ASKS6 DNS_BY(BY_GUARD, "2001:db8::53")
#define TOLD_OUT6 \
	ESTABLISHED NEIGHBOURS RESETS "-A OUTPUT" FOREIGN TOLD "-A OUTPUT" FOREIGN PROHIBIT6 LOOPBACK6
#define TOLD_BARE6 ESTABLISHED RESETS "-A OUTPUT" FOREIGN TOLD "-A OUTPUT" FOREIGN PROHIBIT6 LOOPBACK6
#define GUARDED4   OUT GUARD4
#define GUARDED6   TOLD_OUT6 GUARD6

/* What is refused, and was told before. */
#define REFUSED4(match)	    "-A OUTPUT" match TOLD "-A OUTPUT" match PROHIBIT4
#define REFUSED6(match)	    "-A OUTPUT" match TOLD "-A OUTPUT" match PROHIBIT6
#define REFUSED6_TCP(match) "-A OUTPUT" match TOLD "-A OUTPUT" match RESET
#define TOLD_REST4	    REFUSED4("")
#define TOLD_REST6	    "-A OUTPUT" TOLD REST6
#define TOLD_BLOCKED4                                         \
	REFUSED4(MATCH("blocked-domains", "dst"))             \
	REFUSED4(" -p tcp" MATCH("blocked-ports", "dst,dst")) \
	REFUSED4(" -p udp" MATCH("blocked-ports", "dst,dst"))
#define TOLD_BLOCKED6                                                                        \
	"-A OUTPUT" MATCH("blocked-domains6", "dst") TOLD                                    \
		"-A OUTPUT -p tcp" MATCH("blocked-domains6", "dst") RESET                    \
		"-A OUTPUT" MATCH("blocked-domains6", "dst")                                 \
			PROHIBIT6 REFUSED6_TCP(" -p tcp" MATCH("blocked-ports6", "dst,dst")) \
				REFUSED6(" -p udp" MATCH("blocked-ports6", "dst,dst"))
#define TOLD_NO_DNS4 REFUSED4(" -p udp --dport 53") REFUSED4(" -p tcp --dport 53")
#define TOLD_NO_DNS6 REFUSED6(" -p udp --dport 53") REFUSED6_TCP(" -p tcp --dport 53")
#define TOLD_NO_SSH4 REFUSED4(" -p tcp --dport 22")
#define TOLD_NO_SSH6 REFUSED6_TCP(" -p tcp --dport 22")

static void rules_of_each_mode(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.guarded = true},
			.allowed = "a.com",
			.v4 = IN FROM_HOST4 GUARDED4 ALLOWED("") ASKS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_HOST6 GUARDED6 ALLOWED("6") ASKS6 SSH TO_HOST6 TOLD_REST6},
		/* nobody is told of who comes in */
		{.said = {.guarded = true},
			.allowed = "*.a.com",
			.blocked = "*.b.com",
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("")
				TOLD_BLOCKED4 ASKS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true, .mode = MODE_BLOCKLIST},
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("")
				TOLD_BLOCKED4 ASKS4 SSH TO_HOST4 OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 SSH TO_HOST6 OPEN},
		{.said = {.guarded = true, .mode = MODE_OBSERVE},
			.blocked = "169.254.169.254",
			.allowed = "a.com",
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("")
				TOLD_BLOCKED4 ASKS4 SSH TO_HOST4 "-A OUTPUT" TOLD OPEN,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 SSH TO_HOST6 "-A OUTPUT" TOLD OPEN},
		{.said = {.guarded = true, .mode = MODE_PROXY},
			.allowed = "p.com:3128",
			.v4 = IN GUARDED4 ALLOWED("") ASKS4 TOLD_REST4,
			.v6 = IN6 GUARDED6 ALLOWED("6") ASKS6 TOLD_REST6},
		{.said = {.guarded = true, .mode = MODE_NONE},
			.v4 = IN OUT ALLOWED("") TOLD_REST4,
			.v6 = IN TOLD_BARE6 ALLOWED("6") TOLD_REST6},
		{.said = {.guarded = true, .filter = true, .strict = true},
			.allowed = "a.com",
			.v4 = IN GUARDED4 ALLOWED("") ASKS4 TOLD_REST4,
			.v6 = IN6 GUARDED6 ALLOWED("6") ASKS6 TOLD_REST6},
		{.said = {.guarded = true, .filter = true, .strict = true},
			.allowed = "10.0.0.0/8",
			.v4 = IN OUT ALLOWED("") TOLD_REST4,
			.v6 = IN6 TOLD_OUT6 ALLOWED("6") TOLD_REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

/* Who looks up names at the start is no agent, and nobody is there yet who would be told. */
static void while_names_are_looked_up(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.guarded = true},
			.allowed = "a.com",
			.stage = STAGE_LOOKUP,
			.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") DNS6 SSH TO_HOST6 REST6},
		{.said = {.guarded = true, .mode = MODE_OBSERVE},
			.blocked = "169.254.169.254",
			.stage = STAGE_LOOKUP,
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("") BLOCKED4 DNS4 SSH TO_HOST4 REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 OUT6 ALLOWED("6")
				BLOCKED6 DNS6 SSH TO_HOST6 REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

/* Between two policies everything but what both sets allow is refused, and told. */
static void while_the_policy_changes(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.guarded = true, .mode = MODE_BLOCKLIST},
			.stage = STAGE_CHANGE,
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("")
				TOLD_BLOCKED4 ASKS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true, .mode = MODE_OBSERVE},
			.blocked = "169.254.169.254",
			.stage = STAGE_CHANGE,
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("")
				TOLD_BLOCKED4 ASKS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true},
			.allowed = "a.com",
			.stage = STAGE_CHANGE,
			.v4 = IN FROM_HOST4 GUARDED4 ALLOWED("") ASKS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_HOST6 GUARDED6 ALLOWED("6") ASKS6 SSH TO_HOST6 TOLD_REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

/* An agent without DNS does not get to the guard; the guard goes on asking for what is on a list. */
static void closed_services(void **state)
{
	static const struct rules_row rows[] = {
		{.said = {.guarded = true, .dns = DNS_NONE},
			.allowed = "a.com",
			.v4 = IN FROM_HOST4 OUT ALLOWED("") ASKS4 TOLD_NO_DNS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_HOST6 TOLD_OUT6 ALLOWED("6")
				ASKS6 TOLD_NO_DNS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true, .dns = DNS_NONE},
			.blocked = "*.b.com",
			.v4 = IN FROM_BLOCKED4 FROM_HOST4 OUT ALLOWED("")
				TOLD_BLOCKED4 ASKS4 TOLD_NO_DNS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 TOLD_OUT6 ALLOWED("6")
				TOLD_BLOCKED6 ASKS6 TOLD_NO_DNS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true, .dns = DNS_NONE},
			.allowed = "10.0.0.0/8",
			.v4 = IN FROM_HOST4 OUT ALLOWED("") TOLD_NO_DNS4 SSH TO_HOST4 TOLD_REST4,
			.v6 = IN6 FROM_HOST6 TOLD_OUT6 ALLOWED("6") TOLD_NO_DNS6 SSH TO_HOST6 TOLD_REST6},
		{.said = {.guarded = true, .ssh = SSH_NONE, .host = HOST_NONE},
			.allowed = "a.com",
			.v4 = IN GUARDED4 TOLD_NO_SSH4 ALLOWED("") ASKS4 TOLD_REST4,
			.v6 = IN6 GUARDED6 TOLD_NO_SSH6 ALLOWED("6") ASKS6 TOLD_REST6},
	};

	(void)state;
	rules_follow(rows, LENGTH(rows), SERVERS);
}

#define DOCKER_BY_GUARD	 ESTABLISHED "-A OUTPUT -d 127.0.0.11" BY_GUARD TOLD_NO_DOCKER LOOPBACK4
#define DOCKER_BY_NOBODY ESTABLISHED TOLD_NO_DOCKER LOOPBACK4
#define TOLD_NO_DOCKER	 REFUSED4(" -d 127.0.0.11")

/* Docker's resolver is on loopback, and would answer the agent like anybody. */
static void dockers_resolver(void **state)
{
	static const struct {
		const char *file;
		struct rules_row row;
	} rows[] = {
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53 2001:db8::53]\n",
			{.said = {.guarded = true},
				.allowed = "a.com",
				.v4 = IN FROM_HOST4 DOCKER_BY_GUARD GUARD4 ALLOWED("")
					DNS_BY(BY_ROOT, "192.0.2.53") SSH TO_HOST4 TOLD_REST4,
				.v6 = IN6 FROM_HOST6 GUARDED6 ALLOWED("6") DNS_BY(BY_ROOT, "2001:db8::53")
					SSH TO_HOST6 TOLD_REST6}},
		/* it asks from the host */
		{"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n",
			{.said = {.guarded = true},
				.allowed = "a.com",
				.v4 = IN FROM_HOST4 DOCKER_BY_GUARD GUARD4 ALLOWED("")
					SSH TO_HOST4 TOLD_REST4,
				.v6 = IN6 FROM_HOST6 GUARDED6 ALLOWED("6") SSH TO_HOST6 TOLD_REST6}},
		/* it does not say whom it asks */
		{"nameserver 127.0.0.11\n", {.said = {.guarded = true},
						    .allowed = "a.com",
						    .v4 = IN FROM_HOST4 DOCKER_BY_GUARD GUARD4 ALLOWED("")
							    DNS_OF_ROOT SSH TO_HOST4 TOLD_REST4,
						    .v6 = IN6 FROM_HOST6 GUARDED6 ALLOWED("6")
							    DNS_OF_ROOT SSH TO_HOST6 TOLD_REST6}},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n",
			{.said = {.guarded = true, .strict = true, .dns = DNS_NONE},
				.allowed = "a.com",
				.v4 = IN DOCKER_BY_GUARD ALLOWED("") DNS_BY(BY_ROOT, "192.0.2.53") TOLD_REST4,
				.v6 = IN6 TOLD_OUT6 ALLOWED("6") TOLD_REST6}},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n",
			{.said = {.guarded = true, .mode = MODE_NONE},
				.v4 = IN DOCKER_BY_NOBODY ALLOWED("") TOLD_REST4,
				.v6 = IN TOLD_BARE6 ALLOWED("6") TOLD_REST6}},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n",
			{.said = {.guarded = true},
				.allowed = "a.com",
				.stage = STAGE_LOOKUP,
				.v4 = IN FROM_HOST4 OUT ALLOWED("") DNS4 SSH TO_HOST4 REST4,
				.v6 = IN6 FROM_HOST6 OUT6 ALLOWED("6") SSH TO_HOST6 REST6}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		rules_follow(&rows[i].row, 1, rows[i].file);
}

/* Some clouds have their resolver where their metadata is: the guard alone gets there. */
static void a_resolver_at_the_metadata_address(void **state)
{
	static const struct rules_row row = {.said = {.guarded = true, .mode = MODE_BLOCKLIST},
		.v4 = IN FROM_BLOCKED4 FROM_HOST4 GUARDED4 ALLOWED("") DNS_BY(BY_GUARD, "169.254.169.254")
			TOLD_BLOCKED4 SSH TO_HOST4 OPEN,
		.v6 = IN6 FROM_BLOCKED6 FROM_HOST6 GUARDED6 ALLOWED("6") TOLD_BLOCKED6 SSH TO_HOST6 OPEN};

	(void)state;
	rules_follow(&row, 1, "nameserver 169.254.169.254\n");
}

static bool same_match(const struct rule *a, const struct rule *b, bool but_protocol)
{
	struct rule x = *a, y = *b;

	x.verdict = y.verdict = VERDICT_ACCEPT;
	if (but_protocol)
		x.protocol = y.protocol = 0;
	return memcmp(&x, &y, sizeof(x)) == 0;
}

static bool refuses(const struct rule *rule)
{
	return rule->verdict == VERDICT_REJECT || rule->verdict == VERDICT_RESET;
}

/* What is told is refused next, and what is refused was told; but in the one mode that lets it through. */
static void check_telling(const struct ruleset *ruleset, bool observed, const char *row)
{
	for (size_t i = 0; i < ruleset->n; i++) {
		const struct rule *rule = &ruleset->v[i], *next = rule + 1, *before = rule - 1;

		if (rule->chain != CHAIN_OUTPUT) {
			must(rule->verdict != VERDICT_LOG, "%s: rule %zu tells of who comes in", row, i);
			continue;
		}
		if (rule->verdict == VERDICT_LOG) {
			must(i + 1 < ruleset->n && next->family == rule->family, "%s: nothing after rule %zu",
				row, i);
			must(same_match(rule, next, rule->family == AF_INET6 && rule->protocol == 0) &&
					(refuses(next) || (observed && rule->peer.family == 0 &&
								  rule->protocol == 0 && rule->set == 0)),
				"%s: what rule %zu tells is not what comes next", row, i);
		}
		/* of IPv6 there may be two, of TCP and of everything else */
		if (refuses(rule) && ruleset->logs)
			must(i > 0 && same_match(rule, before, true) &&
					(before->verdict == VERDICT_LOG ||
						(before->verdict == VERDICT_RESET &&
							rule->verdict == VERDICT_REJECT)),
				"%s: rule %zu refuses what was not told", row, i);
	}
}

/* Behind the guard nobody else may send to port 53, but root to where Docker's resolver asks. */
static void check_dns(
	const struct ruleset *ruleset, const struct resolv *resolv, bool dns, bool names, const char *row)
{
	for (size_t i = 0; i < ruleset->n; i++) {
		const struct rule *rule = &ruleset->v[i];
		const bool accepts = rule->verdict == VERDICT_ACCEPT;

		must(rule->user == USER_ANY || accepts, "%s: rule %zu refuses by the sender", row, i);
		if (accepts && rule->dport == 53)
			must((dns || names) && rule->chain == CHAIN_OUTPUT &&
					((rule->user == USER_GUARD && rule->peer.family != 0) ||
						(rule->user == USER_ROOT && policy_root_asks(resolv))),
				"%s: rule %zu lets anybody ask", row, i);
		if (accepts && rule->dport == 10053)
			must(dns && prefix_kind(&rule->peer) == ADDRESS_LOOPBACK &&
					prefix_is_address(&rule->peer) && rule->user == USER_ANY,
				"%s: rule %zu leads to no guard", row, i);
		/* before loopback is opened, Docker's resolver is closed */
		if (resolv->docker && rule->family == AF_INET && rule->chain == CHAIN_OUTPUT &&
			rule->loopback)
			must(refuses(rule - 1) &&
					prefix_covers(&(rule - 1)->peer,
						&(const struct prefix){AF_INET, 32, {127, 0, 0, 11}}),
				"%s: Docker's resolver is open", row);
	}
}

static void what_always_holds(void **state)
{
	static const char *const files[] = {"", SERVERS, "nameserver 127.0.0.11\n",
		"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53 2001:db8::53 169.254.169.254]\n",
		"nameserver 127.0.0.11\nnameserver 192.0.2.1\n# ExtServers: [host(127.0.0.53)]\n"};
	static const char *const allowed[] = {[MODE_ALLOWLIST] = "a.com",
		[MODE_PROXY] = "p.com:3128",
		[MODE_NONE] = NULL,
		[MODE_OBSERVE] = "10.0.0.0/8"};
	struct host_networks host = {.onlink = prefixes_of(ONLINK),
		.networks = prefixes_of(NETWORKS),
		.gateways = prefixes_of(GATEWAYS)};

	(void)state;
	for (unsigned int i = 0; i < LENGTH(files) * 5 * 3 * 3 * 2 * 3; i++) {
		const enum mode mode = (enum mode)(i / 5 % 5);
		const bool none = mode == MODE_NONE;
		const enum stage stage = (enum stage)(i / 25 % 3);
		const struct resolv it = resolv_of(files[i % 5]);
		struct policy said = policy((struct policy){.guarded = true,
						    .mode = mode,
						    .dns = none ? DNS_UNSAID : (enum dns)(i / 75 % 3),
						    .ssh = none ? SSH_UNSAID : (enum ssh)(i / 225 % 3),
						    .strict = i / 675 % 2,
						    .host = none ? HOST_UNSAID : (enum host)(i / 1350 % 3)},
			allowed[mode], i & 1 ? "*.b.com" : NULL, NULL);
		struct ruleset ruleset;
		struct error error;
		char row[80];

		snprintf(row, sizeof(row), "file %u, mode %d, stage %d, dns %d, %u", i % 5, (int)mode,
			(int)stage, (int)said.dns, i);
		must(policy_settle(&said, &error) == 0, "%s: %s", row, error.text);
		must(policy_rules(&said, &it, &host, false, stage, &ruleset, &error) == 0, "%s: %s", row,
			error.text);
		must(ruleset.logs == (stage != STAGE_LOOKUP), "%s: logs is %d", row, ruleset.logs);
		check_telling(&ruleset, mode == MODE_OBSERVE && stage == STAGE_AGENT, row);
		if (stage != STAGE_LOOKUP)
			check_dns(&ruleset, &it, said.dns == DNS_RESOLVERS, policy_has_names(&said), row);
		for (size_t r = 0; r < ruleset.n; r++)
			rules_sane(&ruleset.v[r],
				stage == STAGE_AGENT && policy_sends(&said) &&
					(r + 1 == ruleset.n ||
						ruleset.v[r + 1].family != ruleset.v[r].family),
				row);
		policy_free(&said);
	}
	prefixes_free(&host.networks);
	prefixes_free(&host.onlink);
	prefixes_free(&host.gateways);
}

/* The rules are changed once the sets are filled, so those that they ask must be there before. */
static void the_same_sets_are_asked_in_every_stage(void **state)
{
	const struct resolv servers = resolv_of(SERVERS);
	const struct host_networks host = {0};

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct policy it = policy((struct policy){.guarded = true,
						  .mode = i & 1 ? MODE_OBSERVE : MODE_ALLOWLIST,
						  .dns = i & 2 ? DNS_NONE : DNS_RESOLVERS},
			"a.com", i & 4 ? "*.b.com" : NULL, i & 8 ? "c.com" : NULL);
		struct ruleset stages[3];
		struct error error;

		assert_int_equal(policy_settle(&it, &error), 0);
		for (int stage = 0; stage < 3; stage++)
			assert_int_equal(policy_rules(&it, &servers, &host, false, (enum stage)stage,
						 &stages[stage], &error),
				0);
		for (int set = 0; set < SETS; set++)
			must(ruleset_uses(&stages[0], set) == ruleset_uses(&stages[1], set) &&
					ruleset_uses(&stages[0], set) == ruleset_uses(&stages[2], set),
				"policy %d: %s", i, set_kinds[set].name);
		policy_free(&it);
	}
}

/* Root's sockets are Docker's resolver, so what is closed to names cannot be closed to an agent that is root.
 */
static void an_agent_that_is_root(void **state)
{
	static const struct {
		const char *file;
		struct policy said;
		const char *allowed;
		enum stage stage;
		const char *words; /* NULL: it may be */
	} rows[] = {
		{"nameserver 127.0.0.11\n", {.guarded = true}, "a.com", STAGE_AGENT, "Docker 26|PARA_RUN_AS"},
		{"nameserver 127.0.0.11\n", {.guarded = true}, "a.com", STAGE_CHANGE,
			"Docker 26|PARA_RUN_AS"},
		{"nameserver 127.0.0.11\n", {.guarded = true}, "a.com", STAGE_LOOKUP, NULL},
		/* without DNS for the agent the guard still asks for the names */
		{"nameserver 127.0.0.11\n", {.guarded = true, .dns = DNS_NONE}, "a.com", STAGE_AGENT,
			"Docker 26"},
		{"nameserver 127.0.0.11\n", {.guarded = true, .dns = DNS_NONE}, "10.0.0.1", STAGE_AGENT,
			NULL},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true}, "a.com",
			STAGE_AGENT, NULL},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true, .filter = true},
			"a.com", STAGE_AGENT, "any name|forbids|PARA_RUN_AS"},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true, .filter = true},
			"a.com", STAGE_CHANGE, "any name|forbids|PARA_RUN_AS"},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true, .filter = true},
			"a.com", STAGE_LOOKUP, NULL},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true, .dns = DNS_NONE},
			"a.com", STAGE_AGENT, "any name|forbids|PARA_RUN_AS"},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n", {.guarded = true, .dns = DNS_NONE},
			"10.0.0.1", STAGE_AGENT, NULL},
		/* it asks from the host, or there is none */
		{"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n",
			{.guarded = true, .filter = true}, "a.com", STAGE_AGENT, NULL},
		{SERVERS, {.guarded = true, .filter = true}, "a.com", STAGE_AGENT, NULL},
		{SERVERS, {.guarded = true, .dns = DNS_NONE}, "a.com", STAGE_AGENT, NULL},
	};
	const struct host_networks host = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct resolv it = resolv_of(rows[i].file);
		struct policy said = policy(rows[i].said, rows[i].allowed, NULL, NULL);
		struct ruleset ruleset;
		struct error error = {0};
		char row[20];
		int ret;

		snprintf(row, sizeof(row), "row %zu", i);
		assert_int_equal(policy_settle(&said, &error), 0);
		ret = policy_rules(&said, &it, &host, true, rows[i].stage, &ruleset, &error);
		must(ret == (rows[i].words == NULL ? 0 : -EPERM), "%s: %d", row, ret);
		if (rows[i].words != NULL)
			must_say(&error, FAIL_PRIVILEGE, rows[i].words, row);
		/* as another user it may be in every place */
		must(policy_rules(&said, &it, &host, false, rows[i].stage, &ruleset, &error) == 0, "%s: %s",
			row, error.text);
		policy_free(&said);
	}
}

/* What only the guard can do is refused where there is none, and nothing less comes of it. */
static void without_the_guard(void **state)
{
	static const struct {
		struct policy said;
		const char *allowed, *blocked, *inbound, *words; /* NULL: it may be */
	} rows[] = {
		{{0}, "*.a.com", NULL, NULL, "'*.a.com' is a wildcard|only the guard|PARA_GUARD|api.a.com"},
		{{0}, "a.com,*.b.a.com:443", NULL, NULL, "'*.b.a.com:443' is a wildcard|api.b.a.com"},
		{{0}, "a.com", "*.b.com", NULL, "'*.b.com' is a wildcard|only the guard"},
		{{.mode = MODE_BLOCKLIST}, NULL, "*.b.com", NULL, "'*.b.com' is a wildcard|only the guard"},
		{{.guarded = true}, "*.a.com", "*.b.com", NULL, NULL},
		{{.guarded = true}, NULL, NULL, "*.c.com", "'*.c.com' is a wildcard|nobody can be let in"},
		{{0}, NULL, NULL, "*.c.com", "'*.c.com' is a wildcard|nobody can be let in"},
		/* nobody would ever ask for what it means */
		{{.guarded = true, .dns = DNS_NONE}, "*.a.com", NULL, NULL,
			"'*.a.com' is a wildcard|PARA_ALLOW_DNS=none"},
		{{.guarded = true, .dns = DNS_NONE}, "a.com", "*.b.com", NULL, NULL},
		{{.filter = true}, "a.com", NULL, NULL, "PARA_DNS=filter needs the guard|PARA_GUARD"},
		{{.filter = true, .guarded = true}, "a.com", NULL, NULL, NULL},
		{{.mode = MODE_OBSERVE}, "a.com", NULL, NULL, "unprotected-observe|PARA_GUARD"},
		{{.mode = MODE_OBSERVE, .guarded = true}, "a.com", NULL, NULL, NULL},
		{{.mode = MODE_PROXY, .guarded = true}, "*.p.com:3128", NULL, NULL, "exactly the proxy"},
		{{.mode = MODE_NONE, .guarded = true}, "*.a.com", NULL, NULL, "mode is none"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy it = policy(rows[i].said, rows[i].allowed, rows[i].blocked, rows[i].inbound);
		struct error error = {0};
		char row[20];
		const int ret = policy_settle(&it, &error);

		snprintf(row, sizeof(row), "row %zu", i);
		must(ret == (rows[i].words == NULL ? 0 : -EINVAL), "%s: %d, %s", row, ret, error.text);
		if (rows[i].words != NULL)
			must_say(&error, FAIL_CONFIG, rows[i].words, row);
		policy_free(&it);
	}
}

/* A wildcard is a use for DNS, like a name. */
static void strict_with_a_wildcard(void **state)
{
	struct policy it = policy((struct policy){.guarded = true, .strict = true}, "*.a.com", NULL, NULL);
	struct error error;

	(void)state;
	assert_true(policy_has_names(&it));
	assert_int_equal(policy_settle(&it, &error), 0);
	assert_int_equal(it.dns, DNS_RESOLVERS);
	policy_free(&it);
}

static void the_detour(void **state)
{
	static struct entry name = {.kind = ENTRY_NAME};
	static const struct {
		const char *file;
		struct policy said;
		struct detour detour;
	} rows[] = {
		{SERVERS, {.guarded = true, .dns = DNS_RESOLVERS}, {.dns = true, .asks = true}},
		{SERVERS, {.guarded = true, .dns = DNS_NONE}, {.dns = false}},
		/* names are asked for as long as the agent lives, whether it may ask or not */
		{SERVERS, {.guarded = true, .dns = DNS_NONE, .list[LIST_ALLOWED] = {&name, 1}},
			{.asks = true}},
		{SERVERS, {.dns = DNS_NONE, .list[LIST_ALLOWED] = {&name, 1}}, {.asks = false}},
		{SERVERS, {.dns = DNS_RESOLVERS}, {.dns = false}},
		{"nameserver 127.0.0.11\n", {.guarded = true, .dns = DNS_RESOLVERS},
			{.dns = true, .asks = true, .docker = true, .root_asks = true}},
		{"nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n",
			{.guarded = true, .dns = DNS_RESOLVERS},
			{.dns = true, .asks = true, .docker = true, .root_asks = true}},
		/* root is nobody special where Docker's resolver asks from the host */
		{"nameserver 127.0.0.11\n# ExtServers: [host(127.0.0.53)]\n",
			{.guarded = true, .dns = DNS_RESOLVERS}, {.dns = true, .asks = true, .docker = true}},
		/* nobody passes for it, also where it is asked at the start alone */
		{"nameserver 127.0.0.11\n", {.dns = DNS_RESOLVERS}, {.docker = true, .root_asks = true}},
		/* nor where there is no such resolver, whatever a comment says */
		{"nameserver 192.0.2.1\n# ExtServers: [192.0.2.53]\n",
			{.guarded = true, .dns = DNS_RESOLVERS}, {.dns = true, .asks = true}},
		/* limits, with the guard and without */
		{SERVERS,
			{.guarded = true,
				.dns = DNS_RESOLVERS,
				.connections = 300,
				.bytes = UINT64_C(1) << 40},
			{.dns = true, .asks = true, .connections = 300, .bytes = UINT64_C(1) << 40}},
		{SERVERS, {.dns = DNS_RESOLVERS, .connections = 1, .bytes = 2},
			{.connections = 1, .bytes = 2}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct resolv it = resolv_of(rows[i].file);
		const struct detour detour = policy_detour(&rows[i].said, &it), *want = &rows[i].detour;

		must(detour.dns == want->dns && detour.asks == want->asks && detour.docker == want->docker &&
				detour.root_asks == want->root_asks &&
				detour.connections == want->connections && detour.bytes == want->bytes &&
				detour.used == 0,
			"row %zu: dns %d, asks %d, root %d, %u connections, %llu bytes", i, detour.dns,
			detour.asks, detour.root_asks, detour.connections, (unsigned long long)detour.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_each_mode),
		cmocka_unit_test(while_names_are_looked_up),
		cmocka_unit_test(while_the_policy_changes),
		cmocka_unit_test(closed_services),
		cmocka_unit_test(dockers_resolver),
		cmocka_unit_test(a_resolver_at_the_metadata_address),
		cmocka_unit_test(what_always_holds),
		cmocka_unit_test(the_same_sets_are_asked_in_every_stage),
		cmocka_unit_test(an_agent_that_is_root),
		cmocka_unit_test(without_the_guard),
		cmocka_unit_test(strict_with_a_wildcard),
		cmocka_unit_test(the_detour),
	};

	return cmocka_run_group_tests_name("policy-guard", tests, NULL, NULL);
}
