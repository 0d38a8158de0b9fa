/* guard/warden/leases.h and guard/warden/lists.h: who is lent what, and what the sets are to hold of it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "guard/warden/leases.h"

#define NOW INT64_C(1000000)

/* One list, a table, and what stands for good. */
static struct {
	struct lists lists;
	struct leases leases;
	struct contents contents;
} it;

static int enter(void **state)
{
	(void)state;
	memset(&it, 0, sizeof(it));
	return 0;
}

static int leave(void **state)
{
	(void)state;
	lists_end(&it.lists);
	leases_free(&it.leases);
	contents_free(&it.contents);
	return 0;
}

/* Puts entries on the allowed list; those with seconds go by themselves. */
static void list(const char *text, unsigned int seconds)
{
	struct entries entries = {0};
	struct error error;

	must(entries_parse("x", text, &entries, &error) == 0, "%s", error.text);
	for (size_t i = 0; i < entries.n; i++)
		assert_int_equal(lists_add(&it.lists, LIST_ALLOWED, &entries.v[i], seconds != 0,
					 seconds == 0 ? 0 : NOW + seconds * INT64_C(1000)),
			0);
	entries_free(&entries);
}

static uint32_t subject(const char *text)
{
	struct entries entries = {0};
	struct error error;
	uint32_t found;

	must(entries_parse("x", text, &entries, &error) == 0, "%s", error.text);
	found = lists_subject(&it.lists, LIST_ALLOWED, entries.v);
	entries_free(&entries);
	return found;
}

static int lend(const char *name, const char *address, unsigned int seconds)
{
	const struct prefix at = prefix(address);

	return leases_put(&it.leases, LIST_ALLOWED, &at, subject(name), NOW + seconds * INT64_C(1000));
}

/* All that is lent, in words: "192.0.2.1 for 60, 192.0.2.2=443 for 10". */
static const char *lent(void)
{
	static char text[8000];
	struct leases_out out = {0};
	char address[PREFIX_TEXT];
	size_t used = 0;

	*text = '\0';
	assert_int_equal(leases_all(&it.leases, &it.lists, &it.contents, LIST_ALLOWED, NOW, &out), 0);
	for (size_t i = 0; i < out.n; i++) {
		const struct endpoint *endpoint = &out.v[i].endpoint;

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "",
			prefix_text(&endpoint->prefix, address));
		if (endpoint->low != 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "=%u", endpoint->low);
		if (endpoint->high != endpoint->low)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "-%u", endpoint->high);
		used += (size_t)snprintf(text + used, sizeof(text) - used, " for %u", out.v[i].seconds);
	}
	leases_out_free(&out);
	return text;
}

static void ports_and_times(void **state)
{
	(void)state;
	list("a.com,b.com:443,8000-8010,*.c.com:443", 0);
	assert_int_equal(lend("a.com", "192.0.2.1", 60), 0);
	assert_int_equal(lend("b.com:1", "192.0.2.2", 60), 0);
	assert_string_equal(lent(), "192.0.2.1 for 60, 192.0.2.2=443 for 60, 192.0.2.2=8000-8010 for 60");
	/* longer, not shorter */
	assert_int_equal(lend("a.com", "192.0.2.1", 10), 0);
	assert_int_equal(lend("b.com", "192.0.2.2", 90), 0);
	assert_string_equal(lent(), "192.0.2.1 for 60, 192.0.2.2=443 for 90, 192.0.2.2=8000-8010 for 90");
	/* two names at one address: each port as long as the longest */
	assert_int_equal(lend("*.c.com", "192.0.2.2", 200), 0);
	assert_string_equal(lent(), "192.0.2.1 for 60, 192.0.2.2=443 for 200, 192.0.2.2=8000-8010 for 90");
	assert_int_equal(lend("a.com", "192.0.2.2", 5), 0);
	assert_string_equal(lent(), "192.0.2.1 for 60, 192.0.2.2 for 5, 192.0.2.2=443 for 200, "
				    "192.0.2.2=8000-8010 for 90");
}

