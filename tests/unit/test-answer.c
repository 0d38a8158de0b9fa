/* guard/resolver/answer.h: what servers answer, and what goes on of it. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/resolver/answer.h"
#include "tests/unit/wire.h"

#define ID   0x4242
#define MOST 3600

static struct wire wire;
static struct answer_room *room;
static struct answer *answer;

static struct dns_question asked(const char *name, uint16_t type)
{
	struct dns_question question = {.type = type};

	assert_int_equal(dns_name_parse(name, &question.name), 0);
	return question;
}

/* What is made of the message, as an answer to www.example's question of the type. */
static enum answer_verdict read_as(uint16_t type)
{
	const struct dns_question question = asked("www.example", type);
	/* of just the right size, so that a byte too many is seen */
	uint8_t *copy = malloc(wire.n > 0 ? wire.n : 1);
	enum answer_verdict verdict;

	assert_non_null(copy);
	memcpy(copy, wire.bytes, wire.n);
	free(answer);
	answer = NULL;
	verdict = answer_read(room, copy, wire.n, &question, ID, false, MOST, &answer);
	free(copy);
	return verdict;
}

/* Its addresses as text. */
static const char *addresses(void)
{
	static char text[2000];
	char one[PREFIX_TEXT];

	text[0] = '\0';
	for (unsigned int i = 0; i < answer->n_addresses; i++) {
		const size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
			prefix_text(&answer_addresses(answer)[i], one));
	}
	return text;
}

static void begin(unsigned int answers, unsigned int authority, unsigned int additional)
{
	wire_head(&wire, ID, DNS_QR | DNS_RD | DNS_RA, 1, answers, authority, additional);
	wire_question(&wire, "www.example", DNS_A);
}

static void chains(void **state)
{
	(void)state;
	begin(1, 0, 0);
	wire_address(&wire, "@12", 300, "192.0.2.1");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_string_equal(addresses(), "192.0.2.1");
	assert_int_equal(answer->seconds, 300);
	/* along the chain, in whatever order; the least TTL counts */
	begin(5, 0, 0);
	wire_address(&wire, "c.example", 500, "192.0.2.1");
	wire_named(&wire, "B.example", DNS_CNAME, 40, "c.EXAMPLE");
	wire_address(&wire, "C.example", 500, "2001:db8::1");
	wire_named(&wire, "@12", DNS_CNAME, 400, "b.example");
	wire_address(&wire, "other.example", 1, "192.0.2.66");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_string_equal(addresses(), "192.0.2.1 2001:db8::1");
	assert_int_equal(answer->seconds, 40);
	/* and the stranger is gone */
	assert_int_equal(dns_get16(answer_message(answer) + 6), 4);
	/* an address of nobody's in the other sections opens nothing */
	begin(0, 1, 1);
	wire_named(&wire, "example", 2, 60, "ns.example");
	wire_address(&wire, "www.example", 60, "192.0.2.66");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->n_addresses, 0);
}

static void chains_that_go_round(void **state)
{
	char one[20], next[20];

	(void)state;
	begin(2, 0, 0);
	wire_named(&wire, "@12", DNS_CNAME, 60, "b.example");
	wire_named(&wire, "b.example", DNS_CNAME, 60, "www.example");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->n_addresses, 0);
	begin(1, 0, 0);
	wire_named(&wire, "@12", DNS_CNAME, 60, "@12");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	/* as long as it may be, and one longer, backwards, which is the hardest */
	for (unsigned int length = ANSWER_CHAIN_MAX - 1; length <= ANSWER_CHAIN_MAX; length++) {
		begin(length + 1, 0, 0);
		snprintf(one, sizeof(one), "n%u.example", length);
		wire_address(&wire, one, 60, "192.0.2.1");
		for (unsigned int i = length; i > 0; i--) {
			snprintf(one, sizeof(one), "n%u.example", i);
			snprintf(next, sizeof(next), "n%u.example", i - 1);
			wire_named(&wire, i == 1 ? "www.example" : next, DNS_CNAME, 60, one);
		}
		assert_int_equal(read_as(DNS_A), length < ANSWER_CHAIN_MAX ? ANSWER_GOOD : ANSWER_BAD);
	}
}

