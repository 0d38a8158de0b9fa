/* init/settings.h: the settings that hold entries, and the words that can stand among them. */
#include "tests/unit/unit.h"

#include "tests/unit/said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In a file a list may stand in parts; in the environment each is whole. */
static void lists_add_up(void **state)
{
	static const enum setting settings[] = {SETTING_ALLOW, SETTING_BLOCK, SETTING_INBOUND, SETTING_HOST};
	static const enum list lists[] = {LIST_ALLOWED, LIST_BLOCKED, LIST_INBOUND, LIST_ALLOWED};

	(void)state;
	for (size_t i = 0; i < LENGTH(settings); i++) {
		struct said it = {0};

		take(&it, settings[i], "a.com:443,10.0.0.0/8");
		take(&it, settings[i], "b.com,A.com:443");
		must_list(&it, lists[i], "a.com:443 10.0.0.0/8 b.com", setting_names[settings[i]].variable);
		policy_free(&it.policy);
	}
}

/* Both go to the same list, and a port by itself carries on the one that it stands in. */
static void a_port_of_the_host_is_no_allowed_domains(void **state)
{
	struct said it = {0};

	(void)state;
	take(&it, SETTING_ALLOW, "a.com:443");
	take(&it, SETTING_HOST, "8080");
	must(it.ret == -EINVAL, "8080 makes '%s'", list_text(&it.policy, LIST_ALLOWED));
	must_say(&it.error, FAIL_CONFIG, "PARA_ALLOW_HOST: entry 1, '8080'|a port by itself", "8080");
	policy_free(&it.policy);
}