static void ranges_that_overlap(void **state)
{
	(void)state;
	list("a.com:100-200,b.com:150-300,c.com:120-130", 0);
	assert_int_equal(lend("a.com", "192.0.2.1", 60), 0);
	assert_int_equal(lend("b.com", "192.0.2.1", 30), 0);
	assert_int_equal(lend("c.com", "192.0.2.1", 90), 0);
	/* pieces that touch are not joined: nothing depends on it */
	assert_string_equal(lent(), "192.0.2.1=100-119 for 60, 192.0.2.1=120-130 for 90, "
				    "192.0.2.1=131-149 for 60, 192.0.2.1=150-200 for 60, "
				    "192.0.2.1=201-300 for 30");
	leases_drop_subject(&it.leases, LIST_ALLOWED, subject("c.com"));
	assert_string_equal(lent(), "192.0.2.1=100-149 for 60, 192.0.2.1=150-200 for 60, "
				    "192.0.2.1=201-300 for 30");
}

static void what_stands_is_not_lent(void **state)
{
	const struct prefix wide = prefix("10.0.0.0/8"), one = prefix("192.0.2.1");

	(void)state;
	assert_int_equal(contents_add(&it.contents, &wide), 0);
	assert_int_equal(contents_add_ports(&it.contents, &one, 443, 443), 0);
	assert_int_equal(contents_add_ports(&it.contents, &one, 8005, 8006), 0);
	assert_int_equal(contents_settle(&it.contents), 0);
	list("a.com:443,8000-8010", 0);
	assert_int_equal(lend("a.com", "10.1.2.3", 60), 0);
	assert_string_equal(lent(), "");
	assert_int_equal(lend("a.com", "192.0.2.1", 60), 0);
	assert_string_equal(lent(), "192.0.2.1=8000-8004 for 60, 192.0.2.1=8007-8010 for 60");
	/* what stands is not there any more */
	contents_free(&it.contents);
	assert_string_equal(lent(), "10.1.2.3=443 for 60, 10.1.2.3=8000-8010 for 60, 192.0.2.1=443 for 60, "
				    "192.0.2.1=8000-8010 for 60");
}

static void entries_that_go(void **state)
{
	(void)state;
	list("a.com:80", 0);
	list("a.com:443,192.0.2.0/28", 20);
	assert_int_equal(lend("a.com", "192.0.2.1", 60), 0);
	assert_int_equal(lend("192.0.2.0/28", "192.0.2.0/28", 100), 0);
	assert_string_equal(lent(), "192.0.2.0/28 for 20, 192.0.2.1=80 for 60, 192.0.2.1=443 for 20");
	assert_int_equal(lists_next(&it.lists), NOW + 20000);
	/* the entry goes, and its subject stays with the other one */
	lists_remove(&it.lists, LIST_ALLOWED, 1);
	assert_true(lists_have(&it.lists, LIST_ALLOWED, subject("a.com")));
	assert_string_equal(lent(), "192.0.2.0/28 for 20, 192.0.2.1=80 for 60");
	lists_remove(&it.lists, LIST_ALLOWED, 0);
	assert_int_equal(subject("a.com"), 0);
	assert_string_equal(lent(), "192.0.2.0/28 for 20");
}

static void expiry(void **state)
{
	const struct prefix address = prefix("192.0.2.1");

	(void)state;
	list("a.com,b.com", 0);
	assert_int_equal(lend("a.com", "192.0.2.1", 60), 0);
	assert_int_equal(lend("b.com", "192.0.2.1", 30), 0);
	assert_int_equal(leases_count(&it.leases, LIST_ALLOWED, subject("b.com")), 1);
	leases_expire(&it.leases, NOW + 30000 + LEASES_LINGER_MS - 1);
	assert_int_equal(leases_count(&it.leases, LIST_ALLOWED, subject("b.com")), 1);
	leases_expire(&it.leases, NOW + 30000 + LEASES_LINGER_MS);
	assert_int_equal(leases_count(&it.leases, LIST_ALLOWED, subject("b.com")), 0);
	assert_int_equal(leases_until(&it.leases, LIST_ALLOWED, &address, subject("b.com")), 0);
	assert_int_equal(leases_until(&it.leases, LIST_ALLOWED, &address, subject("a.com")), NOW + 60000);
	leases_expire(&it.leases, NOW + 60000 + LEASES_LINGER_MS);
	assert_int_equal(it.leases.used[LIST_ALLOWED], 0);
	/* gone from the sets before it is gone from the table */
	assert_int_equal(lend("a.com", "192.0.2.1", 0), 0);
	assert_string_equal(lent(), "");
	/* a row's place is used again */
	assert_int_equal(it.leases.n, 2);
}

