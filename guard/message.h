/*
 * What the guard's processes say to each other: one struct, always whole, over SOCK_SEQPACKET. The receiver
 * believes none of it: the warden asks its own policy of every name and address again.
 */
#ifndef GUARD_MESSAGE_H
#define GUARD_MESSAGE_H

#include <stdint.h>

#include "fw/entry.h"
#include "fw/prefix.h"
#include "fw/set.h"

/* Addresses in one message; a longer answer takes several. */
#define MESSAGE_ADDRESSES 32

enum message_type {
	/* resolver: name is at these addresses, for seconds more (of DNS, not clamped yet); LEARN_PART in
	   status: and at others, of other messages. Answered. */
	MESSAGE_LEARN = 1,
	/* resolver: name could not be asked for again; what is known of it, of the families of status
	   (KEEP_…), shall stand for seconds more. Not answered. */
	MESSAGE_KEEP,
	/* warden: the LEARN of this number is done: the sets hold the addresses (status 0), or not (errno) */
	MESSAGE_LEARNT,
	/* warden: this entry is now on the list; take its name up, ask for it at once */
	MESSAGE_ADD,
	/* warden: this entry is no longer on the list */
	MESSAGE_REMOVE,
	/* warden: what of the agent's DNS is answered (status: FILTER_…); comes with a new policy */
	MESSAGE_FILTER,
	/* fetcher: some of GitHub's ranges are at addresses */
	MESSAGE_RANGE,
	/* fetcher: that was all of them */
	MESSAGE_RANGES_DONE,
	/* fetcher: they cannot be had now, name says why; those of before stand */
	MESSAGE_RANGES_FAILED,
};

/* Status of a LEARN. */
#define LEARN_PART 1

/* Bits of a KEEP's status. */
#define KEEP_V4 1
#define KEEP_V6 2

/* Bits of a FILTER's status. */
#define FILTER_NAMES  1 /* names outside the policy are refused */
#define FILTER_CLOSED 2 /* the agent gets no DNS at all */
#define FILTER_OPEN   4 /* what no list names is sent, so that only what is blocked is refused */

struct message {
	uint32_t type;	 /* enum message_type */
	uint32_t number; /* the sender's, of a LEARN; the same in its LEARNT */
	int32_t status;
	uint32_t seconds;
	uint32_t list;		  /* enum list, of ADD and REMOVE */
	uint32_t n;		  /* addresses */
	char name[NAME_TEXT + 2]; /* lower case, no trailing dot, NUL-terminated */
	struct prefix addresses[MESSAGE_ADDRESSES];
	struct entry entry; /* of ADD and REMOVE */
};

/* Sends one message whole. Returns 0, -EAGAIN if the socket does not block and is full, or -errno. */
int message_send(int socket, const struct message *message);

/*
 * Receives one message of exactly the right size, its name terminated and n within bounds. Returns 0,
 * -EAGAIN, -EPIPE at the other side's end, or -errno.
 */
int message_receive(int socket, struct message *message);

/*
 * The same for several, at most MESSAGES_AT_ONCE, and never blocking: as many as there is room for, or as are
 * there. Returns how many, at least 1, or as above.
 */
#define MESSAGES_AT_ONCE 16
int message_send_several(int socket, struct message *messages, unsigned int n);
int message_receive_several(int socket, struct message *messages, unsigned int n);

#endif