static void no_answers(void **state)
{
	(void)state;
	/* to somebody else */
	begin(0, 0, 0);
	dns_put16(wire.bytes, ID + 1);
	assert_int_equal(read_as(DNS_A), ANSWER_FOREIGN);
	begin(0, 0, 0);
	assert_int_equal(read_as(DNS_AAAA), ANSWER_FOREIGN);
	begin(0, 0, 0);
	wire.bytes[DNS_HEADER + 1] = 'x';
	assert_int_equal(read_as(DNS_A), ANSWER_FOREIGN);
	begin(0, 0, 0);
	wire.bytes[2] &= 0x7f;
	assert_int_equal(read_as(DNS_A), ANSWER_FOREIGN);
	begin(0, 0, 0);
	dns_put16(wire.bytes + 4, 2);
	assert_int_equal(read_as(DNS_A), ANSWER_FOREIGN);
	wire.n = 11;
	assert_int_equal(read_as(DNS_A), ANSWER_FOREIGN);
	/* in another case of letters: maybe a guess */
	begin(0, 0, 0);
	wire.bytes[DNS_HEADER + 1] = 'W';
	assert_int_equal(read_as(DNS_A), ANSWER_CASE);
	/* cut short, and what the rest says does not count */
	begin(1, 0, 0);
	wire.bytes[2] |= DNS_TC >> 8;
	assert_int_equal(read_as(DNS_A), ANSWER_TRUNCATED);
	/* servers that will not, or cannot */
	for (unsigned int rcode = 0; rcode < 16; rcode++) {
		begin(0, 0, 0);
		wire.bytes[3] = (uint8_t)(0x80 | rcode);
		assert_int_equal(read_as(DNS_A), rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN ? ANSWER_GOOD
						 : rcode == DNS_FORMERR || rcode == DNS_NOTIMP ? ANSWER_PLAIN
											       : ANSWER_BAD);
		wire_head(&wire, ID, (uint16_t)(DNS_QR | rcode), 0, 0, 0, 0);
		assert_int_equal(read_as(DNS_A), rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN
							 ? ANSWER_FOREIGN
						 : rcode == DNS_FORMERR || rcode == DNS_NOTIMP ? ANSWER_PLAIN
											       : ANSWER_BAD);
	}
	/* more of a status in OPT */
	begin(0, 0, 1);
	wire_record(&wire, "", DNS_TYPE_OPT, 0x01000000, "", 0);
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
}

static void lies(void **state)
{
	static const uint8_t soa[] = "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";

	(void)state;
	/* counts of what is not there */
	for (size_t count = 6; count < DNS_HEADER; count += 2) {
		begin(1, 0, 0);
		wire_address(&wire, "@12", 60, "192.0.2.1");
		dns_put16(wire.bytes + count, 65535);
		assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	}
	/* an address of the wrong length */
	begin(1, 0, 0);
	wire_record(&wire, "@12", DNS_A, 60, "\1\2\3\4\5", 5);
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	begin(1, 0, 0);
	wire_record(&wire, "@12", DNS_AAAA, 60, "\1\2\3\4", 4);
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	/* names in data that reach beyond it, or point forwards */
	begin(1, 0, 0);
	wire_record(&wire, "@12", DNS_CNAME, 60, "\3abc", 4);
	wire_bytes(&wire, "\0", 1);
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	begin(1, 0, 0);
	wire_named(&wire, "@12", 15, 60, "@500");
	assert_int_equal(read_as(15) == ANSWER_GOOD, false);
	begin(1, 0, 0);
	wire_record(&wire, "@12", 6, 60, soa, 4);
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	/* too many records */
	begin(ANSWER_RECORDS_MAX + 1, 0, 0);
	for (unsigned int i = 0; i <= ANSWER_RECORDS_MAX; i++)
		wire_address(&wire, "@12", 60, "192.0.2.1");
	assert_int_equal(read_as(DNS_A), ANSWER_BAD);
	begin(ANSWER_RECORDS_MAX, 0, 0);
	for (unsigned int i = 0; i < ANSWER_RECORDS_MAX; i++)
		wire_address(&wire, "@12", 60, "192.0.2.1");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->n_addresses, ANSWER_RECORDS_MAX);
	/* every length of a good one */
	begin(3, 1, 1);
	wire_named(&wire, "@12", DNS_CNAME, 60, "b.example");
	wire_address(&wire, "b.example", 60, "192.0.2.1");
	wire_record(&wire, "b.example", 16, 60, "\1x", 2);
	wire_record(&wire, "example", 6, 60, soa, sizeof(soa) - 1);
	wire_record(&wire, "", DNS_TYPE_OPT, 0, "", 0);
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	while (wire.n-- > DNS_HEADER + 17)
		must(read_as(DNS_A) == ANSWER_BAD, "cut to %zu", wire.n);
}

static void seconds(void **state)
{
	static const uint8_t soa[] = "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x2a";

	(void)state;
	/* nothing: RFC 2308, the lesser of the SOA's TTL and its last number */
	begin(0, 1, 0);
	wire_record(&wire, "example", DNS_SOA, 600, soa, sizeof(soa) - 1);
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->seconds, 42);
	assert_true(answer->exists);
	begin(0, 1, 0);
	wire.bytes[3] |= DNS_NXDOMAIN;
	wire_record(&wire, "example", DNS_SOA, 6, soa, sizeof(soa) - 1);
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->seconds, 6);
	assert_false(answer->exists);
	/* a chain that ends in nothing, and nothing without a SOA */
	begin(1, 0, 0);
	wire_named(&wire, "@12", DNS_CNAME, 60, "b.example");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->seconds, 0);
	/* not longer than we believe in; RFC 2181: above 2^31 is 0 */
	begin(1, 0, 0);
	wire_address(&wire, "@12", 86400, "192.0.2.1");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->seconds, MOST);
	assert_int_equal(dns_get32(answer_message(answer) + answer_ttls(answer)[0]), MOST);
	begin(1, 0, 0);
	wire_address(&wire, "@12", 0x80000000, "192.0.2.1");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	assert_int_equal(answer->seconds, 0);
}

