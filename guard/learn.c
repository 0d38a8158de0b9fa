/* Messages to the warden and back: see the header. */
#include "guard/learn.h"

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
	message->seconds = ask->answer->seconds;
	message->n = (uint32_t)(left < MESSAGE_ADDRESSES ? left : MESSAGE_ADDRESSES);
	/* it could be read when it was asked for */
	if (dns_name_text(&ask->question.name, message->name, &odd) < 0)
		message->name[0] = '\0';
	memcpy(message->addresses, answer_addresses(ask->answer) + from, message->n * sizeof(struct prefix));
}

static void wait_for(struct learn *learn, bool room)
{
	if (room == learn->waiting)
		return;
	learn->waiting = room;
	if (loop_change(learn->loop, learn->socket, EPOLLIN | (room ? EPOLLOUT : 0U), &learn->watch) < 0)
		learn->gone = true;
}

/* Those of the first in line that are not sent. Returns how many. */
static unsigned int gather(struct learn *learn)
{
	unsigned int n = 0;

	for (const struct ask *ask = learn->first; ask != NULL; ask = ask->learn_next)
		for (unsigned int part = ask->parts_sent; part < parts_of(ask); part++) {
			write_part(ask, part, &learn->out[n]);
			if (++n == MESSAGES_AT_ONCE)
				return n;
		}
	return n;
}

/* So many of them are sent. */
static void count_sent(struct learn *learn, unsigned int n)
{
	for (struct ask *ask = learn->first; ask != NULL && n > 0; ask = learn->first) {
		const unsigned int left = parts_of(ask) - ask->parts_sent;
		const unsigned int now = n < left ? n : left;

		ask->parts_sent = (uint8_t)(ask->parts_sent + now);
		n -= now;
		if (now < left)
			return;
		learn->first = ask->learn_next;
		if (learn->first == NULL)
			learn->last = &learn->first;
	}
}

void learn_turn(struct learn *learn)
{
	int ret = 0;

	while (learn->first != NULL && ret >= 0) {
		ret = message_send_several(learn->socket, learn->out, gather(learn));
		if (ret > 0)
			count_sent(learn, (unsigned int)ret);
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
	const int n = message_receive_several(learn->socket, learn->in, MESSAGES_AT_ONCE);

	(void)events;
	for (int i = 0; i < n; i++)
		if (learn->in[i].type == MESSAGE_LEARNT)
			take_learnt(learn, &learn->in[i]);
		else
			learn->told(learn->owner, &learn->in[i]);
	if (n < 0 && n != -EAGAIN)
		learn->gone = true;
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
