/*
 * guard/audit/nflog.h: packets as a real kernel logged them (tests/fuzz/seeds/nflog/kernel-*), packets made
 * by hand, and every way of cutting them off. With an argument it writes those made by hand into that folder,
 * as seeds for the fuzzer.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "guard/audit/line.h"
#include "guard/audit/nflog.h"

static const char *seed_folder;

struct message {
	union {
		struct nlmsghdr header;
		char bytes[2048];
	};
};

static void begin(struct message *message)
{
	struct nfgenmsg *header;

	memset(message, 0, sizeof(*message));
	mnl_nlmsg_put_header(message)->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	header = mnl_nlmsg_put_extra_header(&message->header, sizeof(*header));
	header->nfgen_family = AF_INET;
}

static void write_seed(const char *name, const struct message *message)
{
	char path[200];
	FILE *file;

	if (seed_folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s", seed_folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(message, message->header.nlmsg_len, 1, file), 1);
	fclose(file);
}

/* Decodes a copy of the message in just as much memory, so that a sanitizer sees what is read behind it. */
static int decode(const struct message *message, struct nflog *nflog)
{
	struct nlmsghdr *copy = malloc(message->header.nlmsg_len);
	int ret;

	assert_non_null(copy);
	memcpy(copy, message, message->header.nlmsg_len);
	ret = nflog_decode(copy, nflog);
	free(copy);
	return ret;
}

/* "tcp 192.0.2.1 443": what is known of a packet. */
static const char *known(int ret, const struct nflog *nflog)
{
	static char text[200];
	char protocol[PROTOCOL_TEXT], address[PREFIX_TEXT];
	int used;

	if (ret < 0)
		return strerror(-ret);
	used = snprintf(text, sizeof(text), "%s %s", protocol_text(nflog->protocol, protocol),
		prefix_text(&nflog->destination, address));
	if (nflog->has_ports)
		used += snprintf(text + used, sizeof(text) - (size_t)used, " %u", nflog->port);
	if (nflog->has_type)
		used += snprintf(
			text + used, sizeof(text) - (size_t)used, " type %u/%u", nflog->type, nflog->code);
	if (nflog->later_fragment)
		snprintf(text + used, sizeof(text) - (size_t)used, " later");
	return text;
}

static size_t from_hex(const char *hex, uint8_t *bytes, size_t room)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		unsigned int byte;

		if (*hex == ' ')
			continue;
		assert_true(n < room);
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		bytes[n++] = (uint8_t)byte;
		hex++;
	}
	return n;
}

#define V4(protocol, fragment) "45000028 0001" fragment "40" protocol "0000 0a000001 c0000201 "
#define V6(next)	       "60000000 0014" next "40 fd000000000000000000000000000001 20010db8000000000000000000000007 "
#define PORTS		       "d431 01bb 00000000"

