/*
 * Clients by TCP (RFC 7766): several questions on one connection, answered in whatever order they are done.
 * Bounded in connections, in questions under way, in bytes that wait to be read, and in time.
 */
#ifndef GUARD_RESOLVER_STREAMS_H
#define GUARD_RESOLVER_STREAMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "guard/resolver/clients.h"

/* Connections at once; for one more the one that is idle for longest is ended. */
#define STREAMS_MAX 32
/* Questions of one connection that are not answered yet; no more are read until one is. */
#define STREAM_QUESTIONS_MAX 16
/* What is written and not read by the client; a client further behind is let go. */
#define STREAM_BYTES_MAX ((size_t)2 * 65537)
/* A connection without a whole question, or whose client reads nothing, for so long is ended (RFC
 * 7766 6.2.3). */
#define STREAM_IDLE_MS 10000

struct streams;

/* NULL: out of memory. */
struct streams *streams_new(struct loop *loop, clients_asked asked, void *owner);
void streams_free(struct streams *streams);

/* Listens on one more address, at most two. Returns 0 or -errno. */
int streams_listen(struct streams *streams, const struct sockaddr *address, socklen_t length);

/* Takes up questions that were read already, and had to wait for others. */
void streams_go_on(struct streams *streams);

/* As clients_room, clients_send, clients_tick. */
uint8_t *streams_room(struct streams *streams);
void streams_send(struct streams *streams, const struct peer *peer, size_t length);
void streams_tick(struct streams *streams, int64_t now_ms);

#endif
