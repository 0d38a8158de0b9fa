/* fw/prefix.h: reading and writing prefixes, their kinds, and (by property) their aggregation. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/prefix.h"

static void prefixes_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *written;
		bool cleared;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", false},
		{"192.0.2.1/32", "192.0.2.1", false},
		{"192.0.2.0/24", "192.0.2.0/24", false},
		{"192.0.2.1/24", "192.0.2.0/24", true},
		{"255.255.255.255/0", "0.0.0.0/0", true},
		{"255.255.255.255/1", "128.0.0.0/1", true},
		{"255.255.255.255/9", "255.128.0.0/9", true},
		{"255.255.255.255/31", "255.255.255.254/31", true},
		{"0.0.0.0/0", "0.0.0.0/0", false},
		{"2001:DB8::1", "2001:db8::1", false},
		{"2001:db8::1/128", "2001:db8::1", false},
		{"2001:db8::/32", "2001:db8::/32", false},
		{"2001:db8:ffff::/33", "2001:db8:8000::/33", true},
		{"::/0", "::/0", false},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
			true},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			false},
		{"::ffff:192.0.2.1/120", "::ffff:192.0.2.0/120", true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char text[PREFIX_TEXT];
		struct prefix it;
		bool cleared = !rows[i].cleared;

		must(prefix_parse(rows[i].text, &it, &cleared) == 0, "'%s' is no prefix", rows[i].text);
		must(strcmp(prefix_text(&it, text), rows[i].written) == 0, "'%s' is written '%s'",
			rows[i].text, text);
		must(cleared == rows[i].cleared, "'%s': cleared is %d", rows[i].text, cleared);
		must(prefix_valid(&it), "'%s' is not valid", rows[i].text);
	}
}

static void what_is_no_prefix(void **state)
{
	static const char *const rows[] = {"", "/", "/24", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1",
		"01.2.3.4", "1.2.3.04", "0x1.2.3.4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4/", "1.2.3.4/33",
		"1.2.3.4/032", "1.2.3.4/00", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/ 8", "1.2.3.4/8 ",
		"1.2.3.4/4294967304", "1.2.3.4/18446744073709551624", "1.2.3.4/8/8", "1.2.3.4/255.255.255.0",
		":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "2001:db8::12345", "2001:db8::g",
		"2001:db8::1/129", "2001:db8::1/", "[2001:db8::1]", "fe80::1%lo", "::1.2.3", "::1.2.3.256",
		"example.com", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefix it;

		must(prefix_parse(rows[i], &it, NULL) == -EINVAL, "'%s' is taken for a prefix", rows[i]);
	}
}

static void what_comes_from_elsewhere_is_checked(void **state)
{
	struct prefix it = prefix("192.0.2.0/24");

	(void)state;
	assert_true(prefix_valid(&it));
	it.addr[3] = 1;
	assert_false(prefix_valid(&it));
	it = prefix("192.0.2.0/24");
	it.length = 33;
	assert_false(prefix_valid(&it));
	it = prefix("192.0.2.0/24");
	it.addr[15] = 1;
	assert_false(prefix_valid(&it));
	it = prefix("192.0.2.0/24");
	it.family = AF_INET6;
	assert_true(prefix_valid(&it));
	it.length = 129;
	assert_false(prefix_valid(&it));
	it = (struct prefix){0};
	assert_false(prefix_valid(&it));
	it.family = AF_UNIX;
	assert_false(prefix_valid(&it));
}

static void kinds_of_address(void **state)
{
	static const struct {
		const char *text;
		enum address_kind kind;
	} rows[] = {
		{"8.8.8.8", ADDRESS_PUBLIC},
		{"1.0.0.0", ADDRESS_PUBLIC},
		{"0.0.0.0", ADDRESS_UNSPECIFIED},
		{"0.255.255.255", ADDRESS_UNSPECIFIED},
		{"9.255.255.255", ADDRESS_PUBLIC},
		{"10.0.0.0", ADDRESS_PRIVATE},
		{"10.255.255.255", ADDRESS_PRIVATE},
		{"11.0.0.0", ADDRESS_PUBLIC},
		{"100.63.255.255", ADDRESS_PUBLIC},
		{"100.64.0.0", ADDRESS_PRIVATE},
		{"100.127.255.255", ADDRESS_PRIVATE},
		{"100.128.0.0", ADDRESS_PUBLIC},
		{"127.0.0.1", ADDRESS_LOOPBACK},
		{"127.255.255.255", ADDRESS_LOOPBACK},
		{"169.254.169.254", ADDRESS_LINK_LOCAL},
		{"172.15.255.255", ADDRESS_PUBLIC},
		{"172.16.0.0", ADDRESS_PRIVATE},
		{"172.31.255.255", ADDRESS_PRIVATE},
		{"172.32.0.0", ADDRESS_PUBLIC},
		{"192.168.1.1", ADDRESS_PRIVATE},
		{"192.0.0.8", ADDRESS_PRIVATE},
		{"192.0.2.1", ADDRESS_RESERVED},
		{"198.17.255.255", ADDRESS_PUBLIC},
		{"198.18.0.1", ADDRESS_PRIVATE},
		{"198.19.255.255", ADDRESS_PRIVATE},
		{"198.20.0.0", ADDRESS_PUBLIC},
		{"198.51.100.1", ADDRESS_RESERVED},
		{"203.0.113.1", ADDRESS_RESERVED},
		{"223.255.255.255", ADDRESS_PUBLIC},
		{"224.0.0.1", ADDRESS_MULTICAST},
		{"239.255.255.255", ADDRESS_MULTICAST},
		{"240.0.0.1", ADDRESS_PRIVATE},
		{"255.255.255.254", ADDRESS_PRIVATE},
		{"255.255.255.255", ADDRESS_BROADCAST},
		{"::", ADDRESS_UNSPECIFIED},
		{"::1", ADDRESS_LOOPBACK},
		{"::2", ADDRESS_MAPPED},
		{"::ffff:8.8.8.8", ADDRESS_MAPPED},
		{"2606:4700::1", ADDRESS_PUBLIC},
		{"2001:db8::1", ADDRESS_RESERVED},
		{"2001:db9::1", ADDRESS_PUBLIC},
		{"64:ff9b::1", ADDRESS_PUBLIC},
		{"64:ff9b:1::1", ADDRESS_PRIVATE},
		{"64:ff9b:2::1", ADDRESS_PUBLIC},
		{"fc00::1", ADDRESS_PRIVATE},
		{"fdff::1", ADDRESS_PRIVATE},
		{"fe00::1", ADDRESS_PUBLIC},
		{"fe80::1", ADDRESS_LINK_LOCAL},
		{"febf::1", ADDRESS_LINK_LOCAL},
		{"fec0::1", ADDRESS_PRIVATE},
		{"ff02::1", ADDRESS_MULTICAST},
		/* a prefix is of the first kind that it holds any of */
		{"0.0.0.0/0", ADDRESS_UNSPECIFIED},
		{"8.0.0.0/5", ADDRESS_PRIVATE},
		{"126.0.0.0/7", ADDRESS_LOOPBACK},
		{"168.0.0.0/6", ADDRESS_LINK_LOCAL},
		{"4.0.0.0/6", ADDRESS_PUBLIC},
		{"255.255.255.254/31", ADDRESS_BROADCAST},
		{"::/0", ADDRESS_UNSPECIFIED},
		{"2001:db8:1::/48", ADDRESS_RESERVED},
		{"2000::/3", ADDRESS_RESERVED},
		{"::fffe:0:0/95", ADDRESS_MAPPED},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct prefix it = prefix(rows[i].text);
		const enum address_kind kind = prefix_kind(&it);

		must(kind == rows[i].kind, "'%s' is %s, not %s", rows[i].text, address_kind_text(kind),
			address_kind_text(rows[i].kind));
	}
	for (int kind = ADDRESS_PUBLIC; kind <= ADDRESS_RESERVED; kind++)
		must(address_kind_text((enum address_kind)kind) != NULL, "kind %d has no words", kind);
}

