/* guard/refresh.h: when names are asked for again, and what becomes of those that cannot be. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "guard/resolver/dns.h"
#include "guard/resolver/refresh.h"
#include "guard/resolver/resolver.h"
#include "util/clock.h"

#define ASKED_MAX 64

/* What was asked and kept, in turn. */
/* Nothing was looked up at the start. */
static const struct lookup no_lookup;

static struct {
	unsigned int n, n_kept;
	char names[ASKED_MAX][NAME_TEXT];
	uint16_t types[ASKED_MAX];
	struct peer peers[ASKED_MAX];
	char kept[NAME_TEXT];
	uint32_t kept_seconds;
	bool busy, full;
} seen;

static struct random pool;
static struct resolv resolv;

static bool note(void *owner, const char *name, uint16_t type, const struct peer *peer)
{
	(void)owner;
	if (seen.busy)
		return false;
	assert_true(seen.n < ASKED_MAX);
	strcpy(seen.names[seen.n], name);
	seen.types[seen.n] = type;
	seen.peers[seen.n++] = *peer;
	return true;
}

static int note_kept(void *owner, const char *name, int32_t families, uint32_t seconds)
{
	(void)owner;
	(void)families;
	if (seen.full)
		return -EAGAIN;
	strcpy(seen.kept, name);
	seen.kept_seconds = seconds;
	seen.n_kept++;
	return 0;
}

static struct refresh *begin(const struct policy *policy)
{
	const struct refresh_owner owner = {NULL, note, note_kept};

	memset(&seen, 0, sizeof(seen));
	return refresh_new(policy, &resolv, &no_lookup, &pool, &owner);
}

/* Ticks at so many seconds from now. */
static void tick(struct refresh *refresh, unsigned int seconds)
{
	seen.n = 0;
	seen.n_kept = 0;
	refresh_tick(refresh, clock_ms() + seconds * INT64_C(1000));
}

/* Both questions of the last tick's first name are answered. */
static void answer(
	struct refresh *refresh, enum refresh_outcome v4, enum refresh_outcome v6, uint32_t seconds)
{
	const struct peer peers[2] = {seen.peers[0], seen.peers[1]};

	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.types[0], DNS_A);
	assert_int_equal(seen.types[1], DNS_AAAA);
	refresh_done(refresh, &peers[0], v4, seconds);
	refresh_done(refresh, &peers[1], v6, seconds);
	/* a second time does not count */
	refresh_done(refresh, &peers[1], REFRESH_SILENCE, 0);
}

static void names_come_again_when_their_grace_begins(void **state)
{
	static const struct {
		uint32_t ttl;
		unsigned int again; /* seconds */
	} rows[] = {{0, LEARN_SECONDS_MIN}, {60, 60}, {300, 300}, {86400, LEARN_SECONDS_MAX}};
	struct policy it = policy((struct policy){0}, "a.example,*.b.example,192.0.2.1", NULL, NULL);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct refresh *refresh = begin(&it);

		assert_non_null(refresh);
		tick(refresh, 3);
		assert_string_equal(seen.names[0], "a.example");
		answer(refresh, REFRESH_FOUND, REFRESH_NOTHING, rows[i].ttl);
		tick(refresh, rows[i].again * 9 / 10 - 2);
		must(seen.n == 0, "a TTL of %u: too early", rows[i].ttl);
		tick(refresh, rows[i].again + 1);
		must(seen.n == 2, "a TTL of %u: too late", rows[i].ttl);
		assert_int_equal(seen.n_kept, 0);
		refresh_free(refresh);
	}
	policy_free(&it);
}

