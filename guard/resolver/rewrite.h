/*
 * Writing a server's message anew: the same records, every name in them read and written by us, compressed
 * where RFC 3597 lets it be. What is no record does not get through.
 */
#ifndef GUARD_RESOLVER_REWRITE_H
#define GUARD_RESOLVER_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/resolver/dns.h"

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

/* Where a record stands in the message it came in. */
struct record {
	uint32_t ttl;
	uint32_t hash;	/* dns_hash of its owner */
	uint16_t owner; /* offset of its name */
	uint16_t type, class;
	uint16_t data, length; /* of RDATA */
	uint8_t section;       /* enum section */
	bool kept;	       /* it is to be written */
};

/* Names, and ends of names, that a later one can point to. */
#define REWRITE_NAMES 64
#define REWRITE_TTLS  1024

struct rewrite {
	size_t length, n_ttls, n_names;
	uint16_t ttls[REWRITE_TTLS]; /* offsets */
	struct {
		uint32_t hash;
		uint16_t offset;
	} names[REWRITE_NAMES];
	uint8_t out[DNS_MESSAGE];
};

/*
 * Writes the kept records behind a header with this rcode and the question, its name in lower case. Returns
 * 0, or -EBADMSG if a record cannot be read, or the whole got too long.
 */
int rewrite_message(struct rewrite *rewrite, const uint8_t *message, size_t size,
	const struct dns_question *question, unsigned int rcode, const struct record *records, size_t n);

#endif
