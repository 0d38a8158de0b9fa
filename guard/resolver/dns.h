/*
 * DNS's wire format (RFC 1035): names, what a client asks, what we ask a server, and answers that need none.
 * Every byte it reads is foreign. Knows nothing of sockets or policies; what servers answer is
 * guard/resolver/answer.h's.
 */
#ifndef GUARD_RESOLVER_DNS_H
#define GUARD_RESOLVER_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/entry.h"

#define DNS_HEADER  12	  /* RFC 1035 4.1.1 */
#define DNS_NAME    255	  /* octets of a name on the wire, RFC 1035 2.3.4 */
#define DNS_LABEL   63	  /* octets of one label, same place */
#define DNS_MESSAGE 65535 /* RFC 1035 4.2.2: what a length of two octets can say */
#define DNS_UDP_MIN 512	  /* RFC 1035 4.2.1: for who says nothing of more */
#define DNS_UDP_MAX 1232  /* what passes unfragmented everywhere (DNS flag day 2020, RFC 9715) */
#define DNS_OPT	    11	  /* octets of an OPT record that is empty, RFC 6891 6.1.2 */
#define DNS_PORT    53

/* The second 16 bits of the header (RFC 1035 4.1.1, RFC 4035 3.2). */
#define DNS_QR	   0x8000U
#define DNS_OPCODE 0x7800U
#define DNS_AA	   0x0400U
#define DNS_TC	   0x0200U
#define DNS_RD	   0x0100U
#define DNS_RA	   0x0080U
#define DNS_AD	   0x0020U
#define DNS_CD	   0x0010U
#define DNS_RCODE  0x000fU

/* RFC 1035 4.1.1; BADVERS is RFC 6891's, whose upper bits are in the OPT record. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16,
};

/* IANA's registry of DNS parameters. */
enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TYPE_OPT = 41,
	DNS_TSIG = 250,
	DNS_ANY = 255,
};

#define DNS_CLASS_IN 1

/* Extended errors (RFC 8914 4); 0 is "other", so none is -1. */
enum dns_extended {
	DNS_EDE_NONE = -1,
	DNS_EDE_OTHER = 0,
	DNS_EDE_BLOCKED = 15,
	DNS_EDE_FILTERED = 17,
	DNS_EDE_UNREACHABLE = 22,
};

/* A name without compression, its root included. What follows it in wire is of no meaning. */
struct dns_name {
	uint8_t length;
	uint8_t wire[DNS_NAME];
};

struct dns_question {
	struct dns_name name;
	uint16_t type;
	uint32_t hash; /* dns_hash of both */
};

/* How a client asked, which its answer must fit. */
struct dns_asked {
	uint16_t id;
	uint16_t flags; /* DNS_RD, DNS_AD, DNS_CD as they came */
	uint16_t limit; /* octets of the longest reply by UDP */
	bool edns;
	bool dnssec;	   /* RFC 3225, DO */
	uint8_t upper[32]; /* bit i: the octet i of the name came as a capital letter */
};

/* A client's whole question; its name is in lower case. */
struct dns_query {
	struct dns_question question;
	struct dns_asked asked;
};

static inline uint16_t dns_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void dns_put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint32_t dns_get32(const uint8_t *at)
{
	return (uint32_t)dns_get16(at) << 16 | dns_get16(at + 2);
}

static inline void dns_put32(uint8_t *at, uint32_t value)
{
	dns_put16(at, value >> 16);
	dns_put16(at + 2, value & 0xffff);
}

static inline uint8_t dns_lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/*
 * Reads the name at *offset of a message, following compression, which may only point backwards, and moves
 * *offset behind it. Returns 0 or -EBADMSG.
 */
int dns_read_name(const uint8_t *message, size_t size, size_t *offset, struct dns_name *name);

/* The same name, in whatever case of letters (RFC 4343). */
bool dns_same_name(const struct dns_name *a, const struct dns_name *b);

/* Of a name in any case and a number; different in each process by its seed, so that nobody can choose it. */
uint32_t dns_hash(const struct dns_name *name, uint16_t type, uint64_t seed);

/*
 * The name as the lists write it: lower case, no trailing dot. *odd says that some byte of it is none of a
 * host's name, and is shown as '?': such a name is on no list. Returns 0, or -EBADMSG if a label holds a dot
 * or a zero byte, and so would read as another name.
 */
#define DNS_TEXT (NAME_TEXT + 2)
int dns_name_text(const struct dns_name *name, char text[DNS_TEXT], bool *odd);

/* The reverse, for names of our own lists. Returns 0 or -EINVAL. */
int dns_name_parse(const char *text, struct dns_name *name);

/*
 * Reads what a client sent. Returns 0; or -EBADMSG: it is to be dropped; or what it is to be answered with
 * (enum dns_rcode), of which query->question may then be empty (its name's length is 0) if it was not
 * understood.
 */
int dns_read_query(const uint8_t *message, size_t size, uint64_t seed, struct dns_query *query);

/*
 * Writes our own question to a server. It holds nothing of the client's but the question, and whether it
 * wants the signatures (DO): RD is set, and CD is not, for what we learn is what the server has checked.
 * Returns its length; out has room for DNS_QUERY_MAX.
 */
#define DNS_QUERY_MAX (DNS_HEADER + DNS_NAME + 4 + DNS_OPT)
size_t dns_write_query(
	const struct dns_question *question, uint16_t id, bool edns, bool dnssec, uint8_t *out);

/*
 * Writes an answer of no records, with an extended error if the client can read one; words may be NULL.
 * Returns its length; out has room for DNS_STATUS_MAX.
 */
#define DNS_WORDS_MAX  100
#define DNS_STATUS_MAX (DNS_QUERY_MAX + 6 + DNS_WORDS_MAX)
size_t dns_write_status(const struct dns_question *question, const struct dns_asked *asked,
	enum dns_rcode rcode, enum dns_extended extended, const char *words, uint8_t *out);

/* The guard's own answer to who asks for its proof's name: a TXT record for TXT, nothing else. As above. */
size_t dns_write_proof(const struct dns_query *query, const char *words, uint8_t *out);

/* Gives the question's name in a reply the case of letters that the client used. */
void dns_restore_case(uint8_t *message, size_t length, const struct dns_asked *asked);

/* Appends an OPT record with no options; returns its length. */
size_t dns_write_opt(uint8_t *out, bool dnssec, enum dns_rcode rcode);

#endif
