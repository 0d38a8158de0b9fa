/* guard/audit/known.h and guard/audit/table.h: of a fixed size, and right about what they still hold. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "guard/audit/known.h"

static struct prefix number(unsigned int n)
{
	const unsigned char address[4] = {
		10, (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};

	return prefix_make(AF_INET, address, 32);
}

static void the_last_name_counts(void **state)
{
	const struct prefix v4 = prefix("192.0.2.1"), v6 = prefix("2001:db8::1"), none = prefix("192.0.2.2");
	struct known known;

	(void)state;
	assert_int_equal(known_make(&known), 0);
	assert_null(known_name(&known, &v4));
	known_put(&known, &v4, "a.example");
	known_put(&known, &v6, "a.example");
	assert_string_equal(known_name(&known, &v4), "a.example");
	assert_ptr_equal(known_name(&known, &v4), known_name(&known, &v6));
	known_put(&known, &v4, "b.example");
	assert_string_equal(known_name(&known, &v4), "b.example");
	assert_string_equal(known_name(&known, &v6), "a.example");
	assert_null(known_name(&known, &none));
	known_put(&known, &v6, times("x", 254));
	assert_string_equal(known_name(&known, &v6), "a.example");
	known_put(&known, &v6, times("x", 253));
	assert_int_equal(strlen(known_name(&known, &v6)), 253);
	known_free(&known);
}

/* Ten times what there is room for: the newest are known, the oldest are not, and no name is another's. */
static void old_ones_are_forgotten(void **state)
{
	const unsigned int n = 10 * KNOWN_ADDRESSES;
	unsigned int held = 0;
	struct known known;

	(void)state;
	assert_int_equal(known_make(&known), 0);
	for (unsigned int i = 0; i < n; i++) {
		const struct prefix address = number(i);
		char name[300];

		snprintf(name, sizeof(name), "%u.%s", i, times("long.example", i % 20));
		known_put(&known, &address, name);
		assert_string_equal(known_name(&known, &address), name);
	}
	for (unsigned int i = 0; i < n; i++) {
		const struct prefix address = number(i);
		const char *name = known_name(&known, &address);

		must(name == NULL || (unsigned int)strtoul(name, NULL, 10) == i, "%u has the name %s", i,
			name);
		held += name != NULL;
	}
	assert_in_range(held, 100, KNOWN_ADDRESSES);
	known_free(&known);
}

/* What is still asked for outlives what is not. */
static void the_used_stay(void **state)
{
	const struct prefix kept = prefix("192.0.2.1");
	struct known known;

	(void)state;
	assert_int_equal(known_make(&known), 0);
	known_put(&known, &kept, "kept.example");
	for (unsigned int i = 0; i < 2 * KNOWN_ADDRESSES; i++) {
		const struct prefix address = number(i);

		known_put(&known, &address, "same.example");
		assert_string_equal(known_name(&known, &kept), "kept.example");
	}
	known_free(&known);
}

struct record {
	struct table_slot slot;
	uint64_t key, value;
};

/* Against the plainest model there is, with keys that come, go, and come again. */
static void a_table_is_what_it_says(void **state)
{
	enum { KEYS = 97, SLOTS = 40 };
	uint64_t model[KEYS] = {0};
	unsigned int n = 0, seed = 1;
	struct table table;

	(void)state;
	assert_int_equal(table_make(&table, SLOTS, sizeof(uint64_t), sizeof(struct record)), 0);
	for (unsigned int step = 0; step < 20000; step++) {
		struct record *record;
		uint64_t key;

		seed = seed * 1103515245 + 12345;
		key = seed / 65536 % KEYS;
		record = table_find(&table, &key);
		must((record != NULL) == (model[key] != 0), "key %u, step %u", (unsigned int)key, step);
		must(record == NULL || record->value == model[key], "key %u, step %u", (unsigned int)key,
			step);
		if (record != NULL && seed % 3 == 0) {
			table_drop(&table, record);
			model[key] = 0;
			n--;
			continue;
		}
		if (record == NULL) {
			struct record *least = table_least(&table);

			assert_true((least != NULL) == (n == SLOTS));
			if (least != NULL) {
				model[least->key] = 0;
				table_drop(&table, least);
				n--;
			}
			record = table_add(&table, &key);
			assert_non_null(record);
			n++;
		}
		record->value = model[key] = step + 1;
		record->slot.weight = seed / 7 % 5;
		assert_int_equal(table.n, n);
	}
	table_free(&table);
}

static void the_lightest_and_oldest_goes(void **state)
{
	struct table table;
	struct record *record;

	(void)state;
	assert_int_equal(table_make(&table, 3, sizeof(uint64_t), sizeof(struct record)), 0);
	for (uint64_t key = 1; key <= 3; key++) {
		assert_null(table_least(&table));
		record = table_add(&table, &key);
		record->slot.weight = key == 1 ? 5 : 2;
	}
	record = table_least(&table);
	assert_int_equal(record->key, 2);
	assert_non_null(table_find(&table, &(uint64_t){2}));
	record = table_least(&table);
	assert_int_equal(record->key, 3);
	assert_null(table_add(&table, &(uint64_t){4}));
	table_drop(&table, record);
	assert_null(table_find(&table, &(uint64_t){3}));
	assert_non_null(table_add(&table, &(uint64_t){4}));
	table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_name_counts),
		cmocka_unit_test(old_ones_are_forgotten),
		cmocka_unit_test(the_used_stay),
		cmocka_unit_test(a_table_is_what_it_says),
		cmocka_unit_test(the_lightest_and_oldest_goes),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
