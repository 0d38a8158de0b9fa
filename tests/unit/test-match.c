/* fw/match.h: which entry a name falls under, as the guard's resolver asks. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "fw/match.h"

static struct resolv searching(const char *line)
{
	struct resolv it;
	struct error error;

	assert_int_equal(resolv_read(file_of(0, line), &it, &error), 0);
	file_drop();
	return it;
}

static const char *verdict(const struct policy *policy, const struct resolv *resolv, const char *name)
{
	static const char *const words[] = {[NAME_UNLISTED] = "unlisted",
		[NAME_ALLOWED] = "allowed",
		[NAME_BLOCKED] = "blocked",
		[NAME_VAIN] = "vain"};

	return words[match_name(policy, resolv, name)];
}

struct row {
	const char *allowed, *blocked, *inbound, *search, *name, *verdict;
};

static void follow(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct resolv it = searching(rows[i].search != NULL ? rows[i].search : "");
		struct policy lists = policy(
			(struct policy){.guarded = true}, rows[i].allowed, rows[i].blocked, rows[i].inbound);

		must(strcmp(verdict(&lists, &it, rows[i].name), rows[i].verdict) == 0,
			"row %zu: '%s' of '%s' is %s", i, rows[i].name,
			rows[i].allowed != NULL ? rows[i].allowed : "nothing",
			verdict(&lists, &it, rows[i].name));
		policy_free(&lists);
	}
}

static void names(void **state)
{
	static const struct row rows[] = {
		{.allowed = "a.com", .name = "a.com", .verdict = "allowed"},
		{.allowed = "A.com.", .name = "a.com", .verdict = "allowed"},
		{.allowed = "a.com:443", .name = "a.com", .verdict = "allowed"},
		{.allowed = "b.com,a.com", .name = "a.com", .verdict = "allowed"},
		{.blocked = "a.com", .name = "a.com", .verdict = "blocked"},
		{.inbound = "a.com", .name = "a.com", .verdict = "allowed"},
		{.allowed = "localhost", .name = "localhost", .verdict = "unlisted"},
		{.allowed = "db", .name = "db", .verdict = "allowed"},
		{.name = "a.com", .verdict = "unlisted"},
		/* nothing above, below or beside it */
		{.allowed = "a.com", .name = "www.a.com", .verdict = "unlisted"},
		{.allowed = "www.a.com", .name = "a.com", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "com", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "aa.com", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "a.comm", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "a.com.evil.org", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "a_com", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "", .verdict = "unlisted"},
		/* an address is no name */
		{.allowed = "192.0.2.1", .name = "192.0.2.1", .verdict = "unlisted"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

static void wildcards(void **state)
{
	static const struct row rows[] = {
		{.allowed = "*.a.com", .name = "b.a.com", .verdict = "allowed"},
		{.allowed = "*.a.com:443", .name = "b.a.com", .verdict = "allowed"},
		/* at any depth */
		{.allowed = "*.a.com", .name = "e.d.c.b.a.com", .verdict = "allowed"},
		{.blocked = "*.a.com", .name = "c.b.a.com", .verdict = "blocked"},
		/* not the name itself */
		{.allowed = "*.a.com", .name = "a.com", .verdict = "unlisted"},
		{.blocked = "*.a.com", .name = "a.com", .verdict = "unlisted"},
		{.allowed = "*.a.com,a.com", .name = "a.com", .verdict = "allowed"},
		/* labels are whole */
		{.allowed = "*.a.com", .name = "ba.com", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "evil-a.com", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "b.a.com.evil.org", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "a.com.evil.org", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "b.a.comm", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "com", .verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "", .verdict = "unlisted"},
		/* no label in front */
		{.allowed = "*.a.com", .name = ".a.com", .verdict = "unlisted"},
		/* odd labels are below all the same: what they resolve to is the zone's owner's to say */
		{.allowed = "*.a.com", .name = "*.a.com", .verdict = "allowed"},
		{.allowed = "*.a.com", .name = "_dmarc.a.com", .verdict = "allowed"},
		{.allowed = "*.co.uk", .name = "shop.co.uk", .verdict = "allowed"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

/* Allowed comes before blocked, by whichever entry; who may come in must be found, too. */
static void precedence(void **state)
{
	static const struct row rows[] = {
		{.allowed = "a.com", .blocked = "a.com", .name = "a.com", .verdict = "allowed"},
		{.allowed = "*.a.com", .blocked = "b.a.com", .name = "b.a.com", .verdict = "allowed"},
		{.allowed = "b.a.com", .blocked = "*.a.com", .name = "b.a.com", .verdict = "allowed"},
		{.allowed = "b.a.com", .blocked = "*.a.com", .name = "c.a.com", .verdict = "blocked"},
		{.allowed = "b.a.com", .blocked = "*.a.com", .name = "c.b.a.com", .verdict = "blocked"},
		{.allowed = "*.b.a.com", .blocked = "*.a.com", .name = "c.b.a.com", .verdict = "allowed"},
		{.allowed = "*.b.a.com", .blocked = "*.a.com", .name = "b.a.com", .verdict = "blocked"},
		{.blocked = "a.com", .inbound = "a.com", .name = "a.com", .verdict = "allowed"},
		{.allowed = "x.com", .blocked = "*.a.com,a.com", .name = "a.com", .verdict = "blocked"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

/* What the libc tries in turn, behind a name that was meant as it is. */
static void search_domains(void **state)
{
	static const struct row rows[] = {
		{.allowed = "a.com", .search = "search lan", .name = "a.com.lan", .verdict = "allowed"},
		{.allowed = "db",
			.search = "search corp.example lan",
			.name = "db.lan",
			.verdict = "allowed"},
		{.allowed = "db",
			.search = "search corp.example lan",
			.name = "db.corp.example",
			.verdict = "allowed"},
		{.blocked = "db", .search = "search lan", .name = "db.lan", .verdict = "blocked"},
		{.allowed = "a.com", .search = "search lan", .name = "x.a.com.lan", .verdict = "unlisted"},
		{.allowed = "a.com", .search = "search lan", .name = "a.com.lan.lan", .verdict = "unlisted"},
		{.allowed = "a.com", .search = "search lan", .name = "a.comlan", .verdict = "unlisted"},
		{.allowed = "a.com", .search = "search lan", .name = "lan", .verdict = "unlisted"},
		{.allowed = "a.com", .search = "search lan", .name = ".lan", .verdict = "unlisted"},
		/* the whole name, not its beginning */
		{.allowed = "a.com", .search = "search lan", .name = "a.lan", .verdict = "unlisted"},
		{.allowed = "db", .search = "search lan", .name = "d.lan", .verdict = "unlisted"},
		{.allowed = "db", .search = "search lan", .name = "db2.lan", .verdict = "unlisted"},
		{.allowed = "a.com", .name = "a.com.lan", .verdict = "unlisted"},
		/* of several lines the last counts */
		{.allowed = "db",
			.search = "search old\nsearch lan",
			.name = "db.old",
			.verdict = "unlisted"},
		/* a search domain by itself allows nothing below it */
		{.allowed = "a.com", .search = "search lan", .name = "b.lan", .verdict = "unlisted"},
		/* an address with one is no entry's */
		{.allowed = "192.0.2.1",
			.search = "search lan",
			.name = "192.0.2.1.lan",
			.verdict = "unlisted"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

/* Below a wildcard that would be one question outwards for each name, of whatever the agent writes into it.
 */
static void names_in_vain(void **state)
{
	static const struct row rows[] = {
		{.allowed = "*.a.com", .search = "search lan", .name = "b.a.com.lan", .verdict = "vain"},
		{.allowed = "*.a.com",
			.search = "search x.org lan",
			.name = "c.b.a.com.lan",
			.verdict = "vain"},
		{.allowed = "*.a.com", .search = "search lan", .name = "a.com.lan", .verdict = "unlisted"},
		{.allowed = "*.a.com", .search = "search lan", .name = "ba.com.lan", .verdict = "unlisted"},
		{.allowed = "*.a.com", .search = "search lan", .name = ".a.com.lan", .verdict = "unlisted"},
		{.allowed = "*.a.com",
			.search = "search lan",
			.name = "b.a.com.lan.lan",
			.verdict = "unlisted"},
		{.allowed = "*.a.com", .name = "b.a.com.lan", .verdict = "unlisted"},
		/* before the block list, where it would be refused, and end the libc's search */
		{.allowed = "*.a.com",
			.blocked = "*.lan",
			.search = "search lan",
			.name = "b.a.com.lan",
			.verdict = "vain"},
		/* not before what is allowed by its own name */
		{.allowed = "*.a.com,b.a.com",
			.search = "search lan",
			.name = "b.a.com.lan",
			.verdict = "allowed"},
		{.allowed = "*.a.com,*.lan",
			.search = "search lan",
			.name = "b.a.com.lan",
			.verdict = "allowed"},
		/* a search domain inside the wildcard */
		{.allowed = "*.a.com", .search = "search a.com", .name = "b.a.com", .verdict = "allowed"},
		{.allowed = "*.a.com",
			.search = "search a.com",
			.name = "b.a.com.a.com",
			.verdict = "allowed"},
		/* a blocked wildcard makes no name vain */
		{.blocked = "*.a.com", .search = "search lan", .name = "b.a.com.lan", .verdict = "unlisted"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

/* Names as long as DNS has them; and search domains that are none. */
static void the_longest(void **state)
{
	char allowed[NAME_TEXT + 10], name[2 * NAME_TEXT], search[NAME_TEXT + 10];
	char label[NAME_TEXT];

	(void)state;
	snprintf(label, sizeof(label), "%s", times("abcdefgh.", 26)); /* 234 characters */
	snprintf(allowed, sizeof(allowed), "*.%scom", label);
	for (unsigned int front = 1; front < 250; front++) {
		const struct row rows[] = {
			{.allowed = allowed, .name = name, .verdict = "allowed"},
			{.allowed = "*.com", .name = name, .verdict = "allowed"},
			{.allowed = "*.org", .search = search, .name = name, .verdict = "unlisted"},
		};

		snprintf(name, sizeof(name), "%s.%scom", times("x", front), label);
		snprintf(search, sizeof(search), "search %scom", label);
		follow(rows, LENGTH(rows));
	}
}

static void one_entry_alone(void **state)
{
	const struct resolv it = searching("search lan");
	struct policy lists =
		policy((struct policy){.guarded = true}, "a.com,*.b.com,10.0.0.0/8", NULL, NULL);
	const struct entry *v = lists.list[LIST_ALLOWED].v;

	(void)state;
	assert_true(match_entry(&v[0], &it, "a.com"));
	assert_true(match_entry(&v[0], &it, "a.com.lan"));
	assert_false(match_entry(&v[0], &it, "x.b.com"));
	assert_true(match_entry(&v[1], &it, "x.b.com"));
	assert_false(match_entry(&v[1], &it, "x.b.com.lan"));
	assert_false(match_entry(&v[1], &it, "b.com"));
	assert_false(match_entry(&v[2], &it, ""));
	assert_false(match_entry(&v[2], &it, "10.0.0.0"));
	policy_free(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(wildcards),
		cmocka_unit_test(precedence),
		cmocka_unit_test(search_domains),
		cmocka_unit_test(names_in_vain),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(one_entry_alone),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
