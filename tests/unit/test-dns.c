/* guard/resolver/dns.h: names and questions as they come from anybody. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "guard/resolver/dns.h"
#include "tests/unit/wire.h"

#define SEED 7

static struct wire wire;

/* The name at an offset as text, or NULL if it cannot be read. */
static const char *name_at(size_t offset, size_t *end)
{
	static char text[DNS_TEXT];
	struct dns_name name;
	bool odd;

	*end = offset;
	if (dns_read_name(wire.bytes, wire.n, end, &name) < 0)
		return NULL;
	assert_true(name.length <= DNS_NAME && name.wire[name.length - 1] == 0);
	return dns_name_text(&name, text, &odd) == 0 ? text : NULL;
}

static void names(void **state)
{
	static const struct {
		const char *before, *name, *reads; /* NULL: cannot be read */
	} rows[] = {
		{"", "", ""},
		{"", "a", "a"},
		{"", "A.Example.COM", "a.example.com"},
		{"example.com", "a@0", "a.example.com"},
		{"example.com", "@8", "com"},
		{"example.com", "@12", ""},
		{"example.com", "@0", "example.com"},
		/* a byte that is no label's beginning is read as one */
		{"example.com", "@1", NULL},
		/* to itself, forwards, past the end */
		{"", "@1", NULL},
		{"com", "@5", NULL},
		{"com", "a@5", NULL},
		{"com", "@6", NULL},
		{"com", "@16383", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t start, end;
		const char *text;

		wire.n = 0;
		wire_name(&wire, rows[i].before);
		start = wire.n;
		wire_name(&wire, rows[i].name);
		text = name_at(start, &end);
		must((text == NULL) == (rows[i].reads == NULL), "'%s' is read as '%s'", rows[i].name,
			text != NULL ? text : "(nothing)");
		if (text == NULL)
			continue;
		assert_string_equal(text, rows[i].reads);
		assert_int_equal(end, wire.n);
		/* less of it cannot be read */
		for (; wire.n > start; wire.n--)
			must(wire.n == end || name_at(start, &end) == NULL, "'%s' cut short", rows[i].name);
	}
}

static void pointers_that_go_round(void **state)
{
	size_t end;

	(void)state;
	/* two that point at each other, and a label that ends in a pointer to itself */
	wire.n = 0;
	wire_name(&wire, "@2");
	wire_name(&wire, "@0");
	assert_null(name_at(0, &end));
	assert_null(name_at(2, &end));
	wire.n = 0;
	wire_name(&wire, "abc@0");
	assert_null(name_at(0, &end));
	/* a chain of pointers, each before the last, is long but ends */
	wire.n = 0;
	wire_name(&wire, "com");
	for (unsigned int i = 0; i < 1000; i++)
		wire_16(&wire, 0xc000U | (i == 0 ? 0 : (unsigned int)wire.n - 2));
	assert_string_equal(name_at(wire.n - 2, &end), "com");
	/* kinds of label that were never used */
	wire.n = 0;
	wire_bytes(&wire, "\x41x\0", 3);
	assert_null(name_at(0, &end));
	wire.n = 0;
	wire_bytes(&wire, "\x81x\0", 3);
	assert_null(name_at(0, &end));
}

static void names_that_are_too_long(void **state)
{
	struct dns_name name;
	size_t end = 0, offset;

	(void)state;
	/* 127 labels of one letter: 255 octets */
	wire.n = 0;
	for (unsigned int i = 0; i < 127; i++)
		wire_bytes(&wire, "\1a", 2);
	wire_bytes(&wire, "", 1);
	assert_int_equal(dns_read_name(wire.bytes, wire.n, &end, &name), 0);
	assert_int_equal(name.length, 255);
	assert_int_equal(strlen(name_at(0, &end)), 253);
	/* one more, by a pointer */
	offset = wire.n;
	wire_name(&wire, "b@0");
	assert_null(name_at(offset, &end));
	/* 64 octets in a label are a kind of label */
	wire.n = 0;
	wire_bytes(&wire, "\x40", 1);
	wire_bytes(&wire, times("a", 64), 64);
	wire_bytes(&wire, "", 1);
	assert_null(name_at(0, &end));
}

static void names_as_text(void **state)
{
	struct dns_name name = {.length = 0};
	char text[DNS_TEXT];
	bool odd;

	(void)state;
	assert_int_equal(dns_name_parse("db-1._tcp.example.com", &name), 0);
	assert_int_equal(dns_name_text(&name, text, &odd), 0);
	assert_string_equal(text, "db-1._tcp.example.com");
	assert_false(odd);
	assert_int_equal(dns_name_parse("", &name), 0);
	assert_int_equal(name.length, 1);
	assert_int_equal(dns_name_parse("a..b", &name), -EINVAL);
	assert_int_equal(dns_name_parse(times("a", 64), &name), -EINVAL);
	assert_int_equal(dns_name_parse(times("a.", 127), &name), 0);
	assert_int_equal(dns_name_parse(times("a.", 128), &name), -EINVAL);
	/* what would break a line, or read as another name */
	name = (struct dns_name){.length = 7, .wire = "\5a\n\x1b\xff*"};
	assert_int_equal(dns_name_text(&name, text, &odd), 0);
	assert_string_equal(text, "a????");
	assert_true(odd);
	name = (struct dns_name){.length = 5, .wire = "\3a.b"};
	assert_int_equal(dns_name_text(&name, text, &odd), -EBADMSG);
	name = (struct dns_name){.length = 5, .wire = "\3a\0b"};
	assert_int_equal(dns_name_text(&name, text, &odd), -EBADMSG);
}

#define GOOD 0
#define DROP (-EBADMSG)

static void opt(const void *options, size_t length)
{
	wire_name(&wire, "");
	wire_16(&wire, DNS_TYPE_OPT);
	wire_16(&wire, 4096);
	wire_16(&wire, 0);
	wire_16(&wire, 0x8000);
	wire_16(&wire, (unsigned int)length);
	wire_bytes(&wire, options, length);
}

static void questions(void **state)
{
	static const struct {
		uint16_t flags;
		unsigned int counts[4];
		const char *name;
		unsigned int type, class;
		const char *rest; /* o: an OPT record, O: one with an option, b: one with a broken option, x:
				     a byte */
		int reads;
	} rows[] = {
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_A, 1, "", GOOD},
		{0, {1, 0, 0, 0}, "", 2, 1, "", GOOD},
		{DNS_RD, {1, 0, 0, 1}, "a.example", DNS_A, 1, "o", GOOD},
		{DNS_RD, {1, 0, 0, 1}, "a.example", DNS_A, 1, "O", GOOD},
		{DNS_RD | DNS_TC | DNS_AA, {1, 0, 0, 0}, "a.example", DNS_A, 1, "", GOOD},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_ANY, 1, "", GOOD},
		{DNS_QR, {1, 0, 0, 0}, "a.example", DNS_A, 1, "", DROP},
		{0x0800, {1, 0, 0, 0}, "a.example", DNS_A, 1, "", DNS_NOTIMP},
		{0x2800, {1, 0, 0, 0}, "a.example", DNS_A, 1, "", DNS_NOTIMP},
		{DNS_RD, {0, 0, 0, 0}, "a.example", DNS_A, 1, "", DNS_FORMERR},
		{DNS_RD, {2, 0, 0, 0}, "a.example", DNS_A, 1, "", DNS_FORMERR},
		{DNS_RD, {1, 1, 0, 0}, "a.example", DNS_A, 1, "o", DNS_FORMERR},
		{DNS_RD, {1, 0, 1, 0}, "a.example", DNS_A, 1, "o", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 2}, "a.example", DNS_A, 1, "oo", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 1}, "a.example", DNS_A, 1, "", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 1}, "a.example", DNS_A, 1, "b", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 1}, "a.example", DNS_A, 1, "ox", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_A, 1, "x", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 0}, "a@12", DNS_A, 1, "", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 0}, "a.example", 0, 1, "", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_TYPE_OPT, 1, "", DNS_FORMERR},
		{DNS_RD, {1, 0, 0, 0}, "a.example", 252, 1, "", DNS_NOTIMP},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_TSIG, 1, "", DNS_NOTIMP},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_TXT, 3, "", DNS_REFUSED},
		{DNS_RD, {1, 0, 0, 0}, "a.example", DNS_A, 255, "", DNS_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_query query;
		int ret;

		wire_head(&wire, 77, rows[i].flags, rows[i].counts[0], rows[i].counts[1], rows[i].counts[2],
			rows[i].counts[3]);
		wire_question(&wire, rows[i].name, rows[i].type);
		dns_put16(wire.bytes + wire.n - 2, rows[i].class);
		for (const char *rest = rows[i].rest; *rest != '\0'; rest++)
			if (*rest == 'x')
				wire_bytes(&wire, "x", 1);
			else if (*rest == 'o')
				opt("", 0);
			else
				opt(*rest == 'O' ? "\0\12\0\2xy" : "\0\12\0\3xy", 6);
		ret = dns_read_query(wire.bytes, wire.n, SEED, &query);
		must(ret == rows[i].reads, "row %zu: %d, not %d", i, ret, rows[i].reads);
		if (ret != DROP)
			assert_int_equal(query.asked.id, 77);
		if (ret != GOOD)
			continue;
		/* nothing shorter is a question, or harms */
		while (wire.n-- > 0)
			must(dns_read_query(wire.bytes, wire.n, SEED, &query) != GOOD, "row %zu cut to %zu",
				i, wire.n);
	}
}

