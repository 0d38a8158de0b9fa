/* util/random.h: within its limits, evenly, and never the same twice. */
#include "tests/unit/unit.h"

#include <string.h>

#include "util/random.h"

static void below_a_limit(void **state)
{
	static const uint32_t limits[] = {1, 2, 3, 10, 65536, 1U << 31, UINT32_MAX};
	struct random random = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(limits); i++)
		for (unsigned int n = 0; n < 2000; n++)
			must(random_below(&random, limits[i]) < limits[i], "not below %u", limits[i]);
}

/* 16 numbers, 16000 draws: each about 1000 times; 800 or 1200 are more than six deviations away. */
static void evenly(void **state)
{
	struct random random = {0};
	unsigned int seen[16] = {0};

	(void)state;
	for (unsigned int n = 0; n < 16000; n++)
		seen[random_below(&random, 16)]++;
	for (size_t i = 0; i < LENGTH(seen); i++)
		must(seen[i] > 800 && seen[i] < 1200, "%zu came %u times", i, seen[i]);
}

/* A pool gives each of its bytes once, and keeps none of them. */
static void nothing_twice(void **state)
{
	struct random random = {0};
	uint8_t all[64][16];

	(void)state;
	for (size_t i = 0; i < LENGTH(all); i++) {
		random_bytes(&random, all[i], sizeof(all[i]));
		must(memmem(random.bytes, sizeof(random.bytes), all[i], sizeof(all[i])) == NULL,
			"draw %zu is still in the pool", i);
		for (size_t k = 0; k < i; k++)
			must(memcmp(all[i], all[k], sizeof(all[i])) != 0, "draws %zu and %zu", i, k);
	}
}

static void every_size(void **state)
{
	struct random random = {0};

	(void)state;
	for (size_t size = 0; size <= sizeof(random.bytes); size++) {
		uint8_t bytes[sizeof(random.bytes) + 1];

		memset(bytes, 0xa5, sizeof(bytes));
		random_bytes(&random, bytes, size);
		must(bytes[size] == 0xa5, "%zu bytes were more", size);
		assert_true(random.left <= sizeof(random.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_a_limit),
		cmocka_unit_test(evenly),
		cmocka_unit_test(nothing_twice),
		cmocka_unit_test(every_size),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
