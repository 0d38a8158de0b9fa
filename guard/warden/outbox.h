/* What the warden has to say to the resolver, in order, until its socket takes it. */
#ifndef GUARD_WARDEN_OUTBOX_H
#define GUARD_WARDEN_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/message.h"

/* One message without the parts that the warden never uses. */
struct outgoing {
	uint32_t type, number, list;
	int32_t status;
	struct entry entry;
};

/* {0} is empty; outbox_free gives it back. */
struct outbox {
	struct outgoing *v;
	size_t first, n, room; /* v[first .. n) are to be sent */
};

void outbox_free(struct outbox *outbox);
bool outbox_empty(const struct outbox *outbox);

/* Appends one. Returns 0 or -ENOMEM. */
int outbox_put(struct outbox *outbox, const struct outgoing *outgoing);

/* Sends as many as the socket, which must not block, takes. Returns 0, also if some are left, or -errno. */
int outbox_send(struct outbox *outbox, int socket);

#endif
