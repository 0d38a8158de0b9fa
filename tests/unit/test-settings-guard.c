/* init/settings.h: the guard and the limits, and what they mean where nothing was said. */
#include "tests/unit/unit.h"

#include "tests/unit/said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define TIB (KIB * KIB * KIB * KIB)

static void numbers_of_bytes(void **state)
{
	static const struct {
		const char *value;
		uint64_t bytes;
	} rows[] = {
		{"1", 1},
		{"500", 500},
		{"0500", 500},
		{"9999999999", UINT64_C(9999999999)},
		{"1K", KIB},
		{"1k", KIB},
		{"500M", 500 * KIB * KIB},
		{"500m", 500 * KIB * KIB},
		{"2G", 2 * KIB * KIB * KIB},
		{"3T", 3 * TIB},
		/* the most that the kernel can count */
		{"8388607T", 8388607 * TIB},
		{"8589934591G", 8589934591 * KIB * KIB * KIB},
		{"9999999999M", 9999999999 * KIB * KIB},
	};
	/* what wraps around would be another quota, or none */
	static const char *const refused[] = {"", "0", "0K", "K", "1KK", "1B", "1KB", "1MiB", "1.5G", "-1",
		"+1", " 1", "1 ", "1 G", "1e9", "0x10", "unlimited", "10000000000", "18446744073709551616",
		"8388608T", "16777216T", "9999999999T", "8589934592G", "17179869184G", "1P", "G2",
		"111111111111111111111111111111111M", "1\nG"};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		take(&it, SETTING_BYTES, rows[i].value);
		must(it.ret == 0, "'%s': %s", rows[i].value, it.error.text);
		must(it.policy.bytes == rows[i].bytes, "'%s' is read as %llu", rows[i].value,
			(unsigned long long)it.policy.bytes);
	}
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct said it = {0};

		take(&it, SETTING_BYTES, refused[i]);
		must(it.ret == -EINVAL, "'%s' is taken for %llu", refused[i],
			(unsigned long long)it.policy.bytes);
		must_say(&it.error, FAIL_CONFIG, "PARA_QUOTA_BYTES is '|a number of bytes|as in 500M",
			refused[i]);
	}
}

static void numbers_of_connections(void **state)
{
	static const struct {
		const char *value;
		uint32_t connections;
	} rows[] = {{"1", 1}, {"300", 300}, {"0300", 300}, {"1000000", 1000000}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {0};

		take(&it, SETTING_CONNECTIONS, rows[i].value);
		must(it.ret == 0, "'%s': %s", rows[i].value, it.error.text);
		must(it.policy.connections == rows[i].connections, "'%s' is read as %u", rows[i].value,
			it.policy.connections);
	}
}

/* On wherever the network is isolated and something of us stays; strict filters names wherever it can. */
static void what_is_not_said(void **state)
{
	static const struct {
		struct pair pairs[PAIRS_MAX];
		bool ends, guarded, filter;
	} rows[] = {
		{{{SETTING_ISOLATION, "true"}}, false, true, false},
		{{{SETTING_ALLOW, "a.com"}}, false, true, false},
		{{{SETTING_ALLOW, "a.com"}}, true, false, false},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_GUARD, "off"}}, false, false, false},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_GUARD, "off"}}, true, false, false},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_GUARD, "on"}}, false, true, false},
		{{{SETTING_MODE, "none"}}, false, true, false},
		{{{SETTING_PROFILE, "strict"}, {SETTING_ALLOW, "a.com"}}, false, true, true},
		{{{SETTING_PROFILE, "strict"}, {SETTING_ALLOW, "a.com"}}, true, false, false},
		{{{SETTING_PROFILE, "strict"}, {SETTING_ALLOW, "a.com"}, {SETTING_GUARD, "off"}}, false,
			false, false},
		/* what is said counts against the profile */
		{{{SETTING_PROFILE, "strict"}, {SETTING_ALLOW, "a.com"}, {SETTING_NAMES, "open"}}, false,
			true, false},
		{{{SETTING_PROFILE, "default"}, {SETTING_ALLOW, "a.com"}, {SETTING_NAMES, "filter"}}, false,
			true, true},
		{{{SETTING_MODE, "unprotected-observe"}}, false, true, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {.settings = {.ends = rows[i].ends}};

		for (size_t p = 0; p < PAIRS_MAX && rows[i].pairs[p].value != NULL; p++)
			take(&it, rows[i].pairs[p].setting, rows[i].pairs[p].value);
		finish(&it, false);
		must(it.ret == 0, "row %zu: %s", i, it.error.text);
		must(it.policy.guarded == rows[i].guarded, "row %zu: guarded is %d", i, it.policy.guarded);
		must(it.policy.filter == rows[i].filter, "row %zu: filter is %d", i, it.policy.filter);
		policy_free(&it.policy);
	}
}

