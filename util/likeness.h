/* How like two words are, for "did you mean". */
#ifndef UTIL_LIKENESS_H
#define UTIL_LIKENESS_H

#include <stdbool.h>

/*
 * How many letters must be put in, left out or changed to make one word of the other (Levenshtein's
 * distance), in any case of letters. Of words longer than 63 letters only the first 63 are looked at.
 */
unsigned int likeness_distance(const char *a, const char *b);

/* True if one may well be the other, misspelt: at that distance, a third of its letters and one. */
bool likeness_close(const char *a, const char *b);

#endif
