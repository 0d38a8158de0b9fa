/* Clients by TCP: see the header. */
#include "guard/resolver/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard/resolver/dns.h"
#include "guard/resolver/backlog.h"
#include "util/clock.h"

/* Connections that wait to be accepted (listen(2)). */
#define BACKLOG 32
/* A question with its length, as long as by UDP; a longer one is none. */
#define QUESTION_BYTES_MAX (2 + 768)

struct stream {
	struct watch watch;
	struct streams *streams;
	int fd; /* -1: free */
	uint32_t generation;
	uint32_t events; /* that are waited for */
	bool closing;	 /* the client has said all that it will */
	unsigned int questions;
	size_t n_in;
	int64_t since_ms;   /* of the last whole question, or the last byte that the client took */
	struct backlog out; /* what the client has not taken yet */
	uint8_t in[QUESTION_BYTES_MAX];
};

struct port {
	struct watch watch;
	struct streams *streams;
	int fd;
};

struct streams {
	struct loop *loop;
	clients_asked asked;
	void *owner;
	bool paused; /* no descriptors are left: not accepting until the next tick */
	unsigned int n_ports;
	struct port ports[2];
	struct stream all[STREAMS_MAX];
	uint8_t reply[2 + DNS_MESSAGE];
};

static void end(struct stream *stream)
{
	close(stream->fd);
	backlog_clear(&stream->out);
	stream->fd = -1;
	stream->generation++;
	stream->questions = 0;
	stream->n_in = 0;
	stream->closing = false;
}

/* True if a question that came whole still has to wait for others. */
static bool has_question(const struct stream *stream)
{
	return stream->n_in >= 2 && stream->n_in - 2 >= dns_get16(stream->in);
}

static bool may_read(const struct stream *stream)
{
	return !stream->closing && stream->questions < STREAM_QUESTIONS_MAX;
}

static bool has_waiting(const struct stream *stream)
{
	return !backlog_is_empty(&stream->out);
}

/* Waits for just what can be done next; with nothing left to do, this is the end. */
static void wait_for(struct stream *stream)
{
	const uint32_t events = (may_read(stream) ? EPOLLIN : 0U) | (has_waiting(stream) ? EPOLLOUT : 0U);

	if (stream->closing && stream->questions == 0 && !has_waiting(stream) && !has_question(stream)) {
		end(stream);
		return;
	}
	if (events == stream->events)
		return;
	stream->events = events;
	if (loop_change(stream->streams->loop, stream->fd, events, &stream->watch) < 0)
		end(stream);
}

/* Returns how many bytes the client took, or -1 if it is gone. */
static ssize_t write_some(struct stream *stream, const uint8_t *bytes, size_t length)
{
	const ssize_t n = send(stream->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n > 0)
		stream->since_ms = clock_ms();
	return n;
}

static void write_waiting(struct stream *stream)
{
	const ssize_t n =
		write_some(stream, stream->out.bytes + stream->out.from, stream->out.to - stream->out.from);

	if (n < 0)
		end(stream);
	else
		backlog_drop(&stream->out, (size_t)n);
}

/* Returns 0, or a negative number if the client is gone or too far behind. */
static int write_or_keep(struct stream *stream, const uint8_t *bytes, size_t length)
{
	const ssize_t n = has_waiting(stream) ? 0 : write_some(stream, bytes, length);

	if (n < 0)
		return -1;
	return (size_t)n == length
		       ? 0
		       : backlog_put(&stream->out, bytes + n, length - (size_t)n, STREAM_BYTES_MAX);
}

uint8_t *streams_room(struct streams *streams)
{
	return streams->reply + 2;
}

void streams_send(struct streams *streams, const struct peer *peer, size_t length)
{
	struct stream *stream = &streams->all[peer->slot.place];

	if (stream->fd < 0 || stream->generation != peer->slot.generation)
		return;
	if (stream->questions > 0)
		stream->questions--;
	dns_put16(streams->reply, (unsigned int)length);
	if (length > 0 && write_or_keep(stream, streams->reply, length + 2) < 0)
		end(stream);
	else
		wait_for(stream);
}

/* Hands on the whole questions that are there, as many as may be under way. */
static void hand_on(struct stream *stream)
{
	const struct peer peer = {
		.kind = PEER_TCP, .slot = {(uint32_t)(stream - stream->streams->all), stream->generation}};
	size_t at = 0;

	while (stream->n_in - at >= 2 && stream->questions < STREAM_QUESTIONS_MAX) {
		const size_t length = dns_get16(stream->in + at);

		if (length < DNS_HEADER || length + 2 > sizeof(stream->in)) {
			end(stream);
			return;
		}
		if (stream->n_in - at < length + 2)
			break;
		stream->questions++;
		stream->since_ms = clock_ms();
		stream->streams->asked(stream->streams->owner, stream->in + at + 2, length, &peer);
		/* it may be gone by now */
		if (stream->fd < 0 || stream->generation != peer.slot.generation)
			return;
		at += length + 2;
	}
	memmove(stream->in, stream->in + at, stream->n_in - at);
	stream->n_in -= at;
}

