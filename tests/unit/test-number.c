/* util/number.h: what is a number, and what is not. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "util/number.h"

static void numbers_are_all_digits_and_in_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int ret;
		uint64_t number;
	} rows[] = {
		{"0", 0, 10, 0, 0}, {"10", 0, 10, 0, 10}, {"11", 0, 10, -ERANGE, 0}, {"1", 2, 10, -ERANGE, 0},
		{"2", 2, 10, 0, 2}, {"65535", 1, 65535, 0, 65535}, {"65536", 1, 65535, -ERANGE, 0},
		{"4294967295", 0, UINT32_MAX, 0, UINT32_MAX}, {"4294967296", 0, UINT32_MAX, -ERANGE, 0},
		{"9999999999", 0, UINT64_MAX, 0, UINT64_C(9999999999)}, {"007", 0, 10, 0, 7},
		/* eleven digits are no number of ours, whatever their value */
		{"10000000000", 0, UINT64_MAX, -ERANGE, 0}, {"00000000001", 0, 10, -ERANGE, 0},
		/* what would come round to a small number in 64 or 32 bits */
		{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
		{"18446744073709551617", 0, UINT64_MAX, -ERANGE, 0}, {"", 0, 10, -EINVAL, 0},
		{"-1", 0, 10, -EINVAL, 0}, {"+1", 0, 10, -EINVAL, 0}, {" 1", 0, 10, -EINVAL, 0},
		{"1 ", 0, 10, -EINVAL, 0}, {"1\n", 0, 10, -EINVAL, 0}, {"0x1", 0, 10, -EINVAL, 0},
		{"1e1", 0, 10, -EINVAL, 0}, {"1.0", 0, 10, -EINVAL, 0}, {"one", 0, 10, -EINVAL, 0},
		{"\xd9\xa1", 0, 10, -EINVAL, 0}, /* ARABIC-INDIC DIGIT ONE */
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint64_t number = 4711;
		int ret = number_parse(rows[i].text, rows[i].min, rows[i].max, &number);

		must(ret == rows[i].ret, "'%s': %d, not %d", rows[i].text, ret, rows[i].ret);
		must(number == (ret == 0 ? rows[i].number : 4711), "'%s': %llu", rows[i].text,
			(unsigned long long)number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_all_digits_and_in_range),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
