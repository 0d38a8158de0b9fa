/* Levenshtein's distance, one row of its table at a time. */
#include "util/likeness.h"

#include <ctype.h>
#include <string.h>

#define LETTERS 63

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	const unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

unsigned int likeness_distance(const char *a, const char *b)
{
	/* row[j]: from the letters of a so far to the first j of b */
	unsigned int row[LETTERS + 1];
	const size_t length = strnlen(b, LETTERS);

	for (size_t j = 0; j <= length; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; i < LETTERS && a[i] != '\0'; i++) {
		unsigned int diagonal = row[0];

		row[0]++;
		for (size_t j = 0; j < length; j++) {
			const bool same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[j]);
			const unsigned int above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1, diagonal + (same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[length];
}

bool likeness_close(const char *a, const char *b)
{
	return likeness_distance(a, b) <= 1 + strnlen(a, LETTERS) / 3;
}
