/*
 * One caller of a live change, after it was let in (guard/warden/control.h): its state, and what its messages
 * do. Nothing here waits for it.
 */
#ifndef GUARD_WARDEN_CALLER_H
#define GUARD_WARDEN_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "guard/warden/control.h"
#include "guard/warden/proof.h"

enum state {
	STATE_NONE,	 /* the place is free */
	STATE_STRANGER,	 /* has been challenged */
	STATE_RELOADING, /* sends a policy */
	STATE_LISTING,	 /* is being sent the lists */
	STATE_WAITING,	 /* for the first address of its entry */
};

struct caller {
	enum state state;
	int socket;
	int64_t until;
	struct ucred who; /* for the record only */
	char proof[PROOF_NAME];
	struct entry entry;   /* of STATE_WAITING */
	struct policy policy; /* of STATE_RELOADING */
	size_t n;	      /* entries of it */
	int list;	      /* of STATE_LISTING: the next entry to be sent */
	size_t place;
};

/* Hangs up; the place is free again. */
void caller_drop(struct caller *caller);

/* Says the last word (status: 0 or enum failure), and hangs up: whoever does not read it has had his chance.
 */
void caller_finish(struct caller *caller, int status, const char *text);

/* The request of a caller who has proved that he may. */
void caller_begin(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message);

/* The next message of a policy (STATE_RELOADING). */
void caller_go_on(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message);

/* As much of the lists as the caller's socket takes (STATE_LISTING). */
void caller_list_more(const struct ward *ward, struct caller *caller);

/* The name that the caller waits for (STATE_WAITING) has its first address. */
void caller_learnt(struct ward *ward, struct caller *caller);

/* The caller is gone, or out of time (late), or spoke when it should not have. */
void caller_give_up(struct ward *ward, struct outbox *outbox, struct caller *caller, bool late);

#endif