static const struct {
	const char *name, *packet, *known;
} packets[] = {
	{"tcp", V4("06", "0000") PORTS, "tcp 192.0.2.1 443"},
	{"udplite", V4("88", "0000") PORTS, "udplite 192.0.2.1 443"},
	{"sctp", V4("84", "0000") PORTS, "sctp 192.0.2.1 443"},
	{"dccp", V4("21", "0000") PORTS, "dccp 192.0.2.1 443"},
	{"gre", V4("2f", "0000") PORTS, "gre 192.0.2.1"},
	{"protocol-253", V4("fd", "0000") PORTS, "253 192.0.2.1"},
	{"icmp", V4("01", "0000") "0304", "icmp 192.0.2.1 type 3/4"},
	{"icmp-cut", V4("01", "0000") "03", "icmp 192.0.2.1"},
	{"ports-cut", V4("11", "0000") "d43101", "udp 192.0.2.1"},
	{"ports-only", V4("11", "0000") "d43101bb", "udp 192.0.2.1 443"},
	{"first-fragment", V4("11", "2000") PORTS, "udp 192.0.2.1 443"},
	{"later-fragment", V4("11", "2001") PORTS, "udp 192.0.2.1 later"},
	{"dont-fragment", V4("11", "4000") PORTS, "udp 192.0.2.1 443"},
	{"header-too-small", "44000028 00010000 40060000 0a000001 c0000201 " PORTS, "Bad message"},
	{"header-longest", "4f000060 00010000 40060000 0a000001 c0000201 " PORTS, "tcp 192.0.2.1"},
	{"version-5", "55000028 00010000 40060000 0a000001 c0000201 " PORTS, "Bad message"},
	{"v4-cut", "45000028 00010000 40060000 0a000001 c00002", "Bad message"},
	{"v6-tcp", V6("06") PORTS, "tcp 2001:db8::7 443"},
	{"v6-cut", "60000000 00140640 fd000000000000000000000000000001 20010db80000000000000000000000",
		"Bad message"},
	{"v6-icmp", V6("3a") "8000", "icmpv6 2001:db8::7 type 128/0"},
	{"v6-none", V6("3b") "", "59 2001:db8::7"},
	{"v6-esp", V6("32") PORTS, "esp 2001:db8::7"},
	{"v6-hop-by-hop", V6("00") "0600010400000000" PORTS, "tcp 2001:db8::7 443"},
	{"v6-long-option", V6("3c") "0601010c00000000 0000000000000000" PORTS, "tcp 2001:db8::7 443"},
	{"v6-routing", V6("2b") "1100040000000000" PORTS, "udp 2001:db8::7 443"},
	{"v6-ah", V6("33") "0601000000000000 00000000" PORTS, "tcp 2001:db8::7 443"},
	{"v6-first-fragment", V6("2c") "1100000100000007" PORTS, "udp 2001:db8::7 443"},
	{"v6-later-fragment", V6("2c") "1100000900000007" PORTS, "udp 2001:db8::7 later"},
	/* the fragment's next header is an extension, which is not there */
	{"v6-later-option", V6("2c") "3c00000900000007" PORTS, "60 2001:db8::7 later"},
	{"v6-option-cut", V6("3c") "06000104000000", "60 2001:db8::7"},
	{"v6-option-too-long", V6("3c") "06ff010400000000" PORTS, "tcp 2001:db8::7"},
	{"v6-eight-options",
		V6("3c") "3c00000000000000 3c00000000000000 3c00000000000000 3c00000000000000 "
			 "3c00000000000000 "
			 "3c00000000000000 3c00000000000000 0600000000000000" PORTS,
		"tcp 2001:db8::7 443"},
	{"v6-nine-options",
		V6("3c") "3c00000000000000 3c00000000000000 3c00000000000000 3c00000000000000 "
			 "3c00000000000000 "
			 "3c00000000000000 3c00000000000000 3c00000000000000 0600000000000000" PORTS,
		"60 2001:db8::7"},
};

static void make(struct message *message, const char *hex)
{
	uint8_t bytes[256];
	const size_t n = from_hex(hex, bytes, sizeof(bytes));

	begin(message);
	mnl_attr_put_strz(&message->header, NFULA_PREFIX, "refused");
	mnl_attr_put_u32(&message->header, NFULA_UID, htonl(1000));
	mnl_attr_put_u32(&message->header, NFULA_SEQ, htonl(7));
	mnl_attr_put(&message->header, NFULA_PAYLOAD, n, bytes);
}

static void packets_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(packets); i++) {
		struct message message;
		struct nflog nflog;
		int ret;

		make(&message, packets[i].packet);
		ret = decode(&message, &nflog);
		must(strcmp(known(ret, &nflog), packets[i].known) == 0, "'%s' is read as '%s', not '%s'",
			packets[i].name, known(ret, &nflog), packets[i].known);
		must(nflog.has_sequence && nflog.sequence == 7, "'%s': no sequence", packets[i].name);
		must(nflog.has_uid && nflog.uid == 1000, "'%s': no uid", packets[i].name);
		write_seed(packets[i].name, &message);
	}
}