static void capitals_come_back(void **state)
{
	static const char name[] = "a.ExAMPLE-9z.cOM";
	struct dns_query query;
	uint8_t out[DNS_STATUS_MAX];
	size_t length;

	(void)state;
	wire_head(&wire, 1, DNS_RD, 1, 0, 0, 1);
	wire_question(&wire, name, DNS_A);
	opt("", 0);
	assert_int_equal(dns_read_query(wire.bytes, wire.n, SEED, &query), 0);
	assert_int_equal(query.asked.limit, DNS_UDP_MAX);
	assert_true(query.asked.edns && query.asked.dnssec);
	length = dns_write_status(&query.question, &query.asked, DNS_REFUSED, DNS_EDE_FILTERED, "why", out);
	assert_memory_equal(out + DNS_HEADER, wire.bytes + DNS_HEADER, query.question.name.length + 4U);
	assert_int_equal(dns_get16(out + 2), DNS_QR | DNS_RD | DNS_RA | DNS_REFUSED);
	assert_memory_equal(out + length - 9, "\0\17\0\5\0\21why", 9);
	/* in its own words for those who cannot read more */
	query.asked.edns = false;
	length = dns_write_status(&query.question, &query.asked, DNS_REFUSED, DNS_EDE_FILTERED, "why", out);
	assert_int_equal(length, DNS_HEADER + query.question.name.length + 4U);
	assert_int_equal(dns_get16(out + 10), 0);
}

