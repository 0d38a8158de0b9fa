/*
 * The UDP sockets that questions leave by: each connected to one server, on a port taken at random, of those
 * that the kernel gives to nobody by itself (ip(7), ip_local_port_range): from the port of a question that we
 * asked a while ago nobody else may ask (fw/detour.h), and so nobody should get it by chance. One question
 * has a socket at a time. Where many are asked at once a socket is used again a few times, for a tenth of a
 * second; otherwise each question has a new one. Knows servers' addresses; nothing of what is asked.
 */
#ifndef GUARD_RESOLVER_PORTS_H
#define GUARD_RESOLVER_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fw/prefix.h"
#include "guard/resolver/loop.h"
#include "util/random.h"

/* Sockets at once, and so questions by UDP. */
#define PORTS_MAX 256
/* Questions that leave by one socket, one after the other, and for how long. */
#define PORT_USES_MAX 16
#define PORT_AGE_MS   100

/* Where a server listens. */
struct server_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length;
};

/* scope: the interface of a link-local address (RFC 4007). */
struct server_address server_address(const struct prefix *address, unsigned int scope, uint16_t port);

struct ports;

/* NULL: out of memory. random is the caller's, and stays. ready is called with what a port was taken for,
 * when there is something to read. */
struct ports *ports_new(struct loop *loop, struct random *random, void (*ready)(void *owner));
void ports_free(struct ports *ports);

/* A socket to the server, of this number among them, for the owner to use. Returns 0 with *port, or -errno.
 */
struct port;
int ports_take(struct ports *ports, unsigned int number, const struct server_address *server, void *owner,
	int64_t now_ms, struct port **port);

int port_socket(const struct port *port);

/* Gives it back. again: nothing more will come by it of what was asked, and another may use it. */
void port_give(struct port *port, bool again, int64_t now_ms);

/* Now and then: closes what is too old to be used again. */
void ports_tick(struct ports *ports, int64_t now_ms);

#endif