static void the_proxy(void **state)
{
	static const struct {
		const char *value, *entry;
	} rows[] = {
		{"p.com:3128", "p.com:3128"},
		{"P.com.:3128", "p.com:3128"},
		{"http://p.com:3128", "p.com:3128"},
		{"HTTP://p.com:3128/", "p.com:3128"},
		{"p.com:3128/", "p.com:3128"},
		{"10.0.0.1:8080", "10.0.0.1:8080"},
		{"http://[2001:db8::1]:8080/", "[2001:db8::1]:8080"},
		{"localhost:3128", "localhost:3128"},
	};
	static const struct {
		const char *value, *words;
	} refused[] = {
		{"", "'(not shown)'|one HOST:PORT"},
		{" ", "'(not shown)'|one HOST:PORT"},
		{"http://", "'(not shown)'|one HOST:PORT"},
		{"p.com", "exactly the proxy"},
		{"p.com:3128-3130", "exactly the proxy"},
		{"10.0.0.0/8:3128", "exactly the proxy"},
		{"https://p.com:3128", "not a URL"},
		{"socks5://p.com:3128", "not a URL"},
		{"http://p.com:3128/x", "1 to 65535"},
		{"http://p.com:3128//", "1 to 65535"},
		{"*.p.com:3128", "exactly the proxy"},
		{"p.com:3128,80", "'(not shown)'|one HOST:PORT"},
		{"me@p.com:3128", "'(not shown)'|without user and password"},
		{"http://me:secret@p.com:3128", "'(not shown)'|without user and password"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct pair pairs[PAIRS_MAX] = {
			{SETTING_MODE, "proxy"}, {SETTING_PROXY, rows[i].value}};
		struct said it = say(pairs, false);

		must_list(&it, LIST_ALLOWED, rows[i].entry, rows[i].value);
		policy_free(&it.policy);
	}
	for (size_t i = 0; i < LENGTH(refused); i++) {
		const struct pair pairs[PAIRS_MAX] = {
			{SETTING_MODE, "proxy"}, {SETTING_PROXY, refused[i].value}};
		struct said it = say(pairs, false);

		must(it.ret == -EINVAL, "'%s' is taken for '%s'", refused[i].value,
			list_text(&it.policy, LIST_ALLOWED));
		must_say(&it.error, FAIL_CONFIG, refused[i].words, refused[i].value);
		must(!says(it.error.text, "secret"), "%s", it.error.text);
		policy_free(&it.policy);
	}
}

/* Else the one entry that is allowed would be the proxy, which nobody named. */
static void no_proxy_is_none(void **state)
{
	static const struct pair pairs[PAIRS_MAX] = {
		{SETTING_MODE, "proxy"}, {SETTING_ALLOW, "a.com:443"}, {SETTING_PROXY, ""}};
	struct said it = say(pairs, false);

	(void)state;
	must(it.ret == -EINVAL, "the proxy is '%s'", list_text(&it.policy, LIST_ALLOWED));
	policy_free(&it.policy);
}

/* Else it would be what is allowed by that name: under github.com, all of GitHub. */
static void the_proxy_is_not_allowed_once_more(void **state)
{
	static const struct pair rows[][PAIRS_MAX] = {
		{{SETTING_MODE, "proxy"}, {SETTING_ALLOW, "github.com:443"},
			{SETTING_PROXY, "github.com:443"}},
		{{SETTING_MODE, "proxy"}, {SETTING_PROXY, "github.com:443"},
			{SETTING_ALLOW, "github.com:443"}},
		{{SETTING_MODE, "proxy"}, {SETTING_PROXY, "github.com:443"},
			{SETTING_HOST, "github.com:443"}},
		{{SETTING_MODE, "proxy"}, {SETTING_HOST, "10.0.0.1:80"}, {SETTING_PROXY, "10.0.0.1:80"}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = say(rows[i], false);
		char row[20];

		snprintf(row, sizeof(row), "row %zu", i);
		must(it.ret == -EINVAL, "%s: '%s' is taken", row, list_text(&it.policy, LIST_ALLOWED));
		must_say(&it.error, FAIL_CONFIG, "exactly the proxy is allowed", row);
		policy_free(&it.policy);
	}
}

static void the_host(void **state)
{
	static const struct {
		const char *value;
		enum host host;
		const char *entries;
	} rows[] = {
		{"subnet", HOST_SUBNET, ""},
		{"GATEWAY", HOST_GATEWAY, ""},
		{"none", HOST_NONE, ""},
		/* entries instead of the whole network, which are allowed like any other */
		{"", HOST_NONE, ""},
		{"172.17.0.1:443", HOST_NONE, "172.17.0.1:443"},
		{"host.example:80,443,10.0.0.0/24", HOST_NONE, "host.example:80,443 10.0.0.0/24"},
	};
	struct said it = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		it = (struct said){0};
		take(&it, SETTING_HOST, rows[i].value);
		must_list(&it, LIST_ALLOWED, rows[i].entries, rows[i].value);
		must(it.policy.host == rows[i].host, "'%s' is read as %d", rows[i].value,
			(int)it.policy.host);
		policy_free(&it.policy);
	}
	/* of several words the first counts, and entries are more than it says */
	it = (struct said){0};
	take(&it, SETTING_HOST, "gateway");
	take(&it, SETTING_HOST, "10.0.0.1:80");
	take(&it, SETTING_HOST, "subnet");
	must_list(&it, LIST_ALLOWED, "10.0.0.1:80", "a word and an entry");
	assert_int_equal(it.policy.host, HOST_GATEWAY);
	/* not as names */
	take(&it, SETTING_HOST, "10.0.0.1:80, none");
	must_say(&it.error, FAIL_CONFIG, "'10.0.0.1:80, none'|subnet, gateway or none by itself", "none");
	take(&it, SETTING_HOST, "10.0.0.0/8:x");
	must_say(&it.error, FAIL_CONFIG, "PARA_ALLOW_HOST: entry 1, '10.0.0.0/8:x'", "10.0.0.0/8:x");
	policy_free(&it.policy);
	/* against whatever a file says; that must be right all the same */
	it = (struct said){0};
	take(&it, SETTING_HOST, "None");
	take(&it, SETTING_HOST, "10.0.0.0/8");
	take(&it, SETTING_HOST, "subnet");
	must_list(&it, LIST_ALLOWED, "", "none first");
	assert_int_equal(it.policy.host, HOST_NONE);
	take(&it, SETTING_HOST, "10.0.0.0/8:x");
	must_say(&it.error, FAIL_CONFIG, "PARA_ALLOW_HOST: entry 1, '10.0.0.0/8:x'", "a wrong one");
	policy_free(&it.policy);
}

#define ANYBODY(ports) "0.0.0.0/1:" ports " 128.0.0.0/1:" ports " [::/1]:" ports " [8000::/1]:" ports

static void who_may_come_in(void **state)
{
	static const struct {
		const char *value;
		bool host;
		const char *entries;
	} rows[] = {
		{"host", true, ""},
		{"HOST", true, ""},
		{"none", false, ""},
		{"None", false, ""},
		{"", false, ""},
		{"8080", false, ANYBODY("8080")},
		{"8080,9000-9010", false, ANYBODY("8080,9000-9010")},
		{"10.0.0.0/8", false, "10.0.0.0/8"},
		{"10.0.0.0/8:8080,9090", false, "10.0.0.0/8:8080,9090"},
		{"[2001:db8::/32]:80,a.com", false, "[2001:db8::/32]:80 a.com"},
		/* a port after an entry is that entry's; before it, anybody's */
		{"8080,10.0.0.0/8:22,2222", false, ANYBODY("8080") " 10.0.0.0/8:22,2222"},
		{"host,8080", true, ANYBODY("8080")},
		{"8080,host", true, ANYBODY("8080")},
		{"host,10.0.0.0/8", true, "10.0.0.0/8"},
		{"host,80,443,10.0.0.1:22", true, ANYBODY("80,443") " 10.0.0.1:22"},
		/* blanks and empty items are no trouble, as in any list */
		{"8080, 9090", false, ANYBODY("8080,9090")},
		{" 8080 , host , 10.0.0.1:22 , 23", true, ANYBODY("8080") " 10.0.0.1:22,23"},
		{"8080,", false, ANYBODY("8080")},
		{",8080,,9090,", false, ANYBODY("8080,9090")},
	};
	static const struct {
		const char *value, *words;
	} refused[] = {
		{"none,8080", "is 'none,8080'; it must be none by itself"},
		{"host, none", "none by itself"},
		{"0", "entry 1, '0'|1 to 65535"},
		{"80-79", "backwards"},
		{"-80", "1 to 65535"},
		{"80-", "1 to 65535"},
		{"1.2.3", "not an address or network"},
		{"0.0.0.0/0", "covers every address"},
		{"10.0.0.1,8080", "a port by itself"},
		{"1-10000000000000000000000000000000080", "a port by itself"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		take(&it, SETTING_INBOUND, rows[i].value);
		must_list(&it, LIST_INBOUND, rows[i].entries, rows[i].value);
		must(it.policy.inbound_said, "'%s' is nothing", rows[i].value);
		must(it.policy.inbound_host == rows[i].host, "'%s': the host is %d", rows[i].value,
			it.policy.inbound_host);
		policy_free(&it.policy);
	}
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct said it = {0};

		take(&it, SETTING_INBOUND, refused[i].value);
		must(it.ret == -EINVAL, "'%s' is taken for '%s'", refused[i].value,
			list_text(&it.policy, LIST_INBOUND));
		must_say(&it.error, FAIL_CONFIG, "PARA_ALLOW_INBOUND", refused[i].value);
		must_say(&it.error, FAIL_CONFIG, refused[i].words, refused[i].value);
		policy_free(&it.policy);
	}
}

/* As the first word it counts against whatever a file says; after others it changes nothing. */
static void nobody_may_come_in(void **state)
{
	struct said first = {0}, last = {0};

	(void)state;
	take(&first, SETTING_INBOUND, "none");
	take(&first, SETTING_INBOUND, "host,8080,10.0.0.1");
	must_list(&first, LIST_INBOUND, "", "none first");
	assert_false(first.policy.inbound_host);
	take(&last, SETTING_INBOUND, "host,8080");
	take(&last, SETTING_INBOUND, "none");
	take(&last, SETTING_INBOUND, "10.0.0.1");
	must_list(&last, LIST_INBOUND, ANYBODY("8080") " 10.0.0.1", "none amidst others");
	assert_true(last.policy.inbound_host);
	policy_free(&last.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(a_port_of_the_host_is_no_allowed_domains),
		cmocka_unit_test(the_proxy),
		cmocka_unit_test(no_proxy_is_none),
		cmocka_unit_test(the_proxy_is_not_allowed_once_more),
		cmocka_unit_test(the_host),
		cmocka_unit_test(who_may_come_in),
		cmocka_unit_test(nobody_may_come_in),
	};

	return cmocka_run_group_tests_name("settings-lists", tests, NULL, NULL);
}
