/* DNS's wire format: see the header. */
#include "guard/resolver/dns.h"

#include <errno.h>
#include <string.h>

/* Of a label's length octet: RFC 1035 4.1.4. */
#define LABEL_KIND    0xc0
#define LABEL_POINTER 0xc0

int dns_read_name(const uint8_t *message, size_t size, size_t *offset, struct dns_name *name)
{
	size_t at = *offset, used = 0, before = at;
	bool jumped = false;

	for (;;) {
		size_t length;

		if (at >= size)
			return -EBADMSG;
		length = message[at];
		if ((length & LABEL_KIND) == LABEL_POINTER) {
			const size_t to = at + 1 < size ? dns_get16(message + at) & 0x3fffU : before;

			/* each jump goes before all that was read, so there are no circles */
			if (to >= before)
				return -EBADMSG;
			if (!jumped)
				*offset = at + 2;
			jumped = true;
			at = before = to;
			continue;
		}
		if (length > DNS_LABEL || at + 1 + length > size || used + 1 + length > DNS_NAME)
			return -EBADMSG;
		memcpy(name->wire + used, message + at, 1 + length);
		used += 1 + length;
		at += 1 + length;
		if (length == 0)
			break;
	}
	if (!jumped)
		*offset = at;
	name->length = (uint8_t)used;
	return 0;
}

bool dns_same_name(const struct dns_name *a, const struct dns_name *b)
{
	if (a->length != b->length)
		return false;
	/* a label's length is below 'A' and is not changed by it */
	for (size_t i = 0; i < a->length; i++)
		if (dns_lower(a->wire[i]) != dns_lower(b->wire[i]))
			return false;
	return true;
}

