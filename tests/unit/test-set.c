/* fw/set.h: what the sets are meant to hold, in its least form. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/set.h"

/* Adds "10.0.0.0/8 2001:db8::1 10.0.0.1=80 10.0.0.1=8000-8010", in this order. */
static void fill(struct contents *contents, const char *list)
{
	char text[2000], *rest = text;

	assert_true(strlen(list) < sizeof(text));
	strcpy(text, list);
	for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
		char *ports = strchr(word, '=');
		unsigned int low, high;
		struct prefix it;

		if (ports == NULL) {
			it = prefix(word);
			assert_int_equal(contents_add(contents, &it), 0);
			continue;
		}
		*ports++ = '\0';
		it = prefix(word);
		low = (unsigned int)strtoul(ports, &ports, 10);
		high = *ports == '-' ? (unsigned int)strtoul(ports + 1, NULL, 10) : low;
		assert_int_equal(contents_add_ports(contents, &it, (uint16_t)low, (uint16_t)high), 0);
	}
}

static const char *in_words(const struct contents *contents)
{
	static char text[4000];
	char address[PREFIX_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < contents->any.n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? " " : "",
			prefix_text(&contents->any.v[i], address));
	for (size_t i = 0; i < contents->n_endpoints; i++) {
		const struct endpoint *it = &contents->endpoints[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%u", used > 0 ? " " : "",
			prefix_text(&it->prefix, address), it->low);
		if (it->high != it->low)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "-%u", it->high);
	}
	return text;
}

