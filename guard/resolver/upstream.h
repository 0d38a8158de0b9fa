/*
 * Asks the servers of resolv.conf, one after the other, by UDP and if need be by TCP, until one answers so
 * that it can be believed. Knows servers and sockets; no policy, and not who asked.
 */
#ifndef GUARD_RESOLVER_UPSTREAM_H
#define GUARD_RESOLVER_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/resolv.h"
#include "guard/resolver/asks.h"
#include "guard/resolver/dns.h"
#include "guard/resolver/loop.h"
#include "util/random.h"

struct upstream;

/* The question is answered (ask->answer), or cannot be (NULL). ask_end is then the owner's, now or later. */
typedef void (*ask_done)(void *owner, struct ask *ask);

/* NULL: out of memory. random is the caller's, and stays. most: the longest TTL to believe in, in seconds. */
struct upstream *upstream_new(struct loop *loop, const struct resolv *resolv, struct random *random,
	uint32_t most, ask_done done, void *owner);
void upstream_free(struct upstream *upstream);

/* Those under way, answered or not. */
struct asks *upstream_asks(struct upstream *upstream);

/* A new one; to be given an asker, and then started, which may call done at once. own: of asks_add. NULL: too
 * many are under way. */
struct ask *ask_new(struct upstream *upstream, const struct dns_question *question, bool dnssec, bool own);
void ask_start(struct ask *ask);

/* Forgets it, and who waits. */
void ask_end(struct ask *ask);

/* Now and then, a few times a second. */
void upstream_tick(struct upstream *upstream, int64_t now_ms);

#endif
