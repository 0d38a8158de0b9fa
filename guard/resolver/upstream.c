/* Asking servers: see the header. */
#include "guard/resolver/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "util/clock.h"

/* A client asks again, or gives up, after 5 s (resolv.conf(5), timeout): four tries must fit into that. */
#define UDP_MS	  1100
#define TCP_MS	  2500
#define TRIES_MAX 4
/* A server that did not answer is not the first to be asked for so long. */
#define DOWN_MS 10000
/* Packets to one socket that are no answer: somebody is guessing, and TCP cannot be guessed. */
#define STRANGERS_MAX 8
/* Read at one event, so that a flood of packets holds nobody else up. */
#define READS_MAX 4
/* Connections to servers at once, and the bytes of answers that come by them. */
#define STREAMS_AT_ONCE	  32
#define STREAMS_BYTES_MAX ((size_t)6 * DNS_MESSAGE)
/* Of both, what only questions of our own get. */
#define STREAMS_KEPT	   8
#define STREAMS_BYTES_KEPT ((size_t)2 * DNS_MESSAGE)
/* Longer than we say that we take (DNS_UDP_MAX), for servers that do not listen. */
#define PACKET_BYTES 4096

struct server {
	struct server_address address;
	int64_t down_until_ms;
};

struct upstream {
	struct loop *loop;
	struct random *random;
	struct answer_room *room;
	struct ports *ports;
	uint32_t most;
	ask_done done;
	void *owner;
	unsigned int n_servers;
	struct server servers[RESOLV_SERVERS_MAX];
	unsigned int n_streams;
	size_t stream_bytes;
	uint8_t packet[PACKET_BYTES];
	struct asks asks;
};

static void try_next(struct ask *ask);
static void read_packets(void *owner);

struct upstream *upstream_new(struct loop *loop, const struct resolv *resolv, struct random *random,
	uint32_t most, ask_done done, void *owner)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (upstream == NULL)
		return NULL;
	upstream->loop = loop;
	upstream->random = random;
	upstream->most = most;
	upstream->done = done;
	upstream->owner = owner;
	upstream->n_servers = resolv->n_servers;
	for (unsigned int i = 0; i < resolv->n_servers; i++)
		upstream->servers[i].address =
			server_address(&resolv->servers[i], resolv->scopes[i], DNS_PORT);
	upstream->room = answer_room_new();
	upstream->ports = ports_new(loop, random, read_packets);
	if (upstream->room == NULL || upstream->ports == NULL) {
		upstream_free(upstream);
		return NULL;
	}
	return upstream;
}

/* again: the question was answered, so that its socket can serve another. */
static void leave_port(struct ask *ask, bool again)
{
	if (ask->port != NULL)
		port_give(ask->port, again, clock_ms());
	ask->port = NULL;
}

static void close_socket(struct ask *ask)
{
	struct upstream *upstream = ask->upstream;

	leave_port(ask, false);
	if (ask->fd >= 0)
		close(ask->fd);
	ask->fd = -1;
	if (ask->state == ASK_CONNECTING || ask->state == ASK_LENGTH || ask->state == ASK_READING)
		upstream->n_streams--;
	if (ask->stream != NULL)
		upstream->stream_bytes -= ask->want;
	free(ask->stream);
	ask->stream = NULL;
	ask->got = ask->want = 0;
}

/* There is an answer, or none will come. */
static void finish(struct ask *ask, struct answer *answer)
{
	close_socket(ask);
	ask->state = ASK_ANSWERED;
	ask->answer = answer;
	ask->upstream->done(ask->upstream->owner, ask);
}

static void server_failed(struct ask *ask)
{
	ask->failed |= (uint8_t)(1U << ask->server);
	try_next(ask);
}

/* Random letters in capitals: who only guesses must guess them too (draft-vixie-dnsext-dns0x20). */
static void mix_case(struct ask *ask)
{
	struct dns_name *name = &ask->question.name;
	uint8_t bits[32];

	random_bytes(ask->upstream->random, bits, (name->length + 7U) / 8);
	for (size_t i = 0; i < name->length; i++) {
		const uint8_t lower = dns_lower(name->wire[i]);

		if (lower < 'a' || lower > 'z')
			continue;
		name->wire[i] = bits[i / 8] & 1U << i % 8 ? lower & (uint8_t)~0x20U : lower;
	}
}

