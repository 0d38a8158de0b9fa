/* Reading what a server answered: see the header. The writing anew is guard/resolver/rewrite.h's. */
#include "guard/resolver/answer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "guard/resolver/rewrite.h"

struct answer_room {
	size_t n_records;
	struct record records[ANSWER_RECORDS_MAX];
	size_t n_chain;
	struct dns_name chain[ANSWER_CHAIN_MAX];
	uint32_t chain_hashes[ANSWER_CHAIN_MAX];
	struct rewrite rewrite;
};

struct answer_room *answer_room_new(void)
{
	return calloc(1, sizeof(struct answer_room));
}

/* One record's borders. Returns 0 or -1. */
static int read_record(const uint8_t *message, size_t size, size_t *offset, struct record *record)
{
	struct dns_name owner;

	record->owner = (uint16_t)*offset;
	if (dns_read_name(message, size, offset, &owner) < 0 || size - *offset < 10)
		return -1;
	record->hash = dns_hash(&owner, 0, 0);
	record->type = dns_get16(message + *offset);
	record->class = dns_get16(message + *offset + 2);
	record->ttl = dns_get32(message + *offset + 4);
	record->length = dns_get16(message + *offset + 8);
	record->data = (uint16_t)(*offset + 10);
	*offset += 10U + record->length;
	return *offset > size ? -1 : 0;
}

/* All records of the three sections behind the question. Returns 0 or -1. */
static int read_records(struct answer_room *room, const uint8_t *message, size_t size, size_t offset)
{
	room->n_records = 0;
	for (unsigned int section = 0; section < SECTIONS; section++) {
		const unsigned int n = dns_get16(message + 6 + 2 * (size_t)section);

		for (unsigned int i = 0; i < n; i++) {
			struct record *record = &room->records[room->n_records];

			if (room->n_records == ANSWER_RECORDS_MAX ||
				read_record(message, size, &offset, record) < 0)
				return -1;
			record->section = (uint8_t)section;
			room->n_records++;
		}
	}
	return 0;
}

/* The place of a name in the chain, or -1. */
static int chain_place(const struct answer_room *room, const struct dns_name *name, uint32_t hash)
{
	for (size_t i = 0; i < room->n_chain; i++)
		if (room->chain_hashes[i] == hash && dns_same_name(&room->chain[i], name))
			return (int)i;
	return -1;
}

static bool in_chain(
	const struct answer_room *room, const uint8_t *message, size_t size, const struct record *record)
{
	size_t offset = record->owner;
	struct dns_name owner;
	bool may = false;

	for (size_t i = 0; i < room->n_chain; i++)
		may = may || room->chain_hashes[i] == record->hash;
	return may && dns_read_name(message, size, &offset, &owner) == 0 &&
	       chain_place(room, &owner, record->hash) >= 0;
}

/*
 * Follows the CNAMEs of the answer from the question's name on, in whatever order they stand; a circle adds
 * nothing. Returns 0, or -1 if there are too many, or one that cannot be read.
 */
static int follow_chain(
	struct answer_room *room, const uint8_t *message, size_t size, const struct dns_name *start)
{
	bool grown = true;

	room->chain[0] = *start;
	room->chain_hashes[0] = dns_hash(start, 0, 0);
	room->n_chain = 1;
	while (grown) {
		grown = false;
		for (size_t i = 0; i < room->n_records; i++) {
			struct record *record = &room->records[i];
			size_t offset = record->data;
			struct dns_name target;
			uint32_t hash;

			if (record->section != SECTION_ANSWER || record->type != DNS_CNAME || record->kept ||
				record->class != DNS_CLASS_IN || !in_chain(room, message, size, record))
				continue;
			if (dns_read_name(message, size, &offset, &target) < 0)
				return -1;
			record->kept = true;
			hash = dns_hash(&target, 0, 0);
			if (chain_place(room, &target, hash) >= 0)
				continue;
			if (room->n_chain == ANSWER_CHAIN_MAX)
				return -1;
			room->chain[room->n_chain] = target;
			room->chain_hashes[room->n_chain++] = hash;
			grown = true;
		}
	}
	return 0;
}

static bool is_address(const struct record *record)
{
	return (record->type == DNS_A && record->length == 4) ||
	       (record->type == DNS_AAAA && record->length == 16);
}

/*
 * Which records go on: in the answer's section none but the chain's own CNAMEs and addresses; elsewhere all
 * that are no business between servers only. Returns how many addresses there are, or -1 if one has not an
 * address's length.
 */
