/*
 * Questions under way: asks the servers of resolv.conf, one after the other, by UDP and if need be by TCP,
 * until one answers so that it can be believed. Knows servers and sockets; no policy, and not who asked.
 */
#ifndef GUARD_RESOLVER_UPSTREAM_H
#define GUARD_RESOLVER_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/resolv.h"
#include "guard/resolver/answer.h"
#include "guard/resolver/clients.h"
#include "guard/resolver/dns.h"
#include "guard/resolver/loop.h"
#include "guard/resolver/ports.h"
#include "util/random.h"

/* Questions at once. */
#define ASKS_MAX 256
/* Who wait for answers at once, and for the same one. */
#define ASKERS_MAX	  512
#define ASKERS_OF_ONE_MAX 32

/* Somebody who waits for an answer. */
struct asker {
	struct asker *next;
	struct peer peer;
	struct dns_asked asked;
};

enum ask_state { ASK_FREE, ASK_UDP, ASK_CONNECTING, ASK_LENGTH, ASK_READING, ASK_ANSWERED };

/* One question. The owner of the upstream may read all of it, and writes only what is said to be its own. */
struct ask {
	struct ask *next; /* in its bucket, or of those that are free */
	struct asker *askers;
	unsigned int n_askers;
	struct dns_question question; /* its name in the case that was sent; its hash is of any case */
	uint16_t flags;		      /* DNS_RD, DNS_CD */
	bool dnssec;
	/* how it is going */
	enum ask_state state;
	bool plain;				  /* without EDNS */
	uint8_t server, tries, strangers, failed; /* failed: a bit a server */
	uint16_t id;
	int64_t until_ms;
	struct port *port; /* by UDP */
	int fd;		   /* by TCP; -1: none */
	struct watch watch;
	struct upstream *upstream;
	uint8_t length[2]; /* of the answer by TCP */
	uint8_t *stream;   /* that answer, as far as it is here */
	size_t got, want;
	struct answer *answer; /* once it is answered */
	/* the owner's own */
	unsigned int policy; /* number of the policy as of the question */
	uint8_t verdict;     /* enum name_verdict of that policy */
	bool closing;	     /* it is being given out: nobody joins any more */
	uint8_t parts_sent, parts_done;
	uint32_t number;
	struct ask *teach_next;
};

struct upstream;

/* The question is answered (ask->answer), or cannot be (NULL). ask_end is then the owner's, now or later. */
typedef void (*ask_done)(void *owner, struct ask *ask);

/* NULL: out of memory. random is the caller's, and stays. most: the longest TTL to believe in, in seconds. */
struct upstream *upstream_new(struct loop *loop, const struct resolv *resolv, struct random *random,
	uint32_t most, ask_done done, void *owner);
void upstream_free(struct upstream *upstream);

/* The same question under way already; NULL: there is none. Only RD and CD of flags count. */
struct ask *upstream_find(
	struct upstream *upstream, const struct dns_question *question, uint16_t flags, bool dnssec);

/* A new one; to be given an asker, and then started, which may call done at once. NULL: too many are under
 * way. */
struct ask *ask_new(
	struct upstream *upstream, const struct dns_question *question, uint16_t flags, bool dnssec);
void ask_start(struct ask *ask);

/* One more who waits. False: too many do. Who asks the same again, with the same id, is not counted twice. */
bool ask_join(struct ask *ask, const struct peer *peer, const struct dns_asked *asked);

/* Forgets it, and who waits. */
void ask_end(struct ask *ask);

/* Now and then, a few times a second. */
void upstream_tick(struct upstream *upstream, int64_t now_ms);

/* How many questions are under way, answered or not. */
unsigned int upstream_count(const struct upstream *upstream);

/* The question under way in this place (of ask_place); NULL: none. */
struct ask *upstream_at(struct upstream *upstream, unsigned int place);
unsigned int ask_place(const struct ask *ask);

#endif