/* The reply to a client, and its length. */
static size_t reply(const struct dns_asked *how, uint32_t age, size_t limit, uint8_t *out)
{
	const struct answer_view view = answer_view(answer);

	return answer_reply(&view, how, age, limit, out);
}

static void replies(void **state)
{
	struct dns_asked how = {.id = 7, .flags = DNS_RD | DNS_CD, .limit = 512};
	uint8_t out[DNS_MESSAGE];
	size_t length;

	(void)state;
	/* OPT, with options, between others: gone; what stands behind it is not lost */
	begin(1, 0, 2);
	wire.bytes[3] |= DNS_AD;
	wire_address(&wire, "@12", 60, "192.0.2.1");
	wire_record(&wire, "", DNS_TYPE_OPT, 0, "\0\12\0\2xy", 6);
	wire_address(&wire, "@12", 90, "192.0.2.2");
	assert_int_equal(read_as(DNS_A), ANSWER_GOOD);
	how.upper[0] = 0x02; /* the first letter */
	length = reply(&how, 61, 512, out);
	assert_int_equal(length, DNS_HEADER + 17 + 16 + 16);
	assert_memory_equal(out, "\0\7\x81\x90\0\1\0\1\0\0\0\1\3Www\7example\0\0\1\0\1", DNS_HEADER + 17);
	/* less its age, never below 0 */
	assert_memory_equal(out + DNS_HEADER + 17, "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1", 16);
	assert_memory_equal(out + DNS_HEADER + 33, "\xc0\x0c\0\1\0\1\0\0\0\x1d\0\4\xc0\0\2\2", 16);
	/* AD for those who know it */
	how.flags |= DNS_AD;
	reply(&how, 0, 512, out);
	assert_int_equal(dns_get16(out + 2), DNS_QR | DNS_RD | DNS_RA | DNS_AD | DNS_CD);
	/* an OPT of ours, empty */
	how.edns = true;
	length = reply(&how, 0, 512, out);
	assert_int_equal(length, DNS_HEADER + 17 + 32 + DNS_OPT);
	assert_int_equal(dns_get16(out + 10), 2);
	/* too long by one: cut to the question */
	assert_int_equal(reply(&how, 0, length - 1, out), DNS_HEADER + 17 + DNS_OPT);
	assert_true(dns_get16(out + 2) & DNS_TC);
	assert_memory_equal(out + 6, "\0\0\0\0\0\1", 6);
}

static void names_in_data(void **state)
{
	struct dns_asked how = {.limit = 512};
	uint8_t out[DNS_MESSAGE];
	struct wire again;
	const struct dns_question question = asked("www.example", 15);
	struct answer *second = NULL;

	(void)state;
	/* MX, SRV and NAPTR that are compressed in every way are read as the same after they were written
	 * anew */
	wire_head(&wire, ID, DNS_QR, 1, 3, 0, 0);
	wire_question(&wire, "www.example", 15);
	wire_record(&wire, "@12", 15, 60, "\0\5\4mail\xc0\x10", 9);
	wire_record(&wire, "@12", 33, 60, "\0\1\0\2\0\3\xc0\x0c", 8);
	wire_record(&wire, "@12", 35, 60, "\0\1\0\2\1U\3SIP\0\xc0\x10", 13);
	assert_int_equal(read_as(15), ANSWER_GOOD);
	/* the MX's target still ends in a pointer, the SRV's must not */
	again.n = reply(&how, 0, 512, out);
	must(memmem(out, again.n, "\4mail\xc0\x10", 7) != NULL, "the target of MX");
	must(memmem(out, again.n, "\0\1\0\2\0\3\3www\7example\0", 19) != NULL, "the target of SRV");
	must(memmem(out, again.n, "\1U\3SIP\0\7example\0", 16) != NULL, "the target of NAPTR");
	memcpy(again.bytes, out, again.n);
	dns_put16(again.bytes, ID);
	assert_int_equal(
		answer_read(room, again.bytes, again.n, &question, ID, false, MOST, &second), ANSWER_GOOD);
	assert_int_equal(second->length, answer->length);
	assert_memory_equal(answer_message(second), answer_message(answer), answer->length);
	free(second);
}

static int setup(void **state)
{
	(void)state;
	room = answer_room_new();
	return room == NULL;
}

static int teardown(void **state)
{
	(void)state;
	free(answer);
	free(room);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(chains_that_go_round),
		cmocka_unit_test(no_answers),
		cmocka_unit_test(lies),
		cmocka_unit_test(seconds),
		cmocka_unit_test(replies),
		cmocka_unit_test(names_in_data),
	};

	return cmocka_run_group_tests_name("answer", tests, setup, teardown);
}
