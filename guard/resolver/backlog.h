/* Bytes that a client has not read yet, up to a bound. */
#ifndef GUARD_RESOLVER_BACKLOG_H
#define GUARD_RESOLVER_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is empty, and holds no memory; backlog_clear makes it so again. */
struct backlog {
	uint8_t *bytes;
	size_t from, to;
};

static inline bool backlog_is_empty(const struct backlog *backlog)
{
	return backlog->from == backlog->to;
}

/* Appends, up to most bytes in all, the same for each call. Returns 0, -E2BIG or -ENOMEM. */
int backlog_put(struct backlog *backlog, const uint8_t *bytes, size_t length, size_t most);

/* So many of the first are gone. */
void backlog_drop(struct backlog *backlog, size_t length);
void backlog_clear(struct backlog *backlog);

#endif