static void settling(void **state)
{
	static const struct {
		const char *before, *after;
		size_t count[SET_KINDS];
	} rows[] = {
		{"", "", {0, 0, 0, 0}},
		{"10.0.0.1", "10.0.0.1", {1, 0, 0, 0}},
		{"2001:db8::1 10.0.0.1", "10.0.0.1 2001:db8::1", {1, 1, 0, 0}},
		{"10.0.0.1 10.0.0.0 10.0.0.1", "10.0.0.0/31", {1, 0, 0, 0}},
		{"10.0.0.1=443", "10.0.0.1=443", {0, 0, 2, 0}},
		{"2001:db8::1=443", "2001:db8::1=443", {0, 0, 0, 2}},
		{"10.0.0.1=443 10.0.0.1=443", "10.0.0.1=443", {0, 0, 2, 0}},
		{"10.0.0.1=443 10.0.0.1=80", "10.0.0.1=80 10.0.0.1=443", {0, 0, 4, 0}},
		/* overlapping, touching, one in the other */
		{"10.0.0.1=80-90 10.0.0.1=85-95", "10.0.0.1=80-95", {0, 0, 32, 0}},
		{"10.0.0.1=81 10.0.0.1=80", "10.0.0.1=80-81", {0, 0, 4, 0}},
		{"10.0.0.1=85 10.0.0.1=80-90 10.0.0.1=91", "10.0.0.1=80-91", {0, 0, 24, 0}},
		{"10.0.0.1=80-100 10.0.0.1=85-90 10.0.0.1=95-99", "10.0.0.1=80-100", {0, 0, 42, 0}},
		{"10.0.0.1=65535 10.0.0.1=65534 10.0.0.1=1-65535", "10.0.0.1=1-65535", {0, 0, 131070, 0}},
		{"10.0.0.1=65535 10.0.0.1=1", "10.0.0.1=1 10.0.0.1=65535", {0, 0, 4, 0}},
		/* of different networks: apart */
		{"10.0.0.1=80 10.0.0.2=81", "10.0.0.1=80 10.0.0.2=81", {0, 0, 4, 0}},
		{"10.0.0.0/8=80 10.0.0.0/24=80", "10.0.0.0/8=80 10.0.0.0/24=80", {0, 0, 4, 0}},
		/* what is open on all ports needs no port */
		{"10.0.0.1 10.0.0.1=443", "10.0.0.1", {1, 0, 0, 0}},
		{"10.0.0.0/24 10.0.0.7=443 10.0.1.7=443", "10.0.0.0/24 10.0.1.7=443", {1, 0, 2, 0}},
		{"10.0.0.0/25=443 10.0.0.0/26 10.0.0.64/26", "10.0.0.0/25", {1, 0, 0, 0}},
		{"10.0.0.7 10.0.0.0/24=443", "10.0.0.7 10.0.0.0/24=443", {1, 0, 2, 0}},
		{"10.0.0.1=80 10.0.0.2=80 10.0.0.2 10.0.0.1=81", "10.0.0.2 10.0.0.1=80-81", {1, 0, 4, 0}},
		{"::1 10.0.0.1=443", "::1 10.0.0.1=443", {0, 1, 2, 0}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct contents contents = {0};

		fill(&contents, rows[i].before);
		must(contents_settle(&contents) == 0, "'%s' does not settle", rows[i].before);
		must(strcmp(in_words(&contents), rows[i].after) == 0, "'%s' settles as '%s', not '%s'",
			rows[i].before, in_words(&contents), rows[i].after);
		for (int set = 0; set < SETS; set++)
			must(contents_count(&contents, set) == rows[i].count[set % SET_KINDS],
				"'%s': %s has %zu elements", rows[i].before, set_kinds[set].name,
				contents_count(&contents, set));
		must(contents_settle(&contents) == 0 && strcmp(in_words(&contents), rows[i].after) == 0,
			"'%s' does not stay settled", rows[i].before);
		contents_free(&contents);
		assert_null(contents.endpoints);
		assert_null(contents.any.v);
	}
}

static void as_much_as_a_set_holds(void **state)
{
	struct contents contents = {0};

	(void)state;
	/* two elements a port: twice all ports, and two more for each of 4 */
	fill(&contents, "10.0.0.1=1-65535 10.0.0.2=1-65535 10.0.0.3=1-2");
	assert_int_equal(contents_settle(&contents), 0);
	assert_int_equal(contents_count(&contents, SET_PORTS4), SET_ELEMENTS_MAX);
	/* the other family has a set of its own */
	fill(&contents, "2001:db8::1=1-65535 2001:db8::2=1-65535 2001:db8::3=1-2");
	assert_int_equal(contents_settle(&contents), 0);
	fill(&contents, "10.0.0.4=1");
	assert_int_equal(contents_settle(&contents), -E2BIG);
	contents_free(&contents);
}

static void as_many_networks_as_a_set_holds(void **state)
{
	struct contents contents = {0};

	(void)state;
	/* every second address, so that none can be joined */
	for (uint32_t i = 0; i < SET_ELEMENTS_MAX; i++) {
		const uint8_t address[4] = {10, (uint8_t)(i >> 15), (uint8_t)(i >> 7), (uint8_t)(i << 1)};
		const struct prefix it = prefix_make(AF_INET, address, 32);

		assert_int_equal(contents_add(&contents, &it), 0);
	}
	assert_int_equal(contents_settle(&contents), 0);
	assert_int_equal(contents_count(&contents, SET_ANY4), SET_ELEMENTS_MAX);
	fill(&contents, "11.0.0.1");
	assert_int_equal(contents_settle(&contents), -E2BIG);
	contents_free(&contents);
}

static void holding(void **state)
{
	static const struct {
		const char *contents, *address;
		uint16_t port;
		bool held;
	} rows[] = {
		{"", "10.0.0.1", 443, false},
		{"10.0.0.1", "10.0.0.1", 443, true},
		{"10.0.0.1", "10.0.0.1", 1, true},
		{"10.0.0.1", "10.0.0.2", 443, false},
		{"10.0.0.0/24", "10.0.0.255", 443, true},
		{"10.0.0.0/24", "10.0.1.0", 443, false},
		{"10.0.0.1=443", "10.0.0.1", 443, true},
		{"10.0.0.1=443", "10.0.0.1", 442, false},
		{"10.0.0.1=443", "10.0.0.1", 444, false},
		{"10.0.0.1=443", "10.0.0.2", 443, false},
		{"10.0.0.0/24=8000-8010", "10.0.0.9", 8000, true},
		{"10.0.0.0/24=8000-8010", "10.0.0.9", 8010, true},
		{"10.0.0.0/24=8000-8010", "10.0.0.9", 8011, false},
		{"10.0.0.0/24=8000-8010", "10.0.0.9", 7999, false},
		{"10.0.0.1=1-65535", "10.0.0.1", 65535, true},
		{"10.0.0.0/8=80 10.0.0.1=443", "10.0.0.1", 80, true},
		{"10.0.0.0/8=80 10.0.0.1=443", "10.0.0.1", 443, true},
		{"10.0.0.0/8=80 10.0.0.1=443", "10.0.0.2", 443, false},
		{"2001:db8::/32", "2001:db8::1", 443, true},
		{"2001:db8::/32", "32.1.13.184", 443, false},
		{"2001:db8::1=443", "2001:db8::1", 443, true},
		{"2001:db8::1=443", "2001:db8::1", 80, false},
		/* an endpoint of either port, and one of another network before it */
		{"10.0.0.1=80 10.0.0.1=443", "10.0.0.1", 81, false},
		{"10.0.0.0/24=443 10.0.1.0/24=80", "10.0.1.1", 443, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct prefix address = prefix(rows[i].address);
		struct contents contents = {0};

		fill(&contents, rows[i].contents);
		assert_int_equal(contents_settle(&contents), 0);
		must(contents_hold(&contents, &address, rows[i].port) == rows[i].held, "'%s' and %s port %u",
			rows[i].contents, rows[i].address, rows[i].port);
		contents_free(&contents);
	}
}

/* Of the four sets each holds its own part. */
static void which_set_holds(void **state)
{
	static const struct {
		const char *address;
		uint16_t port;
		bool in[SET_KINDS];
	} rows[] = {
		{"10.0.0.1", 80, {[SET_ANY4] = true}},
		{"10.0.1.1", 443, {[SET_PORTS4] = true}},
		{"10.0.1.1", 80, {0}},
		{"2001:db8::1", 80, {[SET_ANY6] = true}},
		{"2001:db9::1", 443, {[SET_PORTS6] = true}},
		/* 10.0.0.1 and 10.0.1.1 as the first bytes of another family's address */
		{"a00:1::", 80, {0}},
		{"a00:101::", 443, {0}},
	};
	struct contents contents = {0};

	(void)state;
	fill(&contents, "10.0.0.1 2001:db8::/32 10.0.1.0/24=443 2001:db9::1=443");
	assert_int_equal(contents_settle(&contents), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct prefix address = prefix(rows[i].address);

		for (int set = 0; set < SETS; set++)
			must(contents_in(&contents, set, &address, rows[i].port) ==
					rows[i].in[set % SET_KINDS],
				"%s port %u and %s", rows[i].address, rows[i].port, set_kinds[set].name);
	}
	contents_free(&contents);
}

/* Settling changes nothing of what is held: a few random ones against themselves before. */
static void settling_keeps_what_is_held(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	printf("# settling: seed %u\n", seed);
	for (unsigned int round = 0; round < 500; round++) {
		struct contents contents = {0};
		bool before[16][16];

		for (unsigned int n = round % 12; n > 0; n--) {
			uint8_t address[4] = {10, 0, 0, 0};
			uint16_t low, high;
			struct prefix it;

			seed = seed * 1664525 + 1013904223;
			address[3] = (uint8_t)(seed >> 28);
			it = prefix_make(AF_INET, address, 32 - (seed >> 20 & 3));
			low = (uint16_t)(1 + (seed >> 16 & 15));
			high = (uint16_t)(low + (seed >> 12 & 3));
			if ((seed >> 9 & 3) == 0)
				assert_int_equal(contents_add(&contents, &it), 0);
			else
				assert_int_equal(contents_add_ports(&contents, &it, low, high), 0);
		}
		for (unsigned int pass = 0; pass < 2; pass++) {
			for (unsigned int a = 0; a < 16; a++) {
				for (unsigned int p = 0; p < 16; p++) {
					const uint8_t bytes[4] = {10, 0, 0, (uint8_t)a};
					const struct prefix it = prefix_make(AF_INET, bytes, 32);
					const bool held = contents_hold(&contents, &it, (uint16_t)(p + 1));

					if (pass == 0)
						before[a][p] = held;
					must(held == before[a][p], "round %u: 10.0.0.%u port %u", round, a,
						p + 1);
				}
			}
			assert_int_equal(contents_settle(&contents), 0);
		}
		contents_free(&contents);
	}
}

/* para looks for some of them; rules, contents and the kernel's sets meet by number. */
static void names_and_numbers(void **state)
{
	static const char *const names[LISTS][2] = {{"allowed-domains", "allowed-ports"},
		{"blocked-domains", "blocked-ports"}, {"inbound-hosts", "inbound-ports"}};

	(void)state;
	for (int set = 0; set < SETS; set++) {
		const struct set_kind *kind = &set_kinds[set];
		char name[32]; /* IPSET_MAXNAMELEN */

		snprintf(name, sizeof(name), "%s%s", names[SET_LIST(set)][kind->with_ports],
			kind->family == AF_INET6 ? "6" : "");
		assert_string_equal(kind->name, name);
		assert_string_equal(kind->type, kind->with_ports ? "hash:net,port" : "hash:net");
	}
	for (int list = 0; list < LISTS; list++) {
		assert_int_equal(set_kinds[SET_OF(list, SET_ANY4)].family, AF_INET);
		assert_int_equal(set_kinds[SET_OF(list, SET_ANY6)].family, AF_INET6);
		assert_false(set_kinds[SET_OF(list, SET_ANY6)].with_ports);
		assert_int_equal(set_kinds[SET_OF(list, SET_PORTS4)].family, AF_INET);
		assert_int_equal(set_kinds[SET_OF(list, SET_PORTS6)].family, AF_INET6);
		assert_true(set_kinds[SET_OF(list, SET_PORTS6)].with_ports);
		assert_int_equal(SET_LIST(SET_OF(list, SET_PORTS6)), list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settling),
		cmocka_unit_test(as_much_as_a_set_holds),
		cmocka_unit_test(as_many_networks_as_a_set_holds),
		cmocka_unit_test(holding),
		cmocka_unit_test(which_set_holds),
		cmocka_unit_test(settling_keeps_what_is_held),
		cmocka_unit_test(names_and_numbers),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