static void what_an_address_leads_to(void **state)
{
	static const struct {
		const char *address, *reached;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2606:4700::1", "2606:4700::1"},
		{"64:ff9b::a9fe:a9fe", "169.254.169.254"},
		{"64:ff9b::a9fe:a9fe/127", "64:ff9b::a9fe:a9fe/127"},
		{"64:ff9b:0:1::a9fe:a9fe", "64:ff9b:0:1::a9fe:a9fe"},
		{"64:ff9b:1:ffff::a00:1", "64:ff9b:1:ffff::a00:1"},
		{"2002:a9fe:a9fe::1", "169.254.169.254"},
		{"2003:a9fe:a9fe::1", "2003:a9fe:a9fe::1"},
		{"2001:0:4136:e378:8000:63bf:f5ff:fffe", "10.0.0.1"},
		{"2001:1::f5ff:fffe", "2001:1::f5ff:fffe"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct prefix address = prefix(rows[i].address), reached = prefix(rows[i].reached);
		const struct prefix is = prefix_reached(&address);
		char text[PREFIX_TEXT];

		must(prefix_compare(&is, &reached) == 0, "%s leads to %s, not %s", rows[i].address,
			prefix_text(&is, text), rows[i].reached);
	}
}

static void covering(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.0.0.0/8", "10.0.0.0/8", true},
		{"10.0.0.0/8", "10.128.0.0/9", true},
		{"10.0.0.0/9", "10.128.0.0/9", false},
		{"10.0.0.0/9", "10.0.0.0/8", false},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::", false},
		{"::/0", "0.0.0.0", false},
		{"::/0", "ffff::", true},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.0", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefix outer = prefix(rows[i].outer), inner = prefix(rows[i].inner);
		const struct prefixes list = {.v = &outer, .n = 1};

		must(prefix_covers(&outer, &inner) == rows[i].covers, "%s and %s", rows[i].outer,
			rows[i].inner);
		must(prefixes_cover(&list, &inner) == rows[i].covers, "%s and %s", rows[i].outer,
			rows[i].inner);
	}
}