uint32_t dns_hash(const struct dns_name *name, uint16_t type, uint64_t seed)
{
	uint64_t hash = seed ^ type;

	for (size_t i = 0; i < name->length; i++) {
		hash = (hash ^ dns_lower(name->wire[i])) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static bool is_of_a_host(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

int dns_name_text(const struct dns_name *name, char text[DNS_TEXT], bool *odd)
{
	size_t used = 0;

	*odd = false;
	for (size_t at = 0; at < name->length && name->wire[at] != 0; at += 1U + name->wire[at]) {
		if (used > 0)
			text[used++] = '.';
		for (size_t i = at + 1; i <= at + name->wire[at]; i++) {
			const uint8_t byte = dns_lower(name->wire[i]);

			if (byte == '.' || byte == '\0')
				return -EBADMSG;
			*odd = *odd || !is_of_a_host(byte);
			text[used] = '?';
			if (is_of_a_host(byte))
				memcpy(text + used, &byte, 1);
			used++;
		}
	}
	text[used] = '\0';
	return 0;
}

int dns_name_parse(const char *text, struct dns_name *name)
{
	size_t used = 0;

	while (*text != '\0') {
		const size_t length = strcspn(text, ".");

		if (length == 0 || length > DNS_LABEL || used + 1 + length + 1 > DNS_NAME)
			return -EINVAL;
		name->wire[used++] = (uint8_t)length;
		memcpy(name->wire + used, text, length);
		used += length;
		text += length;
		if (*text == '.')
			text++;
	}
	name->wire[used++] = 0;
	name->length = (uint8_t)used;
	return 0;
}

/* The question's name, which has no reason to be compressed, in lower case. */
static int read_asked_name(const uint8_t *message, size_t size, size_t *offset, struct dns_query *query)
{
	struct dns_name *name = &query->question.name;
	const uint8_t *from = message + *offset;
	const size_t room = size - *offset;
	size_t used = 0;

	for (;;) {
		const size_t length = used < room ? from[used] : DNS_NAME;

		if (length > DNS_LABEL || used + 1 + length > room || used + 1 + length > DNS_NAME)
			return -EBADMSG;
		name->wire[used++] = (uint8_t)length;
		if (length == 0)
			break;
		for (const size_t end = used + length; used < end; used++) {
			name->wire[used] = dns_lower(from[used]);
			if (name->wire[used] != from[used])
				query->asked.upper[used / 8] |= (uint8_t)(1U << used % 8);
		}
	}
	name->length = (uint8_t)used;
	*offset += used;
	return 0;
}

/* The one record that may follow the question (RFC 6891 6.1). Returns 0, DNS_BADVERS or DNS_FORMERR. */
static int read_opt(const uint8_t *message, size_t size, size_t offset, struct dns_asked *asked)
{
	const uint8_t *opt = message + offset;
	size_t options = 0, at = DNS_OPT;
	unsigned int most;

	if (size - offset < DNS_OPT || opt[0] != 0 || dns_get16(opt + 1) != DNS_TYPE_OPT)
		return DNS_FORMERR;
	options = dns_get16(opt + 9);
	if (size - offset != DNS_OPT + options)
		return DNS_FORMERR;
	/* options are read for their borders alone */
	while (options > 0) {
		const size_t length = options >= 4 ? 4U + dns_get16(opt + at + 2) : options + 1;

		if (length > options)
			return DNS_FORMERR;
		options -= length;
		at += length;
	}
	most = dns_get16(opt + 3);
	asked->limit = (uint16_t)(most < DNS_UDP_MIN ? DNS_UDP_MIN : most > DNS_UDP_MAX ? DNS_UDP_MAX : most);
	asked->edns = true;
	asked->dnssec = (opt[7] & 0x80) != 0;
	return opt[6] == 0 ? 0 : DNS_BADVERS;
}

/* Types that ask for no record but for something to be done (RFC 6895 3.1): transfers, keys, signatures. */
static bool is_meta(uint16_t type)
{
	return type >= 128 && type <= 254;
}

int dns_read_query(const uint8_t *message, size_t size, uint64_t seed, struct dns_query *query)
{
	size_t offset = DNS_HEADER;
	unsigned int flags, class;
	int ret = 0;

	query->question.name.length = 0;
	query->question.type = 0;
	if (size < DNS_HEADER)
		return -EBADMSG;
	flags = dns_get16(message + 2);
	if (flags & DNS_QR)
		return -EBADMSG;
	query->asked = (struct dns_asked){.id = dns_get16(message),
		.flags = (uint16_t)(flags & (DNS_RD | DNS_AD | DNS_CD)),
		.limit = DNS_UDP_MIN};
	if (flags & DNS_OPCODE) {
		/* RFC 1035 4.1.1: the answer has the opcode of the question */
		query->asked.flags = (uint16_t)(flags & (DNS_RD | DNS_OPCODE));
		return DNS_NOTIMP;
	}
	if (dns_get16(message + 4) != 1 || dns_get16(message + 6) != 0 || dns_get16(message + 8) != 0 ||
		dns_get16(message + 10) > 1)
		return DNS_FORMERR;
	if (read_asked_name(message, size, &offset, query) < 0 || size - offset < 4) {
		query->question.name.length = 0;
		return DNS_FORMERR;
	}
	query->question.type = dns_get16(message + offset);
	class = dns_get16(message + offset + 2);
	offset += 4;
	if (dns_get16(message + 10) == 1)
		ret = read_opt(message, size, offset, &query->asked);
	else if (offset != size)
		ret = DNS_FORMERR;
	query->question.hash = dns_hash(&query->question.name, query->question.type, seed);
	if (ret == 0 && (query->question.type == 0 || query->question.type == DNS_TYPE_OPT))
		ret = DNS_FORMERR;
	if (ret == 0 && is_meta(query->question.type))
		ret = DNS_NOTIMP;
	if (ret == 0 && class != DNS_CLASS_IN)
		/* a reply would repeat the question in our class */
		query->question.name.length = 0;
	return ret == 0 && class != DNS_CLASS_IN ? DNS_REFUSED : ret;
}

static size_t write_question(const struct dns_question *question, uint8_t *out)
{
	memcpy(out, question->name.wire, question->name.length);
	dns_put16(out + question->name.length, question->type);
	dns_put16(out + question->name.length + 2, DNS_CLASS_IN);
	return question->name.length + 4U;
}

size_t dns_write_opt(uint8_t *out, bool dnssec, enum dns_rcode rcode)
{
	memset(out, 0, DNS_OPT);
	dns_put16(out + 1, DNS_TYPE_OPT);
	dns_put16(out + 3, DNS_UDP_MAX);
	out[5] = (uint8_t)(rcode >> 4);
	out[7] = dnssec ? 0x80 : 0;
	return DNS_OPT;
}

size_t dns_write_query(const struct dns_question *question, uint16_t id, bool edns, bool dnssec, uint8_t *out)
{
	size_t length = DNS_HEADER;

	memset(out, 0, DNS_HEADER);
	dns_put16(out, id);
	/* AD: we understand it (RFC 6840 5.7) */
	dns_put16(out + 2, DNS_RD | DNS_AD);
	dns_put16(out + 4, 1);
	length += write_question(question, out + length);
	if (edns) {
		dns_put16(out + 10, 1);
		length += dns_write_opt(out + length, dnssec, DNS_NOERROR);
	}
	return length;
}

void dns_restore_case(uint8_t *message, size_t length, const struct dns_asked *asked)
{
	uint8_t *name = message + DNS_HEADER;

	for (size_t i = 0; i < length; i++)
		if (asked->upper[i / 8] & 1U << i % 8)
			name[i] &= (uint8_t)~0x20U;
}

/* A reply's header, and the question unless there is none to repeat. */
static size_t write_head(const struct dns_question *question, const struct dns_asked *asked,
	enum dns_rcode rcode, uint8_t *out)
{
	const unsigned int flags = asked->flags & (DNS_RD | DNS_CD | DNS_OPCODE);
	size_t length = DNS_HEADER;

	memset(out, 0, DNS_HEADER);
	dns_put16(out, asked->id);
	dns_put16(out + 2, DNS_QR | DNS_RA | flags | (rcode & DNS_RCODE));
	if (question->name.length == 0)
		return length;
	dns_put16(out + 4, 1);
	length += write_question(question, out + length);
	dns_restore_case(out, question->name.length, asked);
	return length;
}

size_t dns_write_status(const struct dns_question *question, const struct dns_asked *asked,
	enum dns_rcode rcode, enum dns_extended extended, const char *words, uint8_t *out)
{
	size_t length = write_head(question, asked, rcode, out);
	size_t said = words != NULL ? strnlen(words, DNS_WORDS_MAX) : 0;
	uint8_t *opt = out + length;

	if (!asked->edns)
		return length;
	dns_put16(out + 10, 1);
	length += dns_write_opt(opt, asked->dnssec, rcode);
	if (extended == DNS_EDE_NONE)
		return length;
	/* RFC 8914 2: option 15, its length, the code, words */
	dns_put16(opt + 9, (unsigned int)(6 + said));
	dns_put16(out + length, 15);
	dns_put16(out + length + 2, (unsigned int)(2 + said));
	dns_put16(out + length + 4, (unsigned int)extended);
	if (said > 0)
		memcpy(out + length + 6, words, said);
	return length + 6 + said;
}

size_t dns_write_proof(const struct dns_query *query, const char *words, uint8_t *out)
{
	const size_t said = strnlen(words, DNS_WORDS_MAX);
	size_t length = write_head(&query->question, &query->asked, DNS_NOERROR, out);

	out[2] |= DNS_AA >> 8;
	if (query->question.type == DNS_TXT) {
		dns_put16(out + 6, 1);
		dns_put16(out + length, 0xc000 | DNS_HEADER);
		dns_put16(out + length + 2, DNS_TXT);
		dns_put16(out + length + 4, DNS_CLASS_IN);
		dns_put32(out + length + 6, 0);
		dns_put16(out + length + 10, (unsigned int)said + 1);
		out[length + 12] = (uint8_t)said;
		memcpy(out + length + 13, words, said);
		length += 13 + said;
	}
	if (query->asked.edns) {
		dns_put16(out + 10, 1);
		length += dns_write_opt(out + length, query->asked.dnssec, DNS_NOERROR);
	}
	return length;
}
