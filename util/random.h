/* Bytes that nobody can guess, from the kernel, fetched many at a time. */
#ifndef UTIL_RANDOM_H
#define UTIL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* {0} is an empty pool, which fills itself. A copy of it, or a fork, would give the same bytes twice. */
struct random {
	size_t left;
	uint8_t bytes[256]; /* getrandom(2): up to so many are never cut short by a signal */
};

/* size: at most sizeof(random->bytes). The process ends if the kernel has none, which it always has. */
void random_bytes(struct random *random, void *bytes, size_t size);

/* Evenly from 0 to below limit; limit is not 0. */
uint32_t random_below(struct random *random, uint32_t limit);

#endif
