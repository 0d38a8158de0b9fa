/* Bytes that wait: see the header. */
#include "guard/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int outbox_put(struct outbox *outbox, const uint8_t *bytes, size_t length, size_t most)
{
	const size_t waiting = outbox->to - outbox->from;

	if (length > most - waiting)
		return -E2BIG;
	/* all that it may ever be, of which only what is written to is really taken */
	if (outbox->bytes == NULL)
		outbox->bytes = malloc(most);
	if (outbox->bytes == NULL)
		return -ENOMEM;
	memmove(outbox->bytes, outbox->bytes + outbox->from, waiting);
	memcpy(outbox->bytes + waiting, bytes, length);
	outbox->from = 0;
	outbox->to = waiting + length;
	return 0;
}

void outbox_drop(struct outbox *outbox, size_t length)
{
	outbox->from += length;
	if (outbox_is_empty(outbox))
		outbox_clear(outbox);
}

void outbox_clear(struct outbox *outbox)
{
	free(outbox->bytes);
	*outbox = (struct outbox){0};
}
