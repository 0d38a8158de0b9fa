/* The clock that only goes forward, for waits and deadlines. */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC (clock_gettime(2)). */
int64_t clock_ms(void);

#endif