static void the_order(void **state)
{
	static const char *const sorted[] = {"0.0.0.0/0", "0.0.0.0", "9.255.255.255", "10.0.0.0/8",
		"10.0.0.0/9", "10.0.0.0", "10.0.0.1", "255.255.255.255", "::/0", "::", "2001:db8::/32",
		"2001:db8::"};

	(void)state;
	for (size_t i = 0; i < LENGTH(sorted); i++) {
		for (size_t j = 0; j < LENGTH(sorted); j++) {
			const struct prefix a = prefix(sorted[i]), b = prefix(sorted[j]);
			const int order = prefix_compare(&a, &b);

			must(i < j	? order < 0
				: i > j ? order > 0
					: order == 0,
				"%s and %s: %d", sorted[i], sorted[j], order);
		}
	}
}

static void aggregation_by_example(void **state)
{
	static const struct {
		const char *in[6], *out[6];
	} rows[] = {
		{{0}, {0}},
		{{"10.0.0.1"}, {"10.0.0.1"}},
		{{"10.0.0.1", "10.0.0.1", "10.0.0.1"}, {"10.0.0.1"}},
		{{"10.0.0.1", "10.0.0.0"}, {"10.0.0.0/31"}},
		{{"10.0.0.1", "10.0.0.2"}, {"10.0.0.1", "10.0.0.2"}},
		{{"10.0.0.3", "10.0.0.1", "10.0.0.2", "10.0.0.0"}, {"10.0.0.0/30"}},
		{{"10.1.0.0/16", "10.0.0.0/8", "10.255.255.255"}, {"10.0.0.0/8"}},
		{{"10.0.0.0/25", "10.0.0.128/26", "10.0.0.192/27", "10.0.0.224/27"}, {"10.0.0.0/24"}},
		{{"0.0.0.0", "::"}, {"0.0.0.0", "::"}},
		{{"2001:db8::/33", "2001:db8:8000::/33"}, {"2001:db8::/32"}},
		/* an ipset cannot hold a prefix of length 0 */
		{{"0.0.0.0/1", "128.0.0.0/1"}, {"0.0.0.0/1", "128.0.0.0/1"}},
		{{"::/2", "8000::/1", "4000::/2"}, {"::/1", "8000::/1"}},
		{{"255.255.255.254", "255.255.255.255"}, {"255.255.255.254/31"}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefixes list = {0};
		size_t n = 0;

		for (size_t j = 0; j < LENGTH(rows[i].in) && rows[i].in[j] != NULL; j++) {
			const struct prefix it = prefix(rows[i].in[j]);

			assert_int_equal(prefixes_add(&list, &it), 0);
		}
		prefixes_aggregate(&list);
		for (; n < LENGTH(rows[i].out) && rows[i].out[n] != NULL; n++) {
			char text[PREFIX_TEXT];

			must(n < list.n, "row %zu lacks %s", i, rows[i].out[n]);
			must(strcmp(prefix_text(&list.v[n], text), rows[i].out[n]) == 0, "row %zu has %s", i,
				text);
		}
		must(list.n == n, "row %zu has %zu prefixes", i, list.n);
		prefixes_free(&list);
		assert_null(list.v);
	}
}

/*
 * The property. A universe is a prefix and the 256 cells that eight more bits make of it; random prefixes of
 * it are aggregated, and the result is judged by a map of the cells, which knows nothing of sorting.
 */
#define CELLS 256

struct universe {
	const char *base;
	bool used[CELLS];
};

static uint64_t random_state;

/* xorshift64*, Vigna 2016: the same numbers everywhere from the same seed. */
static unsigned int random_below(unsigned int n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned int)((random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* The prefix of so many more bits of the universe that holds the cell. */
static struct prefix within(const struct universe *universe, unsigned int cell, unsigned int bits)
{
	const struct prefix base = prefix(universe->base);
	uint8_t addr[16];

	memcpy(addr, base.addr, sizeof(addr));
	addr[base.length / 8] = (uint8_t)cell;
	return prefix_make(base.family, addr, base.length + bits);
}

/* The least number of prefixes for the cells from low on, of which there are n; whole: one may hold all. */
static unsigned int least(const struct universe *universe, unsigned int low, unsigned int n, bool whole)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < n; i++)
		used += universe->used[low + i];
	if (used == 0)
		return 0;
	if (used == n && whole)
		return 1;
	return least(universe, low, n / 2, true) + least(universe, low + n / 2, n / 2, true);
}

static void judge(const struct prefixes *list, const struct universe *universes, size_t n, uint64_t seed)
{
	size_t expected = 0;

	for (size_t u = 0; u < n; u++) {
		const struct prefix base = prefix(universes[u].base);

		for (unsigned int cell = 0; cell < CELLS; cell++) {
			const struct prefix it = within(&universes[u], cell, 8);

			must(prefixes_cover(list, &it) == universes[u].used[cell],
				"seed %" PRIu64 ": cell %u of %s is %s", seed, cell, universes[u].base,
				universes[u].used[cell] ? "lost" : "new");
		}
		/* nothing of length 0 is ever made */
		expected += least(&universes[u], 0, CELLS, base.length > 0);
	}
	must(list->n == expected, "seed %" PRIu64 ": %zu prefixes, where %zu would do", seed, list->n,
		expected);
	for (size_t i = 0; i < list->n; i++) {
		must(prefix_valid(&list->v[i]), "seed %" PRIu64 ": one is not valid", seed);
		must(list->v[i].length > 0, "seed %" PRIu64 ": one is everything", seed);
		must(i == 0 || prefix_compare(&list->v[i - 1], &list->v[i]) < 0, "seed %" PRIu64 ": order",
			seed);
		for (size_t j = 0; j < list->n; j++) {
			struct prefix parent = prefix_make(
				list->v[i].family, list->v[i].addr, (unsigned int)list->v[i].length - 1);

			if (i == j)
				continue;
			must(!prefix_covers(&list->v[i], &list->v[j]),
				"seed %" PRIu64 ": one is inside another", seed);
			must(list->v[j].length != list->v[i].length || parent.length == 0 ||
					!prefix_covers(&parent, &list->v[j]),
				"seed %" PRIu64 ": two halves were not joined", seed);
		}
	}
}

static void aggregation_keeps_every_address_in_the_fewest_prefixes(void **state)
{
	static const char *const bases[] = {"10.9.8.0/24", "2001:db8::7700/120", "0.0.0.0/0", "::/0"};
	static const unsigned int sets[][2] = {{0, 1}, {2, 1}, {0, 3}, {2, 3}};
	const char *given = getenv("UNIT_SEED");
	const uint64_t first = given != NULL ? strtoull(given, NULL, 10) : 20260101;

	(void)state;
	printf("# aggregation: seeds %" PRIu64 " to %" PRIu64 " (UNIT_SEED=N starts at another)\n", first,
		first + 3999);
	for (uint64_t seed = first; seed < first + 4000; seed++) {
		const unsigned int *set = sets[seed % LENGTH(sets)];
		struct universe universes[2] = {{.base = bases[set[0]]}, {.base = bases[set[1]]}};
		struct prefixes list = {0};

		random_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
		/* from a few prefixes to nearly all of them, long ones more often than short ones */
		for (unsigned int n = random_below(1U << random_below(9)); n > 0; n--) {
			struct universe *universe = &universes[random_below(2)];
			const unsigned int cell = random_below(CELLS);
			const unsigned int bits = 8 - random_below(1 + random_below(8));
			const struct prefix it = within(universe, cell, bits);
			const unsigned int size = 1U << (8 - bits);

			assert_int_equal(prefixes_add(&list, &it), 0);
			memset(universe->used + cell / size * size, true, size);
		}
		prefixes_aggregate(&list);
		judge(&list, universes, LENGTH(universes), seed);
		/* once more changes nothing */
		prefixes_aggregate(&list);
		judge(&list, universes, LENGTH(universes), seed);
		prefixes_free(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_read_and_written),
		cmocka_unit_test(what_is_no_prefix),
		cmocka_unit_test(what_comes_from_elsewhere_is_checked),
		cmocka_unit_test(kinds_of_address),
		cmocka_unit_test(what_an_address_leads_to),
		cmocka_unit_test(covering),
		cmocka_unit_test(the_order),
		cmocka_unit_test(aggregation_by_example),
		cmocka_unit_test(aggregation_keeps_every_address_in_the_fewest_prefixes),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
