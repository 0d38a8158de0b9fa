/*
 * Whoever asks, by UDP and TCP on loopback: what they send is handed on, packet by packet, and replies go
 * back to them. Knows sockets, and a message's borders; nothing of what is in one.
 */
#ifndef GUARD_RESOLVER_CLIENTS_H
#define GUARD_RESOLVER_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "guard/resolver/loop.h"
#include "util/error.h"

enum peer_kind { PEER_UDP4, PEER_UDP6, PEER_TCP, PEER_REFRESH };

/* Whom a reply goes to. Of PEER_REFRESH the resolver itself asks (guard/resolver/refresh.h). */
struct peer {
	enum peer_kind kind;
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct {
			uint32_t place;	     /* of the connection, or of the name */
			uint32_t generation; /* whether it is still the same one */
		} slot;
	};
};

struct clients;

/* A message came. The bytes are the clients' own, for the time of the call. */
typedef void (*clients_asked)(void *owner, const uint8_t *message, size_t size, const struct peer *peer);

/*
 * Listens on 127.0.0.1 and, where there is IPv6, ::1. Returns 0 or -errno with *error filled. clients_free
 * gives back *clients, also after a failure.
 */
int clients_open(struct loop *loop, uint16_t port, clients_asked asked, void *owner, struct clients **clients,
	struct error *error);
void clients_free(struct clients *clients);

/*
 * Room for a reply to this peer, DNS_MESSAGE bytes for TCP and DNS_UDP_MAX for UDP, to be filled and sent
 * with no other call between. clients_send with length 0 says that none will come. A peer that is gone is
 * passed over.
 */
uint8_t *clients_room(struct clients *clients, const struct peer *peer);
void clients_send(struct clients *clients, const struct peer *peer, size_t length);

/* At the end of each turn of the loop: takes up questions that had to wait, and sends what was gathered. */
void clients_turn(struct clients *clients);

/* Now and then, a few times a second: ends connections that are idle or too slow. */
void clients_tick(struct clients *clients, int64_t now_ms);

/* The same peer with the same wish for an answer, that is, a question sent again. */
bool clients_same_peer(const struct peer *a, const struct peer *b);

#endif