static void what_is_asked_of_servers(void **state)
{
	struct dns_question question = {.type = DNS_AAAA};
	uint8_t out[DNS_QUERY_MAX];
	size_t length;

	(void)state;
	assert_int_equal(dns_name_parse("example.com", &question.name), 0);
	length = dns_write_query(&question, 0x1234, true, true, out);
	assert_int_equal(length, DNS_HEADER + 13 + 4 + DNS_OPT);
	assert_memory_equal(out,
		"\x12\x34\x01\x20\0\1\0\0\0\0\0\1\7example\3com\0\0\x1c\0\1\0\0\x29\x04\xd0\0\0\x80\0\0\0",
		length);
	length = dns_write_query(&question, 0x1234, false, false, out);
	assert_int_equal(length, DNS_HEADER + 13 + 4);
	assert_int_equal(dns_get16(out + 10), 0);
}

static void the_proof(void **state)
{
	struct dns_query query = {.question.type = DNS_TXT, .asked = {.id = 9, .flags = DNS_RD}};
	uint8_t out[DNS_STATUS_MAX];
	size_t length;

	(void)state;
	assert_int_equal(dns_name_parse("secure-init.invalid", &query.question.name), 0);
	length = dns_write_proof(&query, "here", out);
	assert_memory_equal(out + length - 5, "\4here", 5);
	assert_int_equal(dns_get16(out + 6), 1);
	query.question.type = DNS_A;
	length = dns_write_proof(&query, "here", out);
	assert_int_equal(dns_get16(out + 6), 0);
	assert_int_equal(length, DNS_HEADER + query.question.name.length + 4U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(pointers_that_go_round),
		cmocka_unit_test(names_that_are_too_long),
		cmocka_unit_test(names_as_text),
		cmocka_unit_test(questions),
		cmocka_unit_test(capitals_come_back),
		cmocka_unit_test(what_is_asked_of_servers),
		cmocka_unit_test(the_proof),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
