/* Bytes that a client has not read yet, up to a bound. */
#ifndef GUARD_OUTBOX_H
#define GUARD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is empty, and holds no memory; outbox_clear makes it so again. */
struct outbox {
	uint8_t *bytes;
	size_t from, to;
};

static inline bool outbox_is_empty(const struct outbox *outbox)
{
	return outbox->from == outbox->to;
}

/* Appends, up to most bytes in all, the same for each call. Returns 0, -E2BIG or -ENOMEM. */
int outbox_put(struct outbox *outbox, const uint8_t *bytes, size_t length, size_t most);

/* So many of the first are gone. */
void outbox_drop(struct outbox *outbox, size_t length);
void outbox_clear(struct outbox *outbox);

#endif