static size_t write_query(struct ask *ask, uint8_t *out)
{
	random_bytes(ask->upstream->random, &ask->id, sizeof(ask->id));
	return dns_write_query(&ask->question, ask->id, !ask->plain, ask->dnssec, out);
}

static int ask_by_udp(struct ask *ask)
{
	struct upstream *upstream = ask->upstream;
	const int64_t now_ms = clock_ms();
	uint8_t query[DNS_QUERY_MAX];
	size_t length;
	int ret = ports_take(upstream->ports, ask->server, &upstream->servers[ask->server].address, ask,
		now_ms, &ask->port);

	if (ret < 0)
		return ret;
	mix_case(ask);
	length = write_query(ask, query);
	ask->state = ASK_UDP;
	ask->strangers = 0;
	ask->until_ms = now_ms + UDP_MS;
	return send(port_socket(ask->port), query, length, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int connect_by_tcp(struct ask *ask)
{
	const struct server_address *server = &ask->upstream->servers[ask->server].address;

	if (ask->upstream->n_streams >= STREAMS_AT_ONCE - (ask->own ? 0 : STREAMS_KEPT))
		return -EMFILE;
	ask->fd = socket(server->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (ask->fd < 0)
		return -errno;
	if (connect(ask->fd, &server->at.any, server->length) < 0 && errno != EINPROGRESS)
		return -errno;
	ask->state = ASK_CONNECTING;
	ask->upstream->n_streams++;
	ask->until_ms = clock_ms() + TCP_MS;
	return loop_watch(ask->upstream->loop, ask->fd, EPOLLOUT, &ask->watch);
}

/* The same server, by TCP. */
static void ask_by_tcp(struct ask *ask)
{
	close_socket(ask);
	ask->state = ASK_UDP;
	if (connect_by_tcp(ask) < 0)
		server_failed(ask);
}

/* The server to ask next: in their order, those that were silent lately last. -1: none is left. */
static int choose_server(struct upstream *upstream, const struct ask *ask, int64_t now_ms)
{
	int second = -1;

	for (unsigned int i = 0; i < upstream->n_servers; i++) {
		const unsigned int server = (ask->tries > 0 ? ask->server + 1U + i : i) % upstream->n_servers;

		if (ask->failed & 1U << server)
			continue;
		if (upstream->servers[server].down_until_ms <= now_ms)
			return (int)server;
		if (second < 0)
			second = (int)server;
	}
	return second;
}

static void try_next(struct ask *ask)
{
	struct upstream *upstream = ask->upstream;
	const int64_t now_ms = clock_ms();

	for (;;) {
		const int server = ask->tries < TRIES_MAX ? choose_server(upstream, ask, now_ms) : -1;

		close_socket(ask);
		ask->state = ASK_UDP;
		if (server < 0) {
			finish(ask, NULL);
			return;
		}
		ask->server = (uint8_t)server;
		ask->tries++;
		if (ask_by_udp(ask) == 0)
			return;
		/* no way there: the next one, unless there is none */
		ask->failed |= (uint8_t)(1U << server);
	}
}

/* ICMP says that nobody is there. It may be back soon: if it is all there is, the time-out asks it again. */
static void server_absent(struct ask *ask)
{
	struct upstream *upstream = ask->upstream;
	const int64_t now_ms = clock_ms();
	int server;

	upstream->servers[ask->server].down_until_ms = now_ms + DOWN_MS;
	server = choose_server(upstream, ask, now_ms);
	if (server >= 0 && upstream->servers[server].down_until_ms <= now_ms)
		try_next(ask);
	else
		close_socket(ask);
}

/* What came; true if the question goes on being asked on this socket. */
static bool take(struct ask *ask, const uint8_t *message, size_t size, bool by_tcp)
{
	struct upstream *upstream = ask->upstream;
	struct answer *answer = NULL;

	switch (answer_read(
		upstream->room, message, size, &ask->question, ask->id, by_tcp, upstream->most, &answer)) {
	case ANSWER_GOOD:
		upstream->servers[ask->server].down_until_ms = 0;
		leave_port(ask, true);
		finish(ask, answer);
		return false;
	case ANSWER_FOREIGN:
		if (!by_tcp && ++ask->strangers < STRANGERS_MAX)
			return true;
		if (by_tcp)
			server_failed(ask);
		else
			ask_by_tcp(ask);
		return false;
	case ANSWER_CASE:
	case ANSWER_TRUNCATED:
		ask_by_tcp(ask);
		return false;
	case ANSWER_PLAIN:
		if (!ask->plain && !ask->dnssec) {
			/* the same server once more */
			ask->plain = true;
			close_socket(ask);
			if (ask_by_udp(ask) == 0)
				return false;
		}
		server_failed(ask);
		return false;
	default:
		server_failed(ask);
		return false;
	}
}

static void read_packets(void *owner)
{
	struct ask *ask = owner;

	for (unsigned int i = 0; i < READS_MAX; i++) {
		uint8_t *packet = ask->upstream->packet;
		const ssize_t n =
			recv(port_socket(ask->port), packet, PACKET_BYTES, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			server_absent(ask);
			return;
		}
		if (n > PACKET_BYTES) {
			ask_by_tcp(ask);
			return;
		}
		if (!take(ask, packet, (size_t)n, false))
			return;
	}
}

/* The question is short enough for a connection's empty buffer. */
static void send_by_tcp(struct ask *ask)
{
	uint8_t query[2 + DNS_QUERY_MAX];
	const size_t length = write_query(ask, query + 2);
	ssize_t n;

	dns_put16(query, (unsigned int)length);
	n = send(ask->fd, query, length + 2, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)length + 2 || loop_change(ask->upstream->loop, ask->fd, EPOLLIN, &ask->watch) < 0) {
		server_failed(ask);
		return;
	}
	ask->state = ASK_LENGTH;
}

/* The two octets before the answer. True once they, and room for it, are there. */
static bool read_length(struct ask *ask)
{
	struct upstream *upstream = ask->upstream;
	const ssize_t n = recv(ask->fd, ask->length + ask->got, sizeof(ask->length) - ask->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		server_failed(ask);
		return false;
	}
	ask->got += (size_t)n;
	if (ask->got < sizeof(ask->length))
		return false;
	ask->got = 0;
	ask->want = dns_get16(ask->length);
	if (ask->want < DNS_HEADER || upstream->stream_bytes + ask->want >
					      STREAMS_BYTES_MAX - (ask->own ? 0 : STREAMS_BYTES_KEPT)) {
		server_failed(ask);
		return false;
	}
	ask->stream = malloc(ask->want);
	if (ask->stream == NULL) {
		server_failed(ask);
		return false;
	}
	upstream->stream_bytes += ask->want;
	ask->state = ASK_READING;
	return true;
}

static void read_stream(struct ask *ask)
{
	const ssize_t n = recv(ask->fd, ask->stream + ask->got, ask->want - ask->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		server_failed(ask);
		return;
	}
	ask->got += (size_t)n;
	if (ask->got == ask->want)
		take(ask, ask->stream, ask->got, true);
}

static void ask_ready(void *owner, uint32_t events)
{
	struct ask *ask = owner;

	(void)events;
	if (ask->fd < 0)
		return;
	if (ask->state == ASK_CONNECTING)
		send_by_tcp(ask);
	else if (ask->state == ASK_READING || (ask->state == ASK_LENGTH && read_length(ask)))
		read_stream(ask);
}

struct ask *ask_new(struct upstream *upstream, const struct dns_question *question, bool dnssec, bool own)
{
	struct ask *ask = asks_add(&upstream->asks, question, dnssec, own);

	if (ask != NULL) {
		ask->upstream = upstream;
		ask->watch = (struct watch){ask_ready, ask};
	}
	return ask;
}

void ask_start(struct ask *ask)
{
	try_next(ask);
}

void ask_end(struct ask *ask)
{
	close_socket(ask);
	asks_remove(&ask->upstream->asks, ask);
}

void upstream_tick(struct upstream *upstream, int64_t now_ms)
{
	ports_tick(upstream->ports, now_ms);
	for (unsigned int i = 0; i < upstream->asks.fresh; i++) {
		struct ask *ask = &upstream->asks.v[i];

		if (ask->state == ASK_FREE || ask->state == ASK_ANSWERED || ask->until_ms > now_ms)
			continue;
		upstream->servers[ask->server].down_until_ms = now_ms + DOWN_MS;
		try_next(ask);
	}
}

struct asks *upstream_asks(struct upstream *upstream)
{
	return &upstream->asks;
}

void upstream_free(struct upstream *upstream)
{
	if (upstream == NULL)
		return;
	for (unsigned int i = 0; i < upstream->asks.fresh; i++)
		if (upstream->asks.v[i].state != ASK_FREE)
			ask_end(&upstream->asks.v[i]);
	ports_free(upstream->ports);
	free(upstream->room);
	free(upstream);
}
