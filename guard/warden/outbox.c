/* A queue in an array: see the header. */
#include "guard/warden/outbox.h"

#include <errno.h>
#include <stdlib.h>

void outbox_free(struct outbox *outbox)
{
	free(outbox->v);
	*outbox = (struct outbox){0};
}

bool outbox_empty(const struct outbox *outbox)
{
	return outbox->first == outbox->n;
}

int outbox_put(struct outbox *outbox, const struct outgoing *outgoing)
{
	if (outbox->n == outbox->room) {
		const size_t room = outbox->room == 0 ? 4 : outbox->room * 2;
		struct outgoing *v = reallocarray(outbox->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		outbox->v = v;
		outbox->room = room;
	}
	outbox->v[outbox->n++] = *outgoing;
	return 0;
}

int outbox_send(struct outbox *outbox, int socket)
{
	while (!outbox_empty(outbox)) {
		const struct outgoing *it = &outbox->v[outbox->first];
		const struct message message = {.type = it->type,
			.number = it->number,
			.status = it->status,
			.list = it->list,
			.entry = it->entry};
		int ret = message_send(socket, &message);

		if (ret == -EAGAIN)
			return 0;
		if (ret < 0)
			return ret;
		outbox->first++;
	}
	/* a policy's worth of entries need not be kept */
	if (outbox->room > 64)
		outbox_free(outbox);
	outbox->first = 0;
	outbox->n = 0;
	return 0;
}
