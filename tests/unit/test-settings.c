/* init/settings.h: the words of each setting, what is refused and how that is said, and what all of it means.
 */
#include "tests/unit/unit.h"

#include "tests/unit/said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a setting of one word has become. */
static int value_of(const struct said *it, enum setting setting)
{
	switch (setting) {
	case SETTING_ISOLATION:
		return it->settings.isolated;
	case SETTING_MODE:
		return (int)it->policy.mode;
	case SETTING_PROFILE:
		return it->policy.strict;
	case SETTING_DNS:
		return (int)it->policy.dns;
	case SETTING_SSH:
		return (int)it->policy.ssh;
	case SETTING_HOST:
		return (int)it->policy.host;
	case SETTING_GUARD:
		return it->policy.guarded;
	case SETTING_NAMES:
		return it->policy.filter;
	default:
		fail_msg("no setting of one word");
		return -1;
	}
}

static void words(void **state)
{
	static const struct {
		enum setting setting;
		const char *value;
		int means;
	} rows[] = {
		{SETTING_ISOLATION, "true", true},
		{SETTING_ISOLATION, "TRUE", true},
		{SETTING_ISOLATION, "1", true},
		{SETTING_ISOLATION, "Yes", true},
		{SETTING_ISOLATION, "oN", true},
		{SETTING_ISOLATION, "false", false},
		{SETTING_ISOLATION, "False", false},
		{SETTING_ISOLATION, "0", false},
		{SETTING_ISOLATION, "NO", false},
		{SETTING_ISOLATION, "oFF", false},
		{SETTING_MODE, "allowlist", MODE_ALLOWLIST},
		{SETTING_MODE, "AllowList", MODE_ALLOWLIST},
		{SETTING_MODE, "blocklist", MODE_BLOCKLIST},
		{SETTING_MODE, "BLOCKLIST", MODE_BLOCKLIST},
		{SETTING_MODE, "proxy", MODE_PROXY},
		{SETTING_MODE, "none", MODE_NONE},
		{SETTING_MODE, "unprotected-observe", MODE_OBSERVE},
		{SETTING_MODE, "Unprotected-Observe", MODE_OBSERVE},
		{SETTING_PROFILE, "default", false},
		{SETTING_PROFILE, "strict", true},
		{SETTING_PROFILE, "Strict", true},
		{SETTING_DNS, "resolvers", DNS_RESOLVERS},
		{SETTING_DNS, "None", DNS_NONE},
		{SETTING_SSH, "any", SSH_ANY},
		{SETTING_SSH, "AllowList", SSH_ALLOWLIST},
		{SETTING_SSH, "none", SSH_NONE},
		{SETTING_HOST, "subnet", HOST_SUBNET},
		{SETTING_HOST, "Gateway", HOST_GATEWAY},
		{SETTING_HOST, "none", HOST_NONE},
		{SETTING_GUARD, "on", true},
		{SETTING_GUARD, "TRUE", true},
		{SETTING_GUARD, "Off", false},
		{SETTING_GUARD, "0", false},
		{SETTING_NAMES, "open", false},
		{SETTING_NAMES, "filter", true},
		{SETTING_NAMES, "FILTER", true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		take(&it, rows[i].setting, rows[i].value);
		must(it.ret == 0, "'%s': %s", rows[i].value, it.error.text);
		must(it.settings.said[rows[i].setting] != NULL, "'%s' was not said", rows[i].value);
		must(value_of(&it, rows[i].setting) == rows[i].means, "%s is '%s', which is read as %d",
			setting_names[rows[i].setting].variable, rows[i].value,
			value_of(&it, rows[i].setting));
		policy_free(&it.policy);
	}
}

/* Each message whole: it is all that the operator gets. */
static void wrong_values(void **state)
{
#define SWITCH	    "it must be true or false (also 1/0, yes/no, on/off)"
#define MODES	    "it must be allowlist, blocklist, proxy, none or unprotected-observe"
#define CONNECTIONS "it must be a number of connections a minute, from 1 to 1000000"
	static const struct {
		enum setting setting;
		const char *value, *message;
	} rows[] = {
		{SETTING_ISOLATION, "", "PARA_NETWORK_ISOLATION is ''; " SWITCH},
		{SETTING_ISOLATION, "ture", "PARA_NETWORK_ISOLATION is 'ture'; " SWITCH},
		{SETTING_ISOLATION, "2", "PARA_NETWORK_ISOLATION is '2'; " SWITCH},
		{SETTING_ISOLATION, " true", "PARA_NETWORK_ISOLATION is ' true'; " SWITCH},
		{SETTING_ISOLATION, "true\n", "PARA_NETWORK_ISOLATION is 'true\n'; " SWITCH},
		{SETTING_ISOLATION, "falsee", "PARA_NETWORK_ISOLATION is 'falsee'; " SWITCH},
		{SETTING_MODE, "", "PARA_NETWORK_MODE is ''; " MODES},
		{SETTING_MODE, "allow", "PARA_NETWORK_MODE is 'allow'; " MODES},
		/* its long name is there so that nobody takes it for protection */
		{SETTING_MODE, "observe", "PARA_NETWORK_MODE is 'observe'; " MODES},
		{SETTING_MODE, "blocklist,none", "PARA_NETWORK_MODE is 'blocklist,none'; " MODES},
		{SETTING_GUARD, "", "PARA_GUARD is ''; " SWITCH},
		{SETTING_GUARD, "none", "PARA_GUARD is 'none'; " SWITCH},
		{SETTING_NAMES, "", "PARA_DNS is ''; it must be open or filter"},
		{SETTING_NAMES, "none", "PARA_DNS is 'none'; it must be open or filter"},
		{SETTING_CONNECTIONS, "", "PARA_LIMIT_CONNECTIONS is ''; " CONNECTIONS},
		{SETTING_CONNECTIONS, "0", "PARA_LIMIT_CONNECTIONS is '0'; " CONNECTIONS},
		{SETTING_CONNECTIONS, "-1", "PARA_LIMIT_CONNECTIONS is '-1'; " CONNECTIONS},
		{SETTING_CONNECTIONS, "1000001", "PARA_LIMIT_CONNECTIONS is '1000001'; " CONNECTIONS},
		{SETTING_CONNECTIONS, "4294967297", "PARA_LIMIT_CONNECTIONS is '4294967297'; " CONNECTIONS},
		{SETTING_CONNECTIONS, "60/m", "PARA_LIMIT_CONNECTIONS is '60/m'; " CONNECTIONS},
		{SETTING_CONNECTIONS, "1K", "PARA_LIMIT_CONNECTIONS is '1K'; " CONNECTIONS},
		{SETTING_PROFILE, "strickt", "PARA_PROFILE is 'strickt'; it must be default or strict"},
		{SETTING_DNS, "any", "PARA_ALLOW_DNS is 'any'; it must be resolvers or none"},
		{SETTING_DNS, "false", "PARA_ALLOW_DNS is 'false'; it must be resolvers or none"},
		{SETTING_SSH, "no", "PARA_ALLOW_SSH is 'no'; it must be any, allowlist or none"},
		{SETTING_PROXY, "user:secret@p.com:3128",
			"PARA_PROXY is '(not shown)'; it must be one HOST:PORT without user and password, as "
			"in "
			"proxy.example.com:3128"},
		{SETTING_PROXY, "p.com:3128,q.com:3128",
			"PARA_PROXY is '(not shown)'; it must be one HOST:PORT without user and password, as "
			"in "
			"proxy.example.com:3128"},
		{SETTING_INBOUND, "65536",
			"PARA_ALLOW_INBOUND: entry 1, '65536': a port is a number from 1 to 65535, or a "
			"range such "
			"as 8000-8010"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		take(&it, rows[i].setting, rows[i].value);
		must(it.ret == -EINVAL, "%s: '%s' is taken", setting_names[rows[i].setting].variable,
			rows[i].value);
		assert_int_equal(it.error.kind, FAIL_CONFIG);
		assert_string_equal(it.error.text, rows[i].message);
		policy_free(&it.policy);
	}
}

static void a_long_value_is_cut_in_the_message(void **state)
{
	struct said it = {0};

	(void)state;
	take(&it, SETTING_MODE, times("x", 3000));
	must_say(&it.error, FAIL_CONFIG, "PARA_NETWORK_MODE is 'xxx|xxx'; it must be allowlist", "3000");
	must(strlen(it.error.text) < 250, "%s", it.error.text);
}

/* The environment is taken before a file; what is not looked at need not be right. */
static void the_first_that_is_taken_wins(void **state)
{
	static const struct {
		enum setting setting;
		const char *first;
		int means;
		const char *second;
	} rows[] = {
		{SETTING_ISOLATION, "true", true, "false"},
		{SETTING_ISOLATION, "false", false, "true"},
		{SETTING_MODE, "none", MODE_NONE, "blocklist"},
		{SETTING_MODE, "allowlist", MODE_ALLOWLIST, "blocklist"},
		{SETTING_PROFILE, "default", false, "strict"},
		{SETTING_PROFILE, "strict", true, "default"},
		{SETTING_DNS, "none", DNS_NONE, "resolvers"},
		{SETTING_SSH, "allowlist", SSH_ALLOWLIST, "any"},
		{SETTING_SSH, "none", SSH_NONE, "nonsense"},
		{SETTING_GUARD, "off", false, "on"},
		{SETTING_GUARD, "on", true, "off"},
		{SETTING_NAMES, "filter", true, "open"},
		{SETTING_NAMES, "open", false, "filter"},
	};
	struct said it = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		it = (struct said){0};
		take(&it, rows[i].setting, rows[i].first);
		take(&it, rows[i].setting, rows[i].second);
		must(it.ret == 0, "'%s' after '%s': %s", rows[i].second, rows[i].first, it.error.text);
		must(value_of(&it, rows[i].setting) == rows[i].means, "'%s' counts, not '%s'", rows[i].second,
			rows[i].first);
	}
	it = (struct said){0};
	take(&it, SETTING_PROXY, "p.com:3128");
	take(&it, SETTING_PROXY, "q.com:3128");
	must_list(&it, LIST_ALLOWED, "p.com:3128", "two proxies");
	policy_free(&it.policy);
	it = (struct said){0};
	take(&it, SETTING_CONNECTIONS, "60");
	take(&it, SETTING_CONNECTIONS, "600");
	take(&it, SETTING_BYTES, "1M");
	take(&it, SETTING_BYTES, "1T");
	assert_int_equal(it.policy.connections, 60);
	assert_int_equal(it.policy.bytes, 1 << 20);
}

static void isolation(void **state)
{
	static const struct {
		struct pair pairs[PAIRS_MAX];
		bool wanted, isolated;
	} rows[] = {
		{{{0, NULL}}, false, false},
		{{{0, NULL}}, true, true},
		{{{SETTING_ISOLATION, "true"}}, false, true},
		{{{SETTING_ISOLATION, "false"}}, false, false},
		/* each setting by itself, whatever it says */
		{{{SETTING_MODE, "allowlist"}}, false, true},
		{{{SETTING_PROFILE, "default"}}, false, true},
		{{{SETTING_ALLOW, ""}}, false, true},
		{{{SETTING_ALLOW, " , ,"}}, false, true},
		{{{SETTING_BLOCK, ""}}, false, true},
		{{{SETTING_PROXY, "p.com:3128"}, {SETTING_MODE, "proxy"}}, false, true},
		{{{SETTING_DNS, "resolvers"}}, false, true},
		{{{SETTING_SSH, "any"}}, false, true},
		{{{SETTING_HOST, "subnet"}}, false, true},
		{{{SETTING_INBOUND, "host"}}, false, true},
		{{{SETTING_GUARD, "off"}}, false, true},
		{{{SETTING_NAMES, "open"}}, false, true},
		{{{SETTING_CONNECTIONS, "1"}}, false, true},
		{{{SETTING_BYTES, "1"}}, false, true},
		/* false has the last word, even over who asks for the set-up alone */
		{{{SETTING_ISOLATION, "false"}}, true, false},
		{{{SETTING_ISOLATION, "0"}, {SETTING_ALLOW, "a.com"}}, false, false},
		{{{SETTING_ISOLATION, "no"}, {SETTING_MODE, "none"}, {SETTING_PROFILE, "strict"}}, true,
			false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = say(rows[i].pairs, rows[i].wanted);

		must(it.ret == 0, "row %zu: %s", i, it.error.text);
		must(it.policy.isolated == rows[i].isolated, "row %zu: isolated is %d", i,
			it.policy.isolated);
		policy_free(&it.policy);
	}
}

/* Whoever starts the container and speaks of a policy is not overruled by a file that says no. */
static void isolation_by_a_file(void **state)
{
#define A_FILE "/etc/policy.json"
	static const struct {
		struct pair start, file, more; /* of the file */
		bool wanted;
		int isolated; /* -1: refused */
	} rows[] = {
		/* a file asks for isolation by being there */
		{.file = {SETTING_ALLOW, "a.com"}, .isolated = 1},
		{.file = {0, NULL}, .isolated = 1},
		{.file = {SETTING_ISOLATION, "false"}, .isolated = 0},
		{.file = {SETTING_ISOLATION, "false"}, .more = {SETTING_ALLOW, "a.com"}, .isolated = 0},
		{.file = {SETTING_ISOLATION, "false"}, .wanted = true, .isolated = -1},
		{.start = {SETTING_ALLOW, "a.com"}, .file = {SETTING_ISOLATION, "false"}, .isolated = -1},
		{.start = {SETTING_SSH, "none"}, .file = {SETTING_ISOLATION, "false"}, .isolated = -1},
		/* the start has said it himself */
		{.start = {SETTING_ISOLATION, "true"}, .file = {SETTING_ISOLATION, "false"}, .isolated = 1},
		{.start = {SETTING_ISOLATION, "false"}, .file = {SETTING_ISOLATION, "true"}, .isolated = 0},
		{.start = {SETTING_ISOLATION, "false"},
			.file = {SETTING_MODE, "none"},
			.wanted = true,
			.isolated = 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		if (rows[i].start.value != NULL)
			take(&it, rows[i].start.setting, rows[i].start.value);
		it.settings.file = A_FILE;
		if (rows[i].file.value != NULL)
			take(&it, rows[i].file.setting, rows[i].file.value);
		if (rows[i].more.value != NULL)
			take(&it, rows[i].more.setting, rows[i].more.value);
		finish(&it, rows[i].wanted);
		must((it.ret < 0) == (rows[i].isolated < 0), "row %zu: %d", i, it.ret);
		if (it.ret < 0)
			must_say(&it.error, FAIL_CONFIG,
				A_FILE
				" says that there is no isolation|PARA_NETWORK_ISOLATION=true or false",
				"a file that says no");
		else
			must(it.policy.isolated == rows[i].isolated, "row %zu: isolated is %d", i,
				it.policy.isolated);
		must(it.ret < 0 || it.policy.isolated ||
				says(it.heard, "what else " A_FILE " says is ignored"),
			"row %zu: '%s'", i, it.heard);
		/* what the file said is not the start's */
		must(!says(it.heard, "PARA_"), "row %zu: '%s'", i, it.heard);
		policy_free(&it.policy);
	}
}

static void what_is_ignored_is_named(void **state)
{
	static const struct pair pairs[PAIRS_MAX] = {{SETTING_ISOLATION, "off"},
		{SETTING_ALLOW, "a.com,b.com"}, {SETTING_SSH, "None"}, {SETTING_PROXY, "p.com:3128"}};
	struct said it = say(pairs, true);

	(void)state;
	must(it.ret == 0, "%s", it.error.text);
	must(says(it.heard,
		     "warning: |PARA_ALLOWED_DOMAINS is ignored: 'a.com,b.com'|PARA_ALLOW_SSH is ignored: "
		     "'None'|PARA_PROXY is ignored: '(not shown)'"),
		"%s", it.heard);
	must(!says(it.heard, "p.com") && !says(it.heard, "PARA_NETWORK_MODE"), "%s", it.heard);
	policy_free(&it.policy);
}

static void the_lists_that_are_filled_in(void **state)
{
#define METADATA                                                                                  \
	"169.254.169.254 169.254.170.2 169.254.170.23 168.63.129.16 100.100.100.200 192.0.0.192 " \
	"fd00:ec2::254 fd00:ec2::23 fd20:ce::254"
#define DEFAULTS "api.anthropic.com github.com api.github.com registry.npmjs.org"
	static const struct {
		struct pair pairs[PAIRS_MAX];
		bool defaulted;
		const char *allowed, *blocked;
	} rows[] = {
		{{{SETTING_ISOLATION, "true"}}, true, DEFAULTS, ""},
		{{{SETTING_MODE, "allowlist"}}, true, DEFAULTS, ""},
		{{{SETTING_PROFILE, "strict"}}, true, DEFAULTS, ""},
		{{{SETTING_BLOCK, "b.com"}}, true, DEFAULTS, "b.com"},
		{{{SETTING_HOST, "10.0.0.1:80"}}, true, "10.0.0.1:80 " DEFAULTS, ""},
		{{{SETTING_ALLOW, ""}}, false, "", ""},
		{{{SETTING_ALLOW, "a.com"}}, false, "a.com", ""},
		{{{SETTING_MODE, "none"}}, false, "", ""},
		{{{SETTING_MODE, "proxy"}, {SETTING_PROXY, "p.com:3128"}}, false, "p.com:3128", ""},
		{{{SETTING_MODE, "blocklist"}}, false, "", METADATA},
		{{{SETTING_MODE, "blocklist"}, {SETTING_ALLOW, "169.254.169.254:80"},
			 {SETTING_BLOCK, "b.com"}},
			false, "169.254.169.254:80", "b.com " METADATA},
		/* all is sent, so the metadata services are named as what is not */
		{{{SETTING_MODE, "unprotected-observe"}}, false, "", METADATA},
		{{{SETTING_MODE, "unprotected-observe"}, {SETTING_ALLOW, "a.com"}}, false, "a.com", METADATA},
		/* off: nothing */
		{{{SETTING_ISOLATION, "false"}, {SETTING_MODE, "blocklist"}}, false, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = say(rows[i].pairs, false);
		char row[20];

		snprintf(row, sizeof(row), "row %zu", i);
		must_list(&it, LIST_ALLOWED, rows[i].allowed, row);
		must_list(&it, LIST_BLOCKED, rows[i].blocked, row);
		must(it.policy.defaulted == rows[i].defaulted, "%s: defaulted is %d", row,
			it.policy.defaulted);
		policy_free(&it.policy);
	}
}

static void settings_that_do_not_go_together(void **state)
{
	static const struct {
		struct pair pairs[PAIRS_MAX];
		const char *words;
	} rows[] = {
		{{{SETTING_MODE, "proxy"}},
			"the network mode is proxy, and no proxy is named|PARA_PROXY=HOST:PORT"},
		{{{SETTING_MODE, "proxy"}, {SETTING_ALLOW, "p.com:3128"}}, "no proxy is named"},
		{{{SETTING_PROXY, "p.com:3128"}}, "PARA_PROXY names a proxy, and the network mode is another "
						  "one|PARA_NETWORK_MODE=proxy"},
		{{{SETTING_MODE, "none"}, {SETTING_PROXY, "p.com:3128"}}, "the network mode is another one"},
		{{{SETTING_MODE, "blocklist"}, {SETTING_PROXY, "p.com:3128"}}, "another one"},
		{{{SETTING_MODE, "proxy"}, {SETTING_PROXY, "p.com:3128"}, {SETTING_ALLOW, "a.com"}},
			"exactly the proxy is allowed"},
		{{{SETTING_MODE, "proxy"}, {SETTING_PROXY, "p.com:3128"}, {SETTING_HOST, "10.0.0.1:80"}},
			"exactly the proxy is allowed"},
		{{{SETTING_MODE, "none"}, {SETTING_ALLOW, "a.com"}},
			"mode is none, and something is allowed"},
		{{{SETTING_MODE, "none"}, {SETTING_HOST, "10.0.0.1"}},
			"mode is none, and something is allowed"},
		{{{SETTING_MODE, "none"}, {SETTING_INBOUND, "8080"}},
			"mode is none, and something is allowed"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = say(rows[i].pairs, false);

		must(it.ret == -EINVAL, "row %zu is taken", i);
		must_say(&it.error, FAIL_CONFIG, rows[i].words, rows[i].words);
		policy_free(&it.policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(a_long_value_is_cut_in_the_message),
		cmocka_unit_test(the_first_that_is_taken_wins),
		cmocka_unit_test(isolation),
		cmocka_unit_test(isolation_by_a_file),
		cmocka_unit_test(what_is_ignored_is_named),
		cmocka_unit_test(the_lists_that_are_filled_in),
		cmocka_unit_test(settings_that_do_not_go_together),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