static void packets_of_a_real_kernel(void **state)
{
	static const struct {
		const char *name, *known;
		enum why why;
	} rows[] = {
		{"tcp", "tcp 192.0.2.1 443", WHY_REFUSED},
		{"tcp6", "tcp 2001:db8::2 22", WHY_REFUSED},
		{"udp", "udp 192.0.2.1 53", WHY_REFUSED},
		{"udp-long", "udp 192.0.2.9 53", WHY_QUOTA},
		{"udp6", "udp 2001:db8::1 53", WHY_REFUSED},
		{"udp6-options", "udp 2001:db8::1 53", WHY_REFUSED},
		{"icmp6", "icmpv6 2001:db8::1 type 128/0", WHY_REFUSED},
		{"gre", "gre 192.0.2.1", WHY_REFUSED},
		{"fragment", "udp 192.0.2.1 later", WHY_REFUSED},
		{"ip-options", "udp 192.0.2.1 53", WHY_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct message message = {.bytes = ""};
		struct nflog nflog;
		char path[80];
		FILE *file;
		int ret;

		snprintf(path, sizeof(path), "tests/fuzz/seeds/nflog/kernel-%s", rows[i].name);
		file = fopen(path, "re");
		must(file != NULL, "%s is missing", path);
		assert_true(fread(message.bytes, 1, sizeof(message), file) == message.header.nlmsg_len);
		fclose(file);
		ret = decode(&message, &nflog);
		must(strcmp(known(ret, &nflog), rows[i].known) == 0, "'%s' is read as '%s', not '%s'",
			rows[i].name, known(ret, &nflog), rows[i].known);
		must(nflog.why == rows[i].why, "'%s': why is %d", rows[i].name, (int)nflog.why);
		must(nflog.has_uid && nflog.uid == 0 && nflog.has_sequence, "'%s': no uid or sequence",
			rows[i].name);
	}
}

/* Every message, cut off at every byte: read as less, or not at all, and never beyond its end. */
static void cut_off_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(packets); i++) {
		struct message message;

		make(&message, packets[i].packet);
		for (uint32_t length = message.header.nlmsg_len; length >= sizeof(struct nlmsghdr);
			length--) {
			struct nflog nflog;

			message.header.nlmsg_len = length;
			decode(&message, &nflog);
		}
	}
}

static void attributes_of_wrong_sizes(void **state)
{
	static const char longer[] =
		"refused and more than that, far more, so that it would not fit anywhere";
	struct message message;
	struct nflog nflog;

	(void)state;
	begin(&message);
	mnl_attr_put(&message.header, NFULA_UID, 2, "\1\2");
	mnl_attr_put(&message.header, NFULA_SEQ, 8, "\1\2\3\4\5\6\7\10");
	mnl_attr_put(&message.header, NFULA_PREFIX, 5, "limit");
	assert_int_equal(decode(&message, &nflog), -EBADMSG);
	assert_false(nflog.has_uid || nflog.has_sequence);
	/* without its NUL it is none of ours */
	assert_int_equal(nflog.why, WHY_REFUSED);
	write_seed("attributes-of-wrong-sizes", &message);

	begin(&message);
	mnl_attr_put(&message.header, NFULA_PREFIX, sizeof(longer), longer);
	mnl_attr_put(&message.header, NFULA_PAYLOAD, 0, "");
	assert_int_equal(decode(&message, &nflog), -EBADMSG);
	write_seed("no-payload", &message);

	/* an attribute that says it is longer than the message */
	make(&message, packets[0].packet);
	((struct nlattr *)(void *)(message.bytes + sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg)))
		->nla_len = 60000;
	assert_int_equal(decode(&message, &nflog), -EBADMSG);
	write_seed("attribute-too-long", &message);
}

static void other_messages(void **state)
{
	struct message message;
	struct nflog nflog;

	(void)state;
	make(&message, packets[0].packet);
	message.header.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	assert_int_equal(decode(&message, &nflog), -ENOMSG);
	message.header.nlmsg_type = NLMSG_ERROR;
	assert_int_equal(decode(&message, &nflog), -ENOMSG);
	begin(&message);
	mnl_attr_put_strz(&message.header, NFULA_PREFIX, "quota");
	assert_int_equal(decode(&message, &nflog), -EBADMSG);
	assert_int_equal(nflog.why, WHY_QUOTA);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_by_hand),
		cmocka_unit_test(packets_of_a_real_kernel),
		cmocka_unit_test(cut_off_messages),
		cmocka_unit_test(attributes_of_wrong_sizes),
		cmocka_unit_test(other_messages),
	};

	if (argc == 2)
		seed_folder = argv[1];
	return cmocka_run_group_tests_name("nflog", tests, NULL, NULL);
}
