/* Messages to the warden and back: see the header. */
#include "guard/teach.h"

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

static int send_part(struct teach *teach, const struct ask *ask)
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
	return message_send(teach->socket, &message);
}

static void wait_for(struct teach *teach, bool room)
{
	if (room == teach->waiting)
		return;
	teach->waiting = room;
	if (loop_change(teach->loop, teach->socket, EPOLLIN | (room ? EPOLLOUT : 0U), &teach->watch) < 0)
		teach->gone = true;
}

/* Sends what there is room for. */
static void send_waiting(struct teach *teach)
{
	int ret = 0;

	while (teach->first != NULL && ret == 0) {
		struct ask *ask = teach->first;

		while (ask->parts_sent < parts_of(ask) && ret == 0) {
			ret = send_part(teach, ask);
			ask->parts_sent = (uint8_t)(ask->parts_sent + (ret == 0));
		}
		if (ret < 0)
			break;
		teach->first = ask->teach_next;
		if (teach->first == NULL)
			teach->last = &teach->first;
	}
	/* any other failure is of the socket itself */
	if (ret < 0 && ret != -EAGAIN)
		teach->gone = true;
	wait_for(teach, ret == -EAGAIN);
}

void teach_start(struct teach *teach, struct ask *ask)
{
	ask->number = ++teach->sequence << PLACE_BITS | ask_place(ask);
	ask->parts_sent = ask->parts_done = 0;
	ask->until_ms = clock_ms() + TEACH_MS;
	ask->teach_next = NULL;
	*teach->last = ask;
	teach->last = &ask->teach_next;
	if (!teach->waiting)
		send_waiting(teach);
}

int teach_keep(struct teach *teach, const char *name, uint32_t seconds)
{
	struct message message = {.type = MESSAGE_KEEP, .seconds = seconds};
	int ret;

	memcpy(message.name, name, strnlen(name, sizeof(message.name) - 1));
	ret = teach->waiting ? -EAGAIN : message_send(teach->socket, &message);
	if (ret < 0 && ret != -EAGAIN)
		teach->gone = true;
	return ret;
}

/* Out of the line of those not sent, where it may be. */
static void leave_line(struct teach *teach, const struct ask *ask)
{
	struct ask **link = &teach->first;

	while (*link != NULL && *link != ask)
		link = &(*link)->teach_next;
	if (*link == NULL)
		return;
	*link = ask->teach_next;
	if (*link == NULL)
		teach->last = link;
}

static void done(struct teach *teach, struct ask *ask, int status)
{
	ask->number = 0;
	leave_line(teach, ask);
	teach->learnt(teach->owner, ask, status);
}

static void take_learnt(struct teach *teach, const struct message *message)
{
	struct ask *ask = upstream_at(teach->upstream, message->number & ((1U << PLACE_BITS) - 1));

	if (ask == NULL || ask->state != ASK_ANSWERED || ask->number != message->number || ask->number == 0)
		return; /* given up meanwhile */
	if (message->status != 0)
		done(teach, ask, message->status);
	else if (++ask->parts_done == parts_of(ask))
		done(teach, ask, 0);
}

static void socket_ready(void *owner, uint32_t events)
{
	struct teach *teach = owner;
	struct message message;
	int ret = 0;

	(void)events;
	for (unsigned int i = 0; i < MESSAGES && ret == 0; i++) {
		ret = message_receive(teach->socket, &message);
		if (ret == 0 && message.type == MESSAGE_LEARNT)
			take_learnt(teach, &message);
		else if (ret == 0)
			teach->told(teach->owner, &message);
	}
	if (ret < 0 && ret != -EAGAIN)
		teach->gone = true;
	if (teach->waiting)
		send_waiting(teach);
}

void teach_tick(struct teach *teach, int64_t now_ms)
{
	for (unsigned int place = 0; place < ASKS_MAX; place++) {
		struct ask *ask = upstream_at(teach->upstream, place);

		if (ask != NULL && ask->state == ASK_ANSWERED && ask->number != 0 && ask->until_ms <= now_ms)
			done(teach, ask, -ETIMEDOUT);
	}
}

int teach_open(struct teach *teach, int socket)
{
	const int flags = fcntl(socket, F_GETFL);

	if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	teach->socket = socket;
	teach->last = &teach->first;
	teach->watch = (struct watch){socket_ready, teach};
	return loop_watch(teach->loop, socket, EPOLLIN, &teach->watch);
}
