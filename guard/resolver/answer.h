/*
 * What a server answered: read with suspicion, and written anew, so that nothing of the server's own making
 * but whole records goes on to a client. Knows the wire format and the chain of CNAMEs; no sockets, no
 * policy.
 */
#ifndef GUARD_RESOLVER_ANSWER_H
#define GUARD_RESOLVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "guard/resolver/dns.h"

/* More than any honest answer holds; one with more is not believed. */
#define ANSWER_RECORDS_MAX 1024
/* Names of one chain of CNAMEs, the question's included. */
#define ANSWER_CHAIN_MAX 16

/*
 * An answer as it is kept: a message with the question's name in lower case, without an OPT record; where its
 * TTLs are; and the addresses that the question's name has by it. One piece of memory, for free(3).
 */
struct answer {
	uint32_t seconds; /* the least TTL that counts: of the answer's records, or RFC 2308's; may be 0 */
	uint16_t length;  /* of the message */
	uint16_t n_ttls;
	uint16_t n_addresses;
	bool authentic;	 /* DNS_AD was set */
	bool exists;	 /* DNS_NOERROR; else DNS_NXDOMAIN */
	uint16_t data[]; /* TTLs' offsets, then addresses, then the message */
};

static inline const uint16_t *answer_ttls(const struct answer *answer)
{
	return answer->data;
}

static inline const struct prefix *answer_addresses(const struct answer *answer)
{
	return (const void *)(answer->data + answer->n_ttls);
}

static inline const uint8_t *answer_message(const struct answer *answer)
{
	return (const void *)(answer_addresses(answer) + answer->n_addresses);
}

enum answer_verdict {
	ANSWER_GOOD,	  /* *answer is to be freed by the caller */
	ANSWER_FOREIGN,	  /* not to this question: as if it had not come */
	ANSWER_CASE,	  /* to this question, but for the case of letters: somebody may have guessed */
	ANSWER_TRUNCATED, /* to be asked by TCP */
	ANSWER_PLAIN,	  /* the server does not know EDNS: to be asked without */
	ANSWER_BAD,	  /* the server cannot or will not answer, or not so that it can be read */
	ANSWER_MEMORY,	  /* out of memory */
};

/* Room to work in, about 100 KiB, of which as much is touched as an answer needs. */
struct answer_room;
struct answer_room *answer_room_new(void);

/*
 * Reads a message that came where an answer to the question (whose name is in the case that was sent) with
 * this id is awaited. most: the longest TTL to hand on, in seconds.
 */
enum answer_verdict answer_read(struct answer_room *room, const uint8_t *message, size_t size,
	const struct dns_question *sent, uint16_t id, bool by_tcp, uint32_t most, struct answer **answer);

/* An answer as a cache keeps it too. */
struct answer_view {
	const uint8_t *message;
	const uint16_t *ttls;
	uint16_t length, n_ttls;
	bool authentic;
};

struct answer_view answer_view(const struct answer *answer);

/*
 * Writes the reply to a client: its id, flags and case of letters, TTLs less the seconds of its age, an OPT
 * record if the client sent one; truncated if longer than limit, which is DNS_UDP_MIN at least. Returns its
 * length.
 */
size_t answer_reply(const struct answer_view *answer, const struct dns_asked *asked, uint32_t age,
	size_t limit, uint8_t *out);

#endif
