/* fw/policy.h: what a mode and a profile mean for what nobody spoke of; what is metadata, and what GitHub's.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "fw/policy.h"

static void what_a_mode_means(void **state)
{
	static const struct {
		struct policy said;
		const char *allowed, *blocked;
		enum dns dns;
		enum ssh ssh;
		enum host host;
	} rows[] = {
		{{.mode = MODE_ALLOWLIST}, "a.com", NULL, DNS_RESOLVERS, SSH_ANY, HOST_SUBNET},
		{{.mode = MODE_ALLOWLIST}, NULL, NULL, DNS_RESOLVERS, SSH_ANY, HOST_SUBNET},
		{{.mode = MODE_BLOCKLIST}, NULL, NULL, DNS_RESOLVERS, SSH_ANY, HOST_SUBNET},
		{{.mode = MODE_PROXY}, "p.com:3128", NULL, DNS_RESOLVERS, SSH_ALLOWLIST, HOST_NONE},
		{{.mode = MODE_PROXY}, "10.0.0.1:3128", NULL, DNS_RESOLVERS, SSH_ALLOWLIST, HOST_NONE},
		{{.mode = MODE_NONE}, NULL, NULL, DNS_NONE, SSH_ALLOWLIST, HOST_NONE},
		/* strict: what is not named is closed, DNS too where there is no name to ask for */
		{{.mode = MODE_ALLOWLIST, .strict = true}, "a.com", NULL, DNS_RESOLVERS, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_ALLOWLIST, .strict = true}, NULL, "a.com", DNS_RESOLVERS, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_ALLOWLIST, .strict = true}, "10.0.0.1", NULL, DNS_NONE, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_ALLOWLIST, .strict = true}, "localhost", NULL, DNS_NONE, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_BLOCKLIST, .strict = true}, NULL, NULL, DNS_RESOLVERS, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_PROXY, .strict = true}, "p.com:3128", NULL, DNS_RESOLVERS, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_PROXY, .strict = true}, "10.0.0.1:3128", NULL, DNS_NONE, SSH_ALLOWLIST,
			HOST_NONE},
		{{.mode = MODE_NONE, .strict = true}, NULL, NULL, DNS_NONE, SSH_ALLOWLIST, HOST_NONE},
		/* what was said stays */
		{{.mode = MODE_ALLOWLIST, .dns = DNS_NONE, .ssh = SSH_NONE, .host = HOST_GATEWAY}, NULL, NULL,
			DNS_NONE, SSH_NONE, HOST_GATEWAY},
		{{.mode = MODE_PROXY, .dns = DNS_NONE, .ssh = SSH_ANY, .host = HOST_SUBNET}, "p.com:3128",
			NULL, DNS_NONE, SSH_ANY, HOST_SUBNET},
		{{.mode = MODE_NONE, .dns = DNS_NONE, .ssh = SSH_NONE, .host = HOST_NONE}, NULL, NULL,
			DNS_NONE, SSH_NONE, HOST_NONE},
		{{.strict = true, .dns = DNS_RESOLVERS, .ssh = SSH_ANY, .host = HOST_SUBNET}, NULL, NULL,
			DNS_RESOLVERS, SSH_ANY, HOST_SUBNET},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy it = policy(rows[i].said, rows[i].allowed, rows[i].blocked, NULL);
		struct error error;

		must(policy_settle(&it, &error) == 0, "row %zu: %s", i, error.text);
		must(it.dns == rows[i].dns, "row %zu: DNS is %d", i, (int)it.dns);
		must(it.ssh == rows[i].ssh, "row %zu: SSH is %d", i, (int)it.ssh);
		must(it.host == rows[i].host, "row %zu: the host is %d", i, (int)it.host);
		must(it.inbound_host, "row %zu: the host may not come in", i);
		policy_free(&it);
	}
}

static void who_may_come_in_stays_as_it_was_said(void **state)
{
	struct policy nobody = {.inbound_said = true}, host = {.inbound_said = true, .inbound_host = true};
	struct error error;

	(void)state;
	assert_int_equal(policy_settle(&nobody, &error), 0);
	assert_false(nobody.inbound_host);
	assert_int_equal(policy_settle(&host, &error), 0);
	assert_true(host.inbound_host);
}

static void what_cannot_be_meant(void **state)
{
#define NOT_NONE  "the network mode is none, and something is allowed"
#define NOT_PROXY "exactly the proxy is allowed: set PARA_PROXY=HOST:PORT"
	static const struct {
		struct policy said;
		const char *allowed, *inbound, *words;
	} rows[] = {
		{{.mode = MODE_NONE}, "a.com", NULL, NOT_NONE},
		{{.mode = MODE_NONE}, NULL, "10.0.0.1", NOT_NONE},
		{{.mode = MODE_NONE, .dns = DNS_RESOLVERS}, NULL, NULL, NOT_NONE},
		{{.mode = MODE_NONE, .ssh = SSH_ANY}, NULL, NULL, NOT_NONE},
		{{.mode = MODE_NONE, .host = HOST_SUBNET}, NULL, NULL, NOT_NONE},
		{{.mode = MODE_NONE, .host = HOST_GATEWAY}, NULL, NULL, NOT_NONE},
		{{.mode = MODE_PROXY}, NULL, NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "p.com", NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "p.com:80,443", NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "p.com:80-81", NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "p.com:80,a.com", NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "10.0.0.0/8:80", NULL, NOT_PROXY},
		{{.mode = MODE_PROXY}, "127.0.0.0/8:80", NULL, NOT_PROXY},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy it = policy(rows[i].said, rows[i].allowed, NULL, rows[i].inbound);
		struct error error = {0};
		char row[20];

		snprintf(row, sizeof(row), "row %zu", i);
		must(policy_settle(&it, &error) == -EINVAL, "%s is taken", row);
		must_say(&error, FAIL_CONFIG, rows[i].words, row);
		policy_free(&it);
	}
}

static void metadata(void **state)
{
	static const char *const are[] = {"169.254.169.254", "169.254.170.2", "100.100.100.200",
		"168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"};
	static const char *const are_not[] = {
		"169.254.169.253", "169.254.169.254/31", "169.254.0.0/16", "fd00:ec2::253", "192.0.2.1"};

	(void)state;
	for (size_t i = 0; i < LENGTH(are); i++) {
		const struct prefix it = prefix(are[i]);

		must(policy_is_metadata(&it), "%s", are[i]);
	}
	for (size_t i = 0; i < LENGTH(are_not); i++) {
		const struct prefix it = prefix(are_not[i]);

		must(!policy_is_metadata(&it), "%s", are_not[i]);
	}
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
		/* on whichever list */
		const char *const lists[LISTS] = {[LIST_ALLOWED] = i % 3 == 0 ? rows[i].list : NULL,
			[LIST_BLOCKED] = i % 3 == 1 ? rows[i].list : NULL,
			[LIST_INBOUND] = i % 3 == 2 ? rows[i].list : NULL};
		struct policy it = policy((struct policy){0}, lists[0], lists[1], lists[2]);

		must(policy_wants_github(&it) == rows[i].github, "'%s'", rows[i].list);
		policy_free(&it);
		for (int list = 0; list < LISTS; list++)
			assert_int_equal(it.list[list].n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_mode_means),
		cmocka_unit_test(who_may_come_in_stays_as_it_was_said),
		cmocka_unit_test(what_cannot_be_meant),
		cmocka_unit_test(metadata),
		cmocka_unit_test(what_is_githubs),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
