/* Records and names, written anew: see the header. */
#include "guard/resolver/rewrite.h"

#include <errno.h>
#include <string.h>

/*
 * Types whose data hold names that a server may have compressed: RFC 1035's, and those that RFC 3597 4 tells
 * to read so. A letter each: n a name, s a character string, digits so many octets; the rest is copied.
 */
static const struct layout {
	uint16_t type;
	bool compressed; /* by us too: RFC 1035's alone */
	const char *parts;
} layouts[] = {
	{2, true, "n"},	      /* NS */
	{5, true, "n"},	      /* CNAME */
	{6, true, "nn"},      /* SOA */
	{12, true, "n"},      /* PTR */
	{15, true, "2n"},     /* MX */
	{33, false, "6n"},    /* SRV */
	{39, false, "n"},     /* DNAME */
	{35, false, "4sssn"}, /* NAPTR */
	{3, true, "n"},	      /* MD */
	{4, true, "n"},	      /* MF */
	{7, true, "n"},	      /* MB */
	{8, true, "n"},	      /* MG */
	{9, true, "n"},	      /* MR */
	{14, true, "nn"},     /* MINFO */
	{17, false, "nn"},    /* RP */
	{18, false, "2n"},    /* AFSDB */
	{21, false, "2n"},    /* RT */
	{24, false, "99n"},   /* SIG */
	{26, false, "2nn"},   /* PX */
	{30, false, "n"},     /* NXT */
	{36, false, "2n"},    /* KX */
	{46, false, "99n"},   /* RRSIG */
	{47, false, "n"},     /* NSEC */
	{64, false, "2n"},    /* SVCB */
	{65, false, "2n"},    /* HTTPS */
};

static int put(struct rewrite *rewrite, const void *bytes, size_t length)
{
	if (length > sizeof(rewrite->out) - rewrite->length)
		return -EBADMSG;
	memcpy(rewrite->out + rewrite->length, bytes, length);
	rewrite->length += length;
	return 0;
}

static int put16(struct rewrite *rewrite, unsigned int value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	return put(rewrite, bytes, sizeof(bytes));
}

/* The offset of a name among those written, or 0. */
static uint16_t known(const struct rewrite *rewrite, const struct dns_name *name, uint32_t hash)
{
	for (size_t i = 0; i < rewrite->n_names; i++) {
		size_t offset = rewrite->names[i].offset;
		struct dns_name there;

		if (rewrite->names[i].hash == hash &&
			dns_read_name(rewrite->out, rewrite->length, &offset, &there) == 0 &&
			dns_same_name(&there, name))
			return rewrite->names[i].offset;
	}
	return 0;
}

static void remember(struct rewrite *rewrite, size_t offset, uint32_t hash)
{
	/* a pointer has 14 bits */
	if (rewrite->n_names == REWRITE_NAMES || offset >= 0x4000)
		return;
	rewrite->names[rewrite->n_names].hash = hash;
	rewrite->names[rewrite->n_names++].offset = (uint16_t)offset;
}

/* Label by label, until what is left has been written before. */
static int put_name(struct rewrite *rewrite, const struct dns_name *name, bool compress)
{
	struct dns_name rest = *name;
	size_t at = 0;

	while (name->wire[at] != 0) {
		const size_t label = 1U + name->wire[at];
		uint32_t hash = 0;

		if (compress) {
			uint16_t offset;

			rest.length = (uint8_t)(name->length - at);
			memcpy(rest.wire, name->wire + at, rest.length);
			hash = dns_hash(&rest, 0, 0);
			offset = known(rewrite, &rest, hash);
			if (offset != 0)
				return put16(rewrite, 0xc000U | offset);
			remember(rewrite, rewrite->length, hash);
		}
		if (put(rewrite, name->wire + at, label) < 0)
			return -EBADMSG;
		at += label;
	}
	return put(rewrite, "", 1);
}

static int copy_name(
	struct rewrite *rewrite, const uint8_t *message, size_t size, size_t *offset, bool compress)
{
	struct dns_name name;

	if (dns_read_name(message, size, offset, &name) < 0)
		return -EBADMSG;
	return put_name(rewrite, &name, compress);
}

static const char *parts_of(uint16_t type, bool *compress)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type) {
			*compress = layouts[i].compressed;
			return layouts[i].parts;
		}
	return "";
}

/* A record's data, whose names must end inside it. */
static int copy_data(struct rewrite *rewrite, const uint8_t *message, const struct record *record)
{
	size_t offset = record->data;
	const size_t end = offset + record->length;
	bool compress = false;

	for (const char *part = parts_of(record->type, &compress); *part != '\0'; part++) {
		size_t length;

		if (*part == 'n') {
			if (copy_name(rewrite, message, end, &offset, compress) < 0)
				return -EBADMSG;
			continue;
		}
		if (*part == 's')
			length = offset < end ? 1U + message[offset] : SIZE_MAX;
		else
			length = (size_t)(*part - '0');
		if (length > end - offset || put(rewrite, message + offset, length) < 0)
			return -EBADMSG;
		offset += length;
	}
	return put(rewrite, message + offset, end - offset);
}

static int copy_record(
	struct rewrite *rewrite, const uint8_t *message, size_t size, const struct record *record)
{
	size_t owner = record->owner, data;
	uint8_t head[10];

	if (copy_name(rewrite, message, size, &owner, true) < 0 || rewrite->n_ttls == REWRITE_TTLS)
		return -EBADMSG;
	rewrite->ttls[rewrite->n_ttls++] = (uint16_t)(rewrite->length + 4);
	dns_put16(head, record->type);
	dns_put16(head + 2, DNS_CLASS_IN);
	dns_put32(head + 4, record->ttl);
	dns_put16(head + 8, 0);
	if (put(rewrite, head, sizeof(head)) < 0)
		return -EBADMSG;
	data = rewrite->length;
	if (copy_data(rewrite, message, record) < 0)
		return -EBADMSG;
	dns_put16(rewrite->out + data - 2, (unsigned int)(rewrite->length - data));
	return 0;
}

static void put_head(struct rewrite *rewrite, const struct dns_question *question, unsigned int rcode)
{
	struct dns_name name = question->name;

	for (size_t i = 0; i < name.length; i++)
		name.wire[i] = dns_lower(name.wire[i]);
	memset(rewrite->out, 0, DNS_HEADER);
	dns_put16(rewrite->out + 2, rcode);
	dns_put16(rewrite->out + 4, 1);
	rewrite->length = DNS_HEADER;
	rewrite->n_ttls = 0;
	rewrite->n_names = 0;
	/* the first name, so written in full; it fits */
	(void)put_name(rewrite, &name, true);
	(void)put16(rewrite, question->type);
	(void)put16(rewrite, DNS_CLASS_IN);
}

int rewrite_message(struct rewrite *rewrite, const uint8_t *message, size_t size,
	const struct dns_question *question, unsigned int rcode, const struct record *records, size_t n)
{
	unsigned int counts[SECTIONS] = {0};

	put_head(rewrite, question, rcode);
	for (size_t i = 0; i < n; i++) {
		if (!records[i].kept)
			continue;
		if (copy_record(rewrite, message, size, &records[i]) < 0)
			return -EBADMSG;
		counts[records[i].section]++;
	}
	for (size_t section = 0; section < SECTIONS; section++)
		dns_put16(rewrite->out + 6 + 2 * section, counts[section]);
	return 0;
}
