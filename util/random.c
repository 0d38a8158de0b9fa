/* getrandom(2), by the pool. */
#include "util/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill(struct random *random)
{
	ssize_t got;

	do
		got = getrandom(random->bytes, sizeof(random->bytes), 0);
	while (got < 0 && errno == EINTR);
	/* going on would mean questions that can be foretold */
	if (got != sizeof(random->bytes))
		abort();
	random->left = sizeof(random->bytes);
}

void random_bytes(struct random *random, void *bytes, size_t size)
{
	uint8_t *from;

	if (size > sizeof(random->bytes))
		abort();
	if (random->left < size)
		fill(random);
	random->left -= size;
	from = random->bytes + random->left;
	memcpy(bytes, from, size);
	/* what was given out is forgotten here */
	memset(from, 0, size);
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	uint32_t number;

	random_bytes(random, &number, sizeof(number));
	return (uint32_t)((uint64_t)number * limit >> 32);
}
