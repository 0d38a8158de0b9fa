/* Decimal digits to a number, strictly. */
#include "util/number.h"

#include <errno.h>

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;
	int digits = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (++digits > 10)
			return -ERANGE;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	if (digits == 0 || *text != '\0')
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}