static int choose_records(struct answer_room *room, const uint8_t *message, size_t size)
{
	int addresses = 0;

	for (size_t i = 0; i < room->n_records; i++) {
		struct record *record = &room->records[i];
		const bool address = record->type == DNS_A || record->type == DNS_AAAA;

		if (record->class != DNS_CLASS_IN || record->type == DNS_TYPE_OPT || record->type == DNS_TSIG)
			continue;
		if (address && !is_address(record))
			return -1;
		if (record->section != SECTION_ANSWER || (record->type != DNS_CNAME && !address) ||
			(address && in_chain(room, message, size, record)))
			record->kept = true;
		if (record->kept && address && record->section == SECTION_ANSWER)
			addresses++;
	}
	return addresses;
}

/* RFC 2308 5: how long it is known that there is nothing; without a SOA record, not at all. */
static uint32_t nothing_seconds(const struct answer_room *room, const uint8_t *message)
{
	for (size_t i = 0; i < room->n_records; i++) {
		const struct record *record = &room->records[i];
		uint32_t minimum;

		if (record->section != SECTION_AUTHORITY || record->type != DNS_SOA || !record->kept ||
			record->length < 22)
			continue;
		minimum = dns_get32(message + record->data + record->length - 4);
		return record->ttl < minimum ? record->ttl : minimum;
	}
	return 0;
}

/* The least TTL of the answer's section, or of there being nothing in it of the type that was asked for. */
static uint32_t least_seconds(struct answer_room *room, const uint8_t *message, uint16_t type, uint32_t most)
{
	uint32_t least = most;
	bool found = false;

	for (size_t i = 0; i < room->n_records; i++) {
		struct record *record = &room->records[i];

		if (record->ttl > INT32_MAX) /* RFC 2181 8 */
			record->ttl = 0;
		if (record->ttl > most)
			record->ttl = most;
		if (record->section != SECTION_ANSWER || !record->kept)
			continue;
		found = found || record->type == type || type == DNS_ANY;
		if (record->ttl < least)
			least = record->ttl;
	}
	if (!found) {
		const uint32_t nothing = nothing_seconds(room, message);

		if (nothing < least)
			least = nothing;
	}
	return least;
}

/* True if an OPT record says more of the status than the header's four bits (RFC 6891 6.1.3). */
static bool has_extended_status(const struct answer_room *room)
{
	for (size_t i = 0; i < room->n_records; i++)
		if (room->records[i].type == DNS_TYPE_OPT && room->records[i].ttl >> 24 != 0)
			return true;
	return false;
}

static struct answer *keep(const struct answer_room *room, const uint8_t *message, uint16_t n_addresses)
{
	const struct rewrite *rewrite = &room->rewrite;
	const size_t ttls = rewrite->n_ttls * sizeof(uint16_t);
	struct answer *answer =
		malloc(sizeof(*answer) + ttls + n_addresses * sizeof(struct prefix) + rewrite->length);
	struct prefix *address;

	if (answer == NULL)
		return NULL;
	*answer = (struct answer){.length = (uint16_t)rewrite->length,
		.n_ttls = (uint16_t)rewrite->n_ttls,
		.n_addresses = n_addresses};
	memcpy(answer->data, rewrite->ttls, ttls);
	address = (void *)(answer->data + answer->n_ttls);
	for (size_t i = 0; i < room->n_records; i++) {
		const struct record *record = &room->records[i];

		if (!record->kept || record->section != SECTION_ANSWER || !is_address(record))
			continue;
		*address++ = prefix_make(record->type == DNS_A ? AF_INET : AF_INET6, message + record->data,
			record->length * 8U);
	}
	memcpy(address, rewrite->out, rewrite->length);
	return answer;
}

