/* Clients by UDP, many packets a system call, and what is common to both kinds. */
#include "guard/resolver/clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "guard/resolver/dns.h"
#include "guard/resolver/streams.h"
#include "util/datagrams.h"

/* Packets of one system call. */
#define BATCH 32
/* No question is longer: its name, an OPT record, and padding (RFC 8467 4.1: blocks of 128 octets). */
#define PACKET_MAX 768

struct listener {
	struct watch watch;
	struct clients *clients;
	enum peer_kind kind;
	int fd; /* -1: none */
};

struct clients {
	clients_asked asked;
	void *owner;
	struct listener udp[2]; /* by PEER_UDP4, PEER_UDP6 */
	struct streams *streams;
	/* replies that are gathered, all of one socket */
	unsigned int n_out;
	enum peer_kind out_kind;
	struct mmsghdr out[BATCH], in[BATCH];
	struct iovec out_parts[BATCH], in_parts[BATCH];
	struct peer out_peers[BATCH], in_peers[BATCH];
	uint8_t out_bytes[BATCH][DNS_UDP_MAX], in_bytes[BATCH][PACKET_MAX];
};

bool clients_same_peer(const struct peer *a, const struct peer *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PEER_UDP4)
		return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	if (a->kind == PEER_UDP6)
		return a->v6.sin6_port == b->v6.sin6_port &&
		       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
	return a->slot.place == b->slot.place && a->slot.generation == b->slot.generation;
}

static void set_message(
	struct mmsghdr *message, struct iovec *part, struct peer *peer, void *bytes, size_t size)
{
	*part = (struct iovec){.iov_base = bytes, .iov_len = size};
	*message = (struct mmsghdr){
		.msg_hdr = {.msg_name = &peer->v6,
			.msg_namelen = peer->kind == PEER_UDP4 ? sizeof(peer->v4) : sizeof(peer->v6),
			.msg_iov = part,
			.msg_iovlen = 1}};
}

static void flush(struct clients *clients)
{
	unsigned int sent = 0;

	while (sent < clients->n_out) {
		const int n = datagrams_send(clients->udp[clients->out_kind].fd, clients->out + sent,
			clients->n_out - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		/* the first cannot be sent: a client that does not get its reply asks again */
		sent += n > 0 ? (unsigned int)n : 1;
	}
	clients->n_out = 0;
}

/* Room for a packet, from either socket. */
static void set_in(struct clients *clients, int i)
{
	clients->in_peers[i].kind = PEER_UDP6;
	set_message(&clients->in[i], &clients->in_parts[i], &clients->in_peers[i], clients->in_bytes[i],
		PACKET_MAX);
}

/* One packet after the other; what is sent meanwhile does not make it last longer. */
static void udp_ready(void *owner, uint32_t events)
{
	struct listener *listener = owner;
	struct clients *clients = listener->clients;
	const int n = recvmmsg(listener->fd, clients->in, BATCH, MSG_DONTWAIT, NULL);

	(void)events;
	for (int i = 0; i < n; i++)
		clients->in_peers[i].kind = listener->kind;
	for (int i = 0; i < n; i++)
		/* of one that is too long the beginning, which makes no whole question */
		clients->asked(
			clients->owner, clients->in_bytes[i], clients->in[i].msg_len, &clients->in_peers[i]);
	/* made ready for the next call */
	for (int i = 0; i < n; i++)
		set_in(clients, i);
	flush(clients);
}

uint8_t *clients_room(struct clients *clients, const struct peer *peer)
{
	if (peer->kind == PEER_TCP)
		return streams_room(clients->streams);
	if (clients->n_out == BATCH || (clients->n_out > 0 && clients->out_kind != peer->kind))
		flush(clients);
	return clients->out_bytes[clients->n_out];
}

void clients_send(struct clients *clients, const struct peer *peer, size_t length)
{
	const unsigned int i = clients->n_out;

	if (peer->kind == PEER_TCP) {
		streams_send(clients->streams, peer, length);
		return;
	}
	if (length == 0)
		return;
	clients->out_kind = peer->kind;
	clients->out_peers[i] = *peer;
	set_message(&clients->out[i], &clients->out_parts[i], &clients->out_peers[i], clients->out_bytes[i],
		length);
	clients->n_out++;
}

void clients_turn(struct clients *clients)
{
	streams_go_on(clients->streams);
	flush(clients);
}

void clients_tick(struct clients *clients, int64_t now_ms)
{
	streams_tick(clients->streams, now_ms);
}

static int open_udp(
	struct loop *loop, const struct sockaddr *address, socklen_t length, struct listener *listener)
{
	const int on = 1;

	listener->fd = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	if (address->sa_family == AF_INET6 &&
		setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(listener->fd, address, length) < 0)
		return -errno;
	return loop_watch(loop, listener->fd, EPOLLIN, &listener->watch);
}

/* True if there is no such family here, or no such address: nobody can ask by it then. */
static bool is_absent(int ret, enum peer_kind kind)
{
	return kind == PEER_UDP6 &&
	       (ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL || ret == -EPROTONOSUPPORT);
}

static int listen_on(struct loop *loop, struct clients *clients, enum peer_kind kind,
	const struct sockaddr *address, socklen_t length, struct error *error)
{
	struct listener *listener = &clients->udp[kind];
	int ret = open_udp(loop, address, length, listener);

	if (ret == 0)
		ret = streams_listen(clients->streams, address, length);
	if (is_absent(ret, kind)) {
		if (listener->fd >= 0)
			close(listener->fd);
		listener->fd = -1;
		return 0;
	}
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret,
			"the guard cannot listen for DNS on %s, port %d: %s%s",
			kind == PEER_UDP4 ? "127.0.0.1" : "::1",
			ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port), strerror(-ret),
			ret == -EADDRINUSE ? "; another program of this container has it: end that, or "
					     "PARA_GUARD=off"
					   : "");
	return 0;
}

int clients_open(struct loop *loop, uint16_t port, clients_asked asked, void *owner, struct clients **clients,
	struct error *error)
{
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct clients *made = calloc(1, sizeof(*made));
	int ret;

	*clients = made;
	if (made == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the guard's clients");
	for (int i = 0; i < BATCH; i++)
		set_in(made, i);
	made->asked = asked;
	made->owner = owner;
	for (int kind = PEER_UDP4; kind <= PEER_UDP6; kind++) {
		made->udp[kind] = (struct listener){.clients = made, .kind = (enum peer_kind)kind, .fd = -1};
		made->udp[kind].watch = (struct watch){udp_ready, &made->udp[kind]};
	}
	made->streams = streams_new(loop, asked, owner);
	if (made->streams == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the guard's clients");
	ret = listen_on(loop, made, PEER_UDP4, (const void *)&v4, sizeof(v4), error);
	return ret < 0 ? ret : listen_on(loop, made, PEER_UDP6, (const void *)&v6, sizeof(v6), error);
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	streams_free(clients->streams);
	for (int kind = PEER_UDP4; kind <= PEER_UDP6; kind++)
		if (clients->udp[kind].fd >= 0)
			close(clients->udp[kind].fd);
	free(clients);
}
