/* What the lookup's child and its parent say to each other: one struct, always whole, over SOCK_SEQPACKET. */
#ifndef FW_LOOKUP_MESSAGE_H
#define FW_LOOKUP_MESSAGE_H

#include <stdint.h>

#include "fw/prefix.h"

enum lookup_type {
	LOOKUP_ADDRESS = 1, /* child: target index has this address */
	LOOKUP_FAILED,	    /* child: target index has none, text says why */
	LOOKUP_ABSENT,	    /* child: the same, and for certain: DNS says that there is none */
	LOOKUP_NAMES_DONE,  /* child: that was all of the names */
	LOOKUP_FETCH_FROM,  /* parent: GitHub's API has this address */
	LOOKUP_FETCH,	    /* parent: that was all of its addresses, and the way is open; fetch the ranges */
	LOOKUP_RANGE,	    /* child: one of GitHub's ranges */
	LOOKUP_GITHUB_FAILED, /* child: no ranges, text says why */
	LOOKUP_GITHUB_DONE,   /* child: that was all of the ranges */
	LOOKUP_FIXED,	      /* child: target index is in /etc/hosts, its addresses follow */
};

struct lookup_message {
	uint32_t type;	/* enum lookup_type */
	uint32_t index; /* of the target */
	struct prefix prefix;
	char text[422]; /* NUL-terminated; shown to a person after every odd byte is replaced */
};

_Static_assert(sizeof(struct lookup_message) == 448, "no padding in struct lookup_message");

/* Sends one message whole. Returns 0 or -errno. */
int lookup_send(int socket, const struct lookup_message *message);

/* Receives one message, of exactly the right size, its text terminated. Returns 0, -errno, or -EPIPE at the
 * end. */
int lookup_receive(int socket, struct lookup_message *message);

#endif