static void read_some(struct stream *stream)
{
	const size_t room = sizeof(stream->in) - stream->n_in;
	ssize_t n = room > 0 ? recv(stream->fd, stream->in + stream->n_in, room, MSG_DONTWAIT) : -1;

	if (n == 0)
		stream->closing = true;
	if (n < 0 && room > 0 && errno != EAGAIN && errno != EINTR) {
		end(stream);
		return;
	}
	if (n > 0)
		stream->n_in += (size_t)n;
	hand_on(stream);
}

static void stream_ready(void *owner, uint32_t events)
{
	struct stream *stream = owner;

	if (stream->fd < 0)
		return;
	if ((events & EPOLLOUT) && has_waiting(stream))
		write_waiting(stream);
	if (stream->fd >= 0 && may_read(stream))
		read_some(stream);
	else if (stream->fd >= 0 && (events & (EPOLLHUP | EPOLLERR)))
		end(stream);
	if (stream->fd >= 0)
		wait_for(stream);
}

/* A free place; if there is none, that of whoever is idle for longest. NULL: all are busy. */
static struct stream *place_for_one(struct streams *streams)
{
	struct stream *idle = NULL;

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->all[i];

		if (stream->fd < 0)
			return stream;
		if (stream->questions == 0 && !has_waiting(stream) &&
			(idle == NULL || stream->since_ms < idle->since_ms))
			idle = stream;
	}
	if (idle != NULL)
		end(idle);
	return idle;
}

static void pause_accepting(struct streams *streams, bool paused)
{
	streams->paused = paused;
	for (unsigned int i = 0; i < streams->n_ports; i++)
		loop_change(
			streams->loop, streams->ports[i].fd, paused ? 0 : EPOLLIN, &streams->ports[i].watch);
}

static void port_ready(void *owner, uint32_t events)
{
	struct port *port = owner;
	struct streams *streams = port->streams;
	struct stream *stream;
	const int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accepting(streams, true);
		return;
	}
	stream = place_for_one(streams);
	if (stream == NULL) {
		close(fd);
		return;
	}
	stream->fd = fd;
	stream->events = EPOLLIN;
	stream->since_ms = clock_ms();
	if (loop_watch(streams->loop, fd, stream->events, &stream->watch) < 0)
		end(stream);
}

void streams_go_on(struct streams *streams)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->all[i];

		if (stream->fd < 0 || !has_question(stream))
			continue;
		hand_on(stream);
		if (stream->fd >= 0)
			wait_for(stream);
	}
}

void streams_tick(struct streams *streams, int64_t now_ms)
{
	if (streams->paused)
		pause_accepting(streams, false);
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->all[i];

		/* questions under way have a time-out of their own */
		if (stream->fd >= 0 && now_ms - stream->since_ms > STREAM_IDLE_MS &&
			(stream->questions == 0 || has_waiting(stream)))
			end(stream);
	}
}

int streams_listen(struct streams *streams, const struct sockaddr *address, socklen_t length)
{
	struct port *port = &streams->ports[streams->n_ports];
	const int on = 1;

	port->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return -errno;
	streams->n_ports++;
	if (setsockopt(port->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(address->sa_family == AF_INET6 &&
			setsockopt(port->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
		bind(port->fd, address, length) < 0 || listen(port->fd, BACKLOG) < 0)
		return -errno;
	return loop_watch(streams->loop, port->fd, EPOLLIN, &port->watch);
}

struct streams *streams_new(struct loop *loop, clients_asked asked, void *owner)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (streams == NULL)
		return NULL;
	streams->loop = loop;
	streams->asked = asked;
	streams->owner = owner;
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		streams->all[i].streams = streams;
		streams->all[i].fd = -1;
		streams->all[i].watch = (struct watch){stream_ready, &streams->all[i]};
	}
	for (size_t i = 0; i < sizeof(streams->ports) / sizeof(streams->ports[0]); i++) {
		streams->ports[i].streams = streams;
		streams->ports[i].fd = -1;
		streams->ports[i].watch = (struct watch){port_ready, &streams->ports[i]};
	}
	return streams;
}

void streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	for (size_t i = 0; i < STREAMS_MAX; i++)
		if (streams->all[i].fd >= 0)
			end(&streams->all[i]);
	for (unsigned int i = 0; i < streams->n_ports; i++)
		close(streams->ports[i].fd);
	free(streams);
}