/* Nobody gets less than what he asked for. */
static void what_needs_the_guard(void **state)
{
	static const struct {
		struct pair pairs[PAIRS_MAX];
		bool ends;
		const char *words; /* NULL: it may be */
	} rows[] = {
		{{{SETTING_ALLOW, "a.com,*.b.com:443"}}, false, NULL},
		{{{SETTING_ALLOW, "a.com,*.b.com:443"}, {SETTING_GUARD, "off"}}, false,
			"'*.b.com:443' is a wildcard, and only the guard knows what it "
			"means|PARA_GUARD|api.b.com"},
		{{{SETTING_ALLOW, "a.com,*.b.com:443"}}, true,
			"'*.b.com:443' is a wildcard|nothing stays behind"},
		{{{SETTING_BLOCK, "*.b.com"}}, false, NULL},
		{{{SETTING_BLOCK, "*.b.com"}, {SETTING_GUARD, "off"}}, false, "'*.b.com' is a wildcard"},
		{{{SETTING_BLOCK, "*.b.com"}, {SETTING_MODE, "blocklist"}, {SETTING_GUARD, "off"}}, false,
			"'*.b.com' is a wildcard"},
		{{{SETTING_HOST, "*.b.com"}}, false, NULL},
		{{{SETTING_HOST, "*.b.com"}, {SETTING_GUARD, "off"}}, false, "'*.b.com' is a wildcard"},
		{{{SETTING_INBOUND, "*.b.com"}}, false,
			"'*.b.com' is a wildcard|nobody can be let in by one"},
		{{{SETTING_ALLOW, "*.b.com"}, {SETTING_DNS, "none"}}, false,
			"'*.b.com' is a wildcard|PARA_ALLOW_DNS=none"},
		{{{SETTING_MODE, "unprotected-observe"}, {SETTING_GUARD, "off"}}, false,
			"unprotected-observe is about what the guard records|PARA_GUARD"},
		{{{SETTING_MODE, "unprotected-observe"}}, true, "unprotected-observe|nothing stays behind"},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_NAMES, "filter"}, {SETTING_GUARD, "off"}}, false,
			"PARA_DNS=filter needs the guard|PARA_GUARD"},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_NAMES, "filter"}}, true,
			"PARA_DNS=filter needs the guard"},
		{{{SETTING_ALLOW, "a.com"}, {SETTING_GUARD, "on"}}, true,
			"PARA_GUARD is on, and a set-up that ends"},
		/* limits are the kernel's */
		{{{SETTING_CONNECTIONS, "60"}, {SETTING_BYTES, "1G"}, {SETTING_GUARD, "off"}}, false, NULL},
		{{{SETTING_CONNECTIONS, "60"}, {SETTING_BYTES, "1G"}}, true, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct said it = {.settings = {.ends = rows[i].ends}};
		char row[20];

		for (size_t p = 0; p < PAIRS_MAX && rows[i].pairs[p].value != NULL; p++)
			take(&it, rows[i].pairs[p].setting, rows[i].pairs[p].value);
		finish(&it, false);
		snprintf(row, sizeof(row), "row %zu", i);
		must(it.ret == (rows[i].words == NULL ? 0 : -EINVAL), "%s: %d, %s", row, it.ret,
			it.error.text);
		if (rows[i].words != NULL)
			must_say(&it.error, FAIL_CONFIG, rows[i].words, row);
		policy_free(&it.policy);
	}
}

/* Without isolation there is no guard, and who asked for one is told. */
static void without_isolation(void **state)
{
	static const struct pair pairs[PAIRS_MAX] = {{SETTING_ISOLATION, "false"}, {SETTING_GUARD, "on"},
		{SETTING_NAMES, "filter"}, {SETTING_BYTES, "1G"}};
	struct said it = say(pairs, false);

	(void)state;
	must(it.ret == 0, "%s", it.error.text);
	must(says(it.heard, "PARA_GUARD is ignored: 'on'|PARA_DNS is ignored: 'filter'|PARA_QUOTA_BYTES is "
			    "ignored: '1G'"),
		"%s", it.heard);
	assert_false(it.policy.isolated);
	assert_false(it.policy.guarded);
	policy_free(&it.policy);
}

/* A file cannot take back what the start said, nor give a set-up that ends a guard. */
static void by_a_file(void **state)
{
	struct said it = {0};

	(void)state;
	take(&it, SETTING_GUARD, "on");
	it.settings.file = "/etc/policy.json";
	take(&it, SETTING_GUARD, "off");
	take(&it, SETTING_NAMES, "filter");
	take(&it, SETTING_ALLOW, "a.com");
	finish(&it, false);
	must(it.ret == 0, "%s", it.error.text);
	assert_true(it.policy.guarded);
	assert_true(it.policy.filter);
	policy_free(&it.policy);
	it = (struct said){.settings = {.file = "/etc/policy.json", .ends = true}};
	take(&it, SETTING_GUARD, "on");
	finish(&it, true);
	must_say(&it.error, FAIL_CONFIG, "a set-up that ends", "a file's guard");
	policy_free(&it.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_bytes),
		cmocka_unit_test(numbers_of_connections),
		cmocka_unit_test(what_is_not_said),
		cmocka_unit_test(what_needs_the_guard),
		cmocka_unit_test(without_isolation),
		cmocka_unit_test(by_a_file),
	};

	return cmocka_run_group_tests_name("settings-guard", tests, NULL, NULL);
}
