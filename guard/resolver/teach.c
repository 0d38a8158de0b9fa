/* Messages to the warden and back: see the header. */
#include "guard/resolver/teach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/clock.h"

/* A message's number holds the question's place, and a count that tells it from those there before. */
#define PLACE_BITS 8
_Static_assert(ASKS_MAX <= 1 << PLACE_BITS, "a question's place fits");
_Static_assert(ANSWER_RECORDS_MAX / MESSAGE_ADDRESSES < 256, "an answer's messages can be counted");

static unsigned int parts_of(const struct ask *ask)
{
	return (ask->answer->n_addresses + MESSAGE_ADDRESSES - 1U) / MESSAGE_ADDRESSES;
}

static void write_part(const struct ask *ask, unsigned int part, struct message *message)
{
	const size_t from = (size_t)part * MESSAGE_ADDRESSES;
	const size_t left = ask->answer->n_addresses - from;
	bool odd;

	message->type = MESSAGE_LEARN;
	message->number = ask->number;
	message->status = parts_of(ask) > 1 ? LEARN_PART : 0;
	message->seconds = ask->answer->seconds;
	message->n = (uint32_t)(left < MESSAGE_ADDRESSES ? left : MESSAGE_ADDRESSES);
	/* it could be read when it was asked for */
	if (dns_name_text(&ask->question.name, message->name, &odd) < 0)
		message->name[0] = '\0';
	memcpy(message->addresses, answer_addresses(ask->answer) + from, message->n * sizeof(struct prefix));
}

static void wait_for(struct teach *teach, bool room)
{
	if (room == teach->waiting)
		return;
	teach->waiting = room;
	if (loop_change(teach->loop, teach->socket, EPOLLIN | (room ? EPOLLOUT : 0U), &teach->watch) < 0)
		teach->gone = true;
}

/* Those of the first in line that are not sent. Returns how many. */
static unsigned int gather(struct teach *teach)
{
	unsigned int n = 0;

	for (const struct ask *ask = teach->first; ask != NULL; ask = ask->teach_next)
		for (unsigned int part = ask->parts_sent; part < parts_of(ask); part++) {
			write_part(ask, part, &teach->out[n]);
			if (++n == MESSAGES_AT_ONCE)
				return n;
		}
	return n;
}

/* So many of them are sent. */
static void count_sent(struct teach *teach, unsigned int n)
{
	for (struct ask *ask = teach->first; ask != NULL && n > 0; ask = teach->first) {
		const unsigned int left = parts_of(ask) - ask->parts_sent;
		const unsigned int now = n < left ? n : left;

		ask->parts_sent = (uint8_t)(ask->parts_sent + now);
		n -= now;
		if (now < left)
			return;
		teach->first = ask->teach_next;
		if (teach->first == NULL)
			teach->last = &teach->first;
	}
}

void teach_turn(struct teach *teach)
{
	int ret = 0;

	while (teach->first != NULL && ret >= 0) {
		ret = message_send_several(teach->socket, teach->out, gather(teach));
		if (ret > 0)
			count_sent(teach, (unsigned int)ret);
	}
	/* any other failure is of the socket itself */
	if (ret < 0 && ret != -EAGAIN)
		teach->gone = true;
	wait_for(teach, ret == -EAGAIN);
}

void teach_start(struct teach *teach, struct ask *ask)
{
	ask->number = ++teach->sequence << PLACE_BITS | asks_place(upstream_asks(teach->upstream), ask);
	ask->parts_sent = ask->parts_done = 0;
	ask->until_ms = clock_ms() + TEACH_MS;
	ask->teach_next = NULL;
	*teach->last = ask;
	teach->last = &ask->teach_next;
}

int teach_keep(struct teach *teach, const char *name, int32_t families, uint32_t seconds)
{
	struct message message = {.type = MESSAGE_KEEP, .status = families, .seconds = seconds};
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
	struct ask *ask = asks_at(upstream_asks(teach->upstream), message->number & ((1U << PLACE_BITS) - 1));

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
	const int n = message_receive_several(teach->socket, teach->in, MESSAGES_AT_ONCE);

	(void)events;
	for (int i = 0; i < n; i++)
		if (teach->in[i].type == MESSAGE_LEARNT)
			take_learnt(teach, &teach->in[i]);
		else
			teach->told(teach->owner, &teach->in[i]);
	if (n < 0 && n != -EAGAIN)
		teach->gone = true;
}

void teach_tick(struct teach *teach, int64_t now_ms)
{
	for (unsigned int place = 0; place < ASKS_MAX; place++) {
		struct ask *ask = asks_at(upstream_asks(teach->upstream), place);

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
