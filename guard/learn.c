/* Messages to the warden and back: see the header. */
#include "guard/learn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/clock.h"

/* Messages read at one event; the rest comes with the next. */
#define MESSAGES 64
/* A message's number holds the question's place, and a count that tells it from those there before. */
#define PLACE_BITS 8
_Static_assert(ASKS_MAX <= 1 << PLACE_BITS, "a question's place fits");
_Static_assert(ANSWER_RECORDS_MAX / MESSAGE_ADDRESSES < 256, "an answer's messages can be counted");

static unsigned int parts_of(const struct ask *ask)
{
	return (ask->answer->n_addresses + MESSAGE_ADDRESSES - 1U) / MESSAGE_ADDRESSES;
}

static int send_part(struct learn *learn, const struct ask *ask)
{
	struct message message = {
		.type = MESSAGE_LEARN, .number = ask->number, .seconds = ask->answer->seconds};
	const size_t from = (size_t)ask->parts_sent * MESSAGE_ADDRESSES;
	const size_t left = ask->answer->n_addresses - from;
	bool odd;

	message.n = (uint32_t)(left < MESSAGE_ADDRESSES ? left : MESSAGE_ADDRESSES);
	if (dns_name_text(&ask->question.name, message.name, &odd) < 0)
		return -EBADMSG;
	memcpy(message.addresses, answer_addresses(ask->answer) + from, message.n * sizeof(struct prefix));
	return message_send(learn->socket, &message);
}

static void wait_for(struct learn *learn, bool room)
{
	if (room == learn->waiting)
		return;
	learn->waiting = room;
	if (loop_change(learn->loop, learn->socket, EPOLLIN | (room ? EPOLLOUT : 0U), &learn->watch) < 0)
		learn->gone = true;
}

/* Sends what there is room for. */
static void send_waiting(struct learn *learn)
{
	int ret = 0;

	while (learn->first != NULL && ret == 0) {
		struct ask *ask = learn->first;

		while (ask->parts_sent < parts_of(ask) && ret == 0) {
			ret = send_part(learn, ask);
			ask->parts_sent = (uint8_t)(ask->parts_sent + (ret == 0));
		}
		if (ret < 0)
			break;
		learn->first = ask->learn_next;
		if (learn->first == NULL)
			learn->last = &learn->first;
	}
	/* any other failure is of the socket itself */
	if (ret < 0 && ret != -EAGAIN)
		learn->gone = true;
	wait_for(learn, ret == -EAGAIN);
}

void learn_start(struct learn *learn, struct ask *ask)
{
	ask->number = ++learn->sequence << PLACE_BITS | ask_place(ask);
	ask->parts_sent = ask->parts_done = 0;
	ask->until_ms = clock_ms() + LEARN_MS;
	ask->learn_next = NULL;
	*learn->last = ask;
	learn->last = &ask->learn_next;
	if (!learn->waiting)
		send_waiting(learn);
}

int learn_keep(struct learn *learn, const char *name, uint32_t seconds)
{
	struct message message = {.type = MESSAGE_KEEP, .seconds = seconds};
	int ret;

	memcpy(message.name, name, strnlen(name, sizeof(message.name) - 1));
	ret = learn->waiting ? -EAGAIN : message_send(learn->socket, &message);
	if (ret < 0 && ret != -EAGAIN)
		learn->gone = true;
	return ret;
}

/* Out of the line of those not sent, where it may be. */
static void leave_line(struct learn *learn, const struct ask *ask)
{
	struct ask **link = &learn->first;

	while (*link != NULL && *link != ask)
		link = &(*link)->learn_next;
	if (*link == NULL)
		return;
	*link = ask->learn_next;
	if (*link == NULL)
		learn->last = link;
}

static void done(struct learn *learn, struct ask *ask, int status)
{
	ask->number = 0;
	leave_line(learn, ask);
	learn->learnt(learn->owner, ask, status);
}

static void take_learnt(struct learn *learn, const struct message *message)
{
	struct ask *ask = upstream_at(learn->upstream, message->number & ((1U << PLACE_BITS) - 1));

	if (ask == NULL || ask->state != ASK_ANSWERED || ask->number != message->number || ask->number == 0)
		return; /* given up meanwhile */
	if (message->status != 0)
		done(learn, ask, message->status);
	else if (++ask->parts_done == parts_of(ask))
		done(learn, ask, 0);
}

static void socket_ready(void *owner, uint32_t events)
{
	struct learn *learn = owner;
	struct message message;
	int ret = 0;

	(void)events;
	for (unsigned int i = 0; i < MESSAGES && ret == 0; i++) {
		ret = message_receive(learn->socket, &message);
		if (ret == 0 && message.type == MESSAGE_LEARNT)
			take_learnt(learn, &message);
		else if (ret == 0)
			learn->told(learn->owner, &message);
	}
	if (ret < 0 && ret != -EAGAIN)
		learn->gone = true;
	if (learn->waiting)
		send_waiting(learn);
}

void learn_tick(struct learn *learn, int64_t now_ms)
{
	for (unsigned int place = 0; place < ASKS_MAX; place++) {
		struct ask *ask = upstream_at(learn->upstream, place);

		if (ask != NULL && ask->state == ASK_ANSWERED && ask->number != 0 && ask->until_ms <= now_ms)
			done(learn, ask, -ETIMEDOUT);
	}
}

int learn_open(struct learn *learn, int socket)
{
	const int flags = fcntl(socket, F_GETFL);

	if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	learn->socket = socket;
	learn->last = &learn->first;
	learn->watch = (struct watch){socket_ready, learn};
	return loop_watch(learn->loop, socket, EPOLLIN, &learn->watch);
}