static void failures_are_kept_and_tried_less_and_less(void **state)
{
	static const unsigned int after[] = {30, 60, 120, 240, 480, 900, 900};
	struct policy it = policy((struct policy){0}, NULL, "a.example", NULL);
	struct refresh *refresh = begin(&it);
	const char *text;

	(void)state;
	hear_begin();
	for (size_t i = 0; i < LENGTH(after); i++) {
		tick(refresh, 5000);
		answer(refresh, REFRESH_FOUND, REFRESH_SILENCE, 3600);
		assert_string_equal(seen.kept, "a.example");
		assert_int_equal(seen.kept_seconds, after[i] + LEARN_SECONDS_GRACE);
		tick(refresh, after[i] * 9 / 10 - 2);
		assert_int_equal(seen.n, 0);
	}
	tick(refresh, 5000);
	answer(refresh, REFRESH_NOTHING, REFRESH_FOUND, 3600);
	/* and from the beginning */
	tick(refresh, 5000);
	answer(refresh, REFRESH_UNUSABLE, REFRESH_FOUND, 3600);
	assert_int_equal(seen.kept_seconds, 30 + LEARN_SECONDS_GRACE);
	text = hear_end();
	must(says(text,
		     "a.example cannot be looked up again (no server answered)|a.example is looked up again|"
		     "(its address is one that nobody can mean)"),
		"it says '%s'", text);
	refresh_free(refresh);
	policy_free(&it);
}

static void what_cannot_be_sent_is_sent_later(void **state)
{
	struct policy it = policy((struct policy){0}, "a.example", NULL, NULL);
	struct refresh *refresh = begin(&it);

	(void)state;
	hear_begin();
	seen.full = seen.busy = true;
	tick(refresh, 3);
	assert_int_equal(seen.n_kept, 0);
	tick(refresh, 3);
	seen.full = false;
	tick(refresh, 3);
	assert_int_equal(seen.n_kept, 1);
	tick(refresh, 3);
	assert_int_equal(seen.n_kept, 0);
	hear_end();
	refresh_free(refresh);
	policy_free(&it);
}

static void a_name_without_a_dot_is_searched(void **state)
{
	static const char *const steps[] = {"db.one.example", "db.two.example", "db"};
	struct policy it = policy((struct policy){0}, "db", NULL, NULL);
	struct refresh *refresh;

	(void)state;
	resolv.n_search = 2;
	strcpy(resolv.search[0], "one.example");
	strcpy(resolv.search[1], "two.example");
	refresh = begin(&it);
	hear_begin();
	for (size_t i = 0; i < LENGTH(steps); i++) {
		tick(refresh, 3);
		assert_int_equal(seen.n, 2);
		assert_string_equal(seen.names[0], steps[i]);
		answer(refresh, REFRESH_NOTHING, REFRESH_NOTHING, 0);
	}
	tick(refresh, 3);
	assert_int_equal(seen.n, 0);
	assert_string_equal(seen.kept, "db");
	hear_end();
	/* where it is found, it ends; where nobody answers, too */
	tick(refresh, 40);
	answer(refresh, REFRESH_FOUND, REFRESH_NOTHING, 60);
	tick(refresh, 3);
	assert_int_equal(seen.n, 0);
	refresh_free(refresh);
	resolv.n_search = 0;
	policy_free(&it);
}

static void lists_that_change(void **state)
{
	struct policy it = policy((struct policy){0}, "a.example,b.example", NULL, "b.example");
	struct policy less = policy((struct policy){0}, "b.example,c.example", NULL, NULL);
	struct refresh *refresh = begin(&it);
	struct peer peers[4];

	(void)state;
	/* once a name, however many lists it is on */
	tick(refresh, 3);
	assert_int_equal(seen.n, 4);
	memcpy(peers, seen.peers, sizeof(peers));
	assert_int_equal(refresh_update(refresh, &less, "b.example"), 0);
	tick(refresh, 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.names[0], "c.example");
	/* what was under way of a name that is gone goes with it; of the other it is asked again, as it was
	 * wanted soon */
	for (size_t i = 0; i < LENGTH(peers); i++)
		refresh_done(refresh, &peers[i], REFRESH_FOUND, 60);
	tick(refresh, 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.names[0], "b.example");
	assert_int_equal(seen.n_kept, 0);
	refresh_free(refresh);
	policy_free(&it);
	policy_free(&less);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_again_when_their_grace_begins),
		cmocka_unit_test(failures_are_kept_and_tried_less_and_less),
		cmocka_unit_test(what_cannot_be_sent_is_sent_later),
		cmocka_unit_test(a_name_without_a_dot_is_searched),
		cmocka_unit_test(lists_that_change),
	};

	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
