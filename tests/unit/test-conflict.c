/* fw/conflict.h: which entries contradict each other, or say nothing new, and that no others are called so.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "fw/conflict.h"

static char said[4000];

static void hear(const char *line)
{
	const size_t used = strlen(said);

	snprintf(said + used, sizeof(said) - used, "%s\n", line);
}

static void conflicts(void **state)
{
#define NOTHING_NEW(inner, outer) "'" inner "' says nothing that '" outer "' does not say already\n"
#define WITHOUT_EFFECT(blocked, allowed) \
	"'" blocked "' is blocked and without effect, since '" allowed "' is allowed, which comes first\n"
	static const struct {
		const char *allowed, *blocked, *says;
	} rows[] = {
		{"a.com,b.com,10.0.0.0/8:443,10.0.0.1:80", NULL, ""},
		{"a.com,a.com:443", NULL, NOTHING_NEW("a.com:443", "a.com")},
		{"a.com:443,a.com:80,443", NULL, NOTHING_NEW("a.com:443", "a.com:80,443")},
		{"a.com:80,a.com:1-1023", NULL, NOTHING_NEW("a.com:80", "a.com:1-1023")},
		{"10.0.0.1,10.0.0.0/8", NULL, NOTHING_NEW("10.0.0.1", "10.0.0.0/8")},
		{"[2001:db8::1]:443,2001:db8::/32", NULL, NOTHING_NEW("[2001:db8::1]:443", "2001:db8::/32")},
		/* more ports, or another place */
		{"10.0.0.1,10.0.0.0/8:443", NULL, ""},
		{"a.com:80-90,a.com:85-95", NULL, ""},
		{"a.com,b.a.com", NULL, ""},
		/* of presets no line is the operator's */
		{"@npm,registry.npmjs.org", NULL, ""},
		/* allowed comes first */
		{"a.com", "a.com", WITHOUT_EFFECT("a.com", "a.com")},
		{"10.0.0.0/8", "10.0.0.1:80", WITHOUT_EFFECT("10.0.0.1:80", "10.0.0.0/8")},
		/* an exception, which is what they are for */
		{"10.0.0.1", "10.0.0.0/8", ""},
		{"a.com:443", "a.com", ""},
		/* the resolver, 192.0.2.53 */
		{NULL, "192.0.2.0/24",
			"'192.0.2.0/24' is blocked, and with it the resolver '192.0.2.53:53'\n"},
		{NULL, "192.0.2.53:50-60",
			"'192.0.2.53:50-60' is blocked, and with it the resolver '192.0.2.53:53'\n"},
		{NULL, "192.0.2.53:80", ""},
	};
	struct resolv resolv;
	struct error error;

	(void)state;
	assert_int_equal(resolv_read(file_of(0, "nameserver 192.0.2.53\n"), &resolv, &error), 0);
	file_drop();
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy it =
			policy((struct policy){.dns = DNS_RESOLVERS}, rows[i].allowed, rows[i].blocked, NULL);

		*said = '\0';
		conflicts_say(&it, &resolv, hear);
		must(strcmp(said, rows[i].says) == 0, "row %zu: '%s', not '%s'", i, said, rows[i].says);
		policy_free(&it);
	}
}

/* Whom nobody asks nobody misses. */
static void a_resolver_that_is_not_used(void **state)
{
	struct policy it = policy((struct policy){.dns = DNS_NONE}, NULL, "192.0.2.53", NULL);
	struct resolv resolv;
	struct error error;

	(void)state;
	assert_int_equal(resolv_read(file_of(0, "nameserver 192.0.2.53\n"), &resolv, &error), 0);
	file_drop();
	*said = '\0';
	conflicts_say(&it, &resolv, hear);
	assert_string_equal(said, "");
	policy_free(&it);
}

/* 127.0.0.2 is another address, though open as all of loopback is. */
static void addresses_of_loopback(void **state)
{
	struct policy it = policy((struct policy){0}, "127.0.0.1,127.0.0.2:80", NULL, NULL);
	const struct resolv resolv = {0};

	(void)state;
	*said = '\0';
	conflicts_say(&it, &resolv, hear);
	assert_string_equal(said, "");
	policy_free(&it);
}

/* Docker's resolver is asked, and asks this one, whose rule comes after the block list. */
static void a_resolver_behind_dockers(void **state)
{
	struct policy it = policy((struct policy){.dns = DNS_RESOLVERS}, NULL, "192.0.2.0/24", NULL);
	struct resolv resolv;
	struct error error;

	(void)state;
	assert_int_equal(resolv_read(file_of(0, "nameserver 127.0.0.11\n# ExtServers: [192.0.2.53]\n"),
				 &resolv, &error),
		0);
	file_drop();
	*said = '\0';
	conflicts_say(&it, &resolv, hear);
	must(says(said, "the resolver '192.0.2.53:53'"), "'%s'", said);
	policy_free(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conflicts),
		cmocka_unit_test(a_resolver_that_is_not_used),
		cmocka_unit_test(addresses_of_loopback),
		cmocka_unit_test(a_resolver_behind_dockers),
	};

	return cmocka_run_group_tests_name("conflict", tests, NULL, NULL);
}
