/* Bytes that wait: see the header. */
#include "guard/resolver/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int backlog_put(struct backlog *backlog, const uint8_t *bytes, size_t length, size_t most)
{
	const size_t waiting = backlog->to - backlog->from;

	if (length > most - waiting)
		return -E2BIG;
	/* all that it may ever be, of which only what is written to is really taken */
	if (backlog->bytes == NULL)
		backlog->bytes = malloc(most);
	if (backlog->bytes == NULL)
		return -ENOMEM;
	memmove(backlog->bytes, backlog->bytes + backlog->from, waiting);
	memcpy(backlog->bytes + waiting, bytes, length);
	backlog->from = 0;
	backlog->to = waiting + length;
	return 0;
}

void backlog_drop(struct backlog *backlog, size_t length)
{
	backlog->from += length;
	if (backlog_is_empty(backlog))
		backlog_clear(backlog);
}

void backlog_clear(struct backlog *backlog)
{
	free(backlog->bytes);
	*backlog = (struct backlog){0};
}