/* Against a table of the plainest kind. */
static void like_a_plain_table(void **state)
{
	enum { ADDRESSES = 300, SUBJECTS = 4 };
	static int64_t plain[ADDRESSES][SUBJECTS];
	int64_t now = 0;

	(void)state;
	memset(plain, 0, sizeof(plain));
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		const uint32_t a = (uint32_t)random() % ADDRESSES, s = (uint32_t)random() % SUBJECTS;
		const uint32_t bytes = htonl(0x0a000000U + a);
		const struct prefix address = prefix_make(AF_INET, &bytes, 32);
		const int64_t until = now + random() % 1000;

		switch (random() % 8) {
		case 0:
			leases_drop(&it.leases, LIST_ALLOWED, &address, s + 1);
			plain[a][s] = 0;
			break;
		case 1:
			now += 20;
			leases_expire(&it.leases, now);
			for (int64_t *one = plain[0]; one < plain[ADDRESSES]; one++)
				if (*one + LEASES_LINGER_MS <= now)
					*one = 0;
			break;
		default:
			assert_int_equal(leases_put(&it.leases, LIST_ALLOWED, &address, s + 1, until + 1), 0);
			if (plain[a][s] < until + 1)
				plain[a][s] = until + 1;
		}
		assert_int_equal(leases_until(&it.leases, LIST_ALLOWED, &address, s + 1), plain[a][s]);
	}
	for (uint32_t s = 0; s < SUBJECTS; s++) {
		size_t n = 0;

		for (uint32_t a = 0; a < ADDRESSES; a++)
			n += plain[a][s] != 0;
		assert_int_equal(leases_count(&it.leases, LIST_ALLOWED, s + 1), n);
		leases_drop_subject(&it.leases, LIST_ALLOWED, s + 1);
	}
	assert_int_equal(it.leases.used[LIST_ALLOWED], 0);
}

static void the_table_is_bounded(void **state)
{
	const struct prefix more = prefix("10.0.0.1");

	(void)state;
	for (uint32_t i = 0; i < LEASES_MAX; i++) {
		const uint32_t bytes = htonl(0x0b000000U + i);
		const struct prefix address = prefix_make(AF_INET, &bytes, 32);

		assert_int_equal(leases_put(&it.leases, LIST_ALLOWED, &address, 1, NOW), 0);
	}
	assert_int_equal(leases_put(&it.leases, LIST_ALLOWED, &more, 1, NOW), -ENOSPC);
	leases_expire(&it.leases, NOW + LEASES_LINGER_MS);
	assert_int_equal(leases_put(&it.leases, LIST_ALLOWED, &more, 1, NOW), 0);
}

static void as_of_the_start(void **state)
{
	struct lookup lookup = {.socket = -1};
	const struct prefix a = prefix("192.0.2.1"), b = prefix("192.0.2.2");
	size_t place;

	(void)state;
	list("a.com,fixed.com,b.com:443,10.0.0.0/8", 0);
	assert_int_equal(lookup_add(&lookup, "a.com", NEED_ALLOW, &place), 0);
	assert_int_equal(prefixes_add(&lookup.targets[place].addresses, &a), 0);
	assert_int_equal(lookup_add(&lookup, "fixed.com", NEED_ALLOW, &place), 0);
	assert_int_equal(prefixes_add(&lookup.targets[place].addresses, &b), 0);
	lookup.targets[place].fixed = true;
	assert_int_equal(lookup_add(&lookup, "b.com", NEED_ALLOW, &place), 0);
	assert_int_equal(prefixes_add(&lookup.targets[place].addresses, &a), 0);
	assert_int_equal(leases_begin(&it.leases, &it.lists, &lookup, NOW), 0);
	assert_string_equal(lent(), "192.0.2.1 for 360, 192.0.2.1=443 for 360");
	lookup_end(&lookup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ports_and_times, enter, leave),
		cmocka_unit_test_setup_teardown(ranges_that_overlap, enter, leave),
		cmocka_unit_test_setup_teardown(what_stands_is_not_lent, enter, leave),
		cmocka_unit_test_setup_teardown(entries_that_go, enter, leave),
		cmocka_unit_test_setup_teardown(expiry, enter, leave),
		cmocka_unit_test_setup_teardown(like_a_plain_table, enter, leave),
		cmocka_unit_test_setup_teardown(the_table_is_bounded, enter, leave),
		cmocka_unit_test_setup_teardown(as_of_the_start, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
