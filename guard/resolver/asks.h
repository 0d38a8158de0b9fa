/*
 * The table of questions under way, and who waits for each. Knows no sockets: those of a question are the
 * upstream's, which begins and ends it.
 */
#ifndef GUARD_RESOLVER_ASKS_H
#define GUARD_RESOLVER_ASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "guard/resolver/answer.h"
#include "guard/resolver/clients.h"
#include "guard/resolver/dns.h"
#include "guard/resolver/loop.h"
#include "guard/resolver/ports.h"

/* Questions at once. */
#define ASKS_MAX 256
/* Who wait for answers at once, and for the same one. */
#define ASKERS_MAX	  512
#define ASKERS_OF_ONE_MAX 32
/* Of both, what only the lists' names get, which are asked for by ourselves (PEER_REFRESH): clients could
 * take all the rest. */
#define ASKS_KEPT 64

/* Somebody who waits for an answer. */
struct asker {
	struct asker *next;
	struct peer peer;
	struct dns_asked asked;
};

enum ask_state { ASK_FREE, ASK_UDP, ASK_CONNECTING, ASK_LENGTH, ASK_READING, ASK_ANSWERED };

struct upstream;

/* One question. The owner of the upstream may read all of it, and writes only what is said to be its own. */
struct ask {
	struct ask *next; /* in its bucket, or of those that are free */
	struct asker *askers;
	unsigned int n_askers;
	struct dns_question question; /* its name in the case that was sent; its hash is of any case */
	bool dnssec;
	bool own; /* we ask it by ourselves, whoever else does */
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

#define ASK_BUCKETS 256U

/* Begins as zeros. Its memory is touched only as far as it was in use at once. */
struct asks {
	unsigned int n, n_askers; /* under way, answered or not; who wait */
	/* places from here on were never in use */
	unsigned int fresh, fresh_askers;
	struct ask *free;
	struct asker *free_askers;
	struct ask *buckets[ASK_BUCKETS];
	struct asker askers[ASKERS_MAX];
	struct ask v[ASKS_MAX];
};

/* The same question under way already; NULL: there is none. */
struct ask *asks_find(struct asks *asks, const struct dns_question *question, bool dnssec);

/* A new one, in ASK_UDP and without a socket; own: PEER_REFRESH will join it. NULL: too many are under way.
 */
struct ask *asks_add(struct asks *asks, const struct dns_question *question, bool dnssec, bool own);

/* One more who waits. False: too many do. Who asks the same again, with the same id, is not counted twice. */
bool asks_join(struct asks *asks, struct ask *ask, const struct peer *peer, const struct dns_asked *asked);

/* Forgets it, its answer, and who waits. */
void asks_remove(struct asks *asks, struct ask *ask);

/* The question under way in this place (of asks_place); NULL: none. */
struct ask *asks_at(struct asks *asks, unsigned int place);
unsigned int asks_place(const struct asks *asks, const struct ask *ask);

#endif
