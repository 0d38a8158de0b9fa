/*
 * The resolver's end of the socket to the warden: what an answer taught goes out, in messages, and comes back
 * done. Knows messages; not what a question is for.
 */
#ifndef GUARD_RESOLVER_TEACH_H
#define GUARD_RESOLVER_TEACH_H

#include <stdint.h>

#include "guard/resolver/loop.h"
#include "guard/message.h"
#include "guard/resolver/upstream.h"

/* How long the warden may take, which is a netlink message away from its answer. */
#define TEACH_MS 4000

struct teach {
	struct loop *loop;
	struct upstream *upstream;
	int socket;
	struct watch watch;
	struct ask *first, **last; /* that are not sent whole, since the socket was full */
	bool waiting;		   /* for the socket to have room */
	bool gone;		   /* the warden is */
	uint32_t sequence;
	/* status: 0, or a negative errno: the addresses are not let in */
	void (*learnt)(void *owner, struct ask *ask, int status);
	/* the warden says something by itself */
	void (*told)(void *owner, const struct message *message);
	void *owner;
	struct message out[MESSAGES_AT_ONCE], in[MESSAGES_AT_ONCE];
};

/* The rest of *teach is filled by the caller, and stays where it is. Returns 0 or -errno. */
int teach_open(struct teach *teach, int socket);

/* Has the addresses of an answered question, of which there are some, let in for its name. Calls learnt once,
 * later. */
void teach_start(struct teach *teach, struct ask *ask);

/* At the end of each turn of the loop: sends what was learnt in it, as far as there is room. */
void teach_turn(struct teach *teach);

/* What is known of the name, of these families (KEEP_…), shall stand. Returns 0, or -EAGAIN: later. */
int teach_keep(struct teach *teach, const char *name, int32_t families, uint32_t seconds);

/* Now and then: gives up on what takes too long. */
void teach_tick(struct teach *teach, int64_t now_ms);

#endif