/* The header and question. *offset is then behind them. */
static enum answer_verdict read_head(const uint8_t *message, size_t size, const struct dns_question *sent,
	uint16_t id, bool by_tcp, size_t *offset)
{
	const unsigned int flags = size >= DNS_HEADER ? dns_get16(message + 2) : 0;
	const unsigned int rcode = flags & DNS_RCODE;
	struct dns_name name;

	if (size < DNS_HEADER || dns_get16(message) != id || !(flags & DNS_QR) || (flags & DNS_OPCODE))
		return ANSWER_FOREIGN;
	/* some servers do not repeat what they did not understand */
	if (dns_get16(message + 4) == 0 && size == DNS_HEADER && rcode != DNS_NOERROR &&
		rcode != DNS_NXDOMAIN)
		return rcode == DNS_FORMERR || rcode == DNS_NOTIMP ? ANSWER_PLAIN : ANSWER_BAD;
	*offset = DNS_HEADER;
	if (dns_get16(message + 4) != 1 || dns_read_name(message, size, offset, &name) < 0 ||
		size - *offset < 4 || dns_get16(message + *offset) != sent->type ||
		dns_get16(message + *offset + 2) != DNS_CLASS_IN || !dns_same_name(&name, &sent->name))
		return ANSWER_FOREIGN;
	*offset += 4;
	if (!by_tcp && memcmp(name.wire, sent->name.wire, name.length) != 0)
		return ANSWER_CASE;
	if (flags & DNS_TC)
		return by_tcp ? ANSWER_BAD : ANSWER_TRUNCATED;
	if (rcode == DNS_FORMERR || rcode == DNS_NOTIMP)
		return ANSWER_PLAIN;
	return rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN ? ANSWER_GOOD : ANSWER_BAD;
}

enum answer_verdict answer_read(struct answer_room *room, const uint8_t *message, size_t size,
	const struct dns_question *sent, uint16_t id, bool by_tcp, uint32_t most, struct answer **answer)
{
	size_t offset = 0;
	enum answer_verdict verdict = read_head(message, size, sent, id, by_tcp, &offset);
	const unsigned int flags = size >= DNS_HEADER ? dns_get16(message + 2) : 0;
	uint32_t seconds;
	int addresses;

	if (verdict != ANSWER_GOOD)
		return verdict;
	memset(room->records, 0, sizeof(room->records[0]) * room->n_records);
	if (size > DNS_MESSAGE || read_records(room, message, size, offset) < 0 ||
		has_extended_status(room) || follow_chain(room, message, size, &sent->name) < 0)
		return ANSWER_BAD;
	addresses = choose_records(room, message, size);
	if (addresses < 0)
		return ANSWER_BAD;
	seconds = least_seconds(room, message, sent->type, most);
	if (rewrite_message(&room->rewrite, message, size, sent, flags & DNS_RCODE, room->records,
		    room->n_records) < 0)
		return ANSWER_BAD;
	*answer = keep(room, message, (uint16_t)addresses);
	if (*answer == NULL)
		return ANSWER_MEMORY;
	(*answer)->seconds = seconds;
	(*answer)->authentic = (flags & DNS_AD) != 0;
	(*answer)->exists = (flags & DNS_RCODE) == DNS_NOERROR;
	return ANSWER_GOOD;
}

struct answer_view answer_view(const struct answer *answer)
{
	return (struct answer_view){.message = answer_message(answer),
		.ttls = answer_ttls(answer),
		.length = answer->length,
		.n_ttls = answer->n_ttls,
		.authentic = answer->authentic};
}

/* Octets of the header and question. */
static size_t head_length(const struct answer_view *answer)
{
	return DNS_HEADER + strnlen((const char *)answer->message + DNS_HEADER, answer->length - DNS_HEADER) +
	       1 + 4;
}

size_t answer_reply(const struct answer_view *answer, const struct dns_asked *asked, uint32_t age,
	size_t limit, uint8_t *out)
{
	const bool cut = answer->length + (asked->edns ? DNS_OPT : 0U) > limit;
	const size_t head = head_length(answer);
	size_t length = cut ? head : answer->length;
	unsigned int flags = DNS_QR | DNS_RA | (asked->flags & (DNS_RD | DNS_CD));

	memcpy(out, answer->message, length);
	flags |= dns_get16(out + 2) & DNS_RCODE;
	if (answer->authentic && ((asked->flags & DNS_AD) || asked->dnssec))
		flags |= DNS_AD;
	if (cut) {
		flags |= DNS_TC;
		memset(out + 6, 0, 6);
	}
	dns_put16(out, asked->id);
	dns_put16(out + 2, flags);
	dns_restore_case(out, head - DNS_HEADER - 5, asked);
	for (size_t i = 0; i < answer->n_ttls && age > 0 && !cut; i++) {
		uint8_t *ttl = out + answer->ttls[i];
		const uint32_t left = dns_get32(ttl);

		dns_put32(ttl, left > age ? left - age : 0);
	}
	if (asked->edns) {
		dns_put16(out + 10, dns_get16(out + 10) + 1U);
		length += dns_write_opt(out + length, asked->dnssec, DNS_NOERROR);
	}
	return length;
}
