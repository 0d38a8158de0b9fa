/* The one way in which digits become a number here: all of the text, decimal, in range, or not at all. */
#ifndef UTIL_NUMBER_H
#define UTIL_NUMBER_H

#include <stdint.h>

/*
 * Reads text, which must be one to ten decimal digits and nothing else (no sign, no blank, no 0x), as a
 * number from min to max. Returns 0, -EINVAL if it is not a number, -ERANGE if it is out of range.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif
