/*
 * verify/decode.h: rules of ours as the kernel dumps them come back as they were, and a message that is none,
 * or not all there, is odd. With an argument it writes its messages into that folder, as seeds for the
 * fuzzer.
 */
#include "tests/unit/unit.h"

#include "tests/unit/rule-message.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

static void our_rules_come_back_as_they_were(void **state)
{
	const struct rule rows[] = {
		{.family = AF_INET, .chain = CHAIN_INPUT, .loopback = 1},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .loopback = 1},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .loopback = 1, .local = LOCAL_RECEIVER},
		{.family = AF_INET, .chain = CHAIN_INPUT, .states = STATE_ESTABLISHED | STATE_RELATED},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .states = STATE_ESTABLISHED},
		{.family = AF_INET6, .chain = CHAIN_INPUT, .protocol = IPPROTO_ICMPV6, .icmp6type = 135},
		{.family = AF_INET,
			.chain = CHAIN_OUTPUT,
			.peer = prefix("192.0.2.53"),
			.protocol = IPPROTO_UDP,
			.dport = 53},
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.peer = prefix("2001:db8::53"),
			.protocol = IPPROTO_TCP,
			.dport = 53},
		{.family = AF_INET,
			.chain = CHAIN_OUTPUT,
			.protocol = IPPROTO_UDP,
			.dport = 53,
			.user = USER_ROOT},
		{.family = AF_INET, .chain = CHAIN_INPUT, .peer = prefix("172.17.0.0/16")},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .peer = prefix("172.16.0.0/13")},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .peer = prefix("128.0.0.0/1")},
		{.family = AF_INET6, .chain = CHAIN_INPUT, .peer = prefix("fd00::/64")},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .peer = prefix("2001:db8::/33")},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .set = SET_ANY4 + 1},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP, .set = SET_ANY6 + 1},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP, .set = SET_PORTS4 + 1},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .set = SET_PORTS6 + 1},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .dport = 65535},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT},
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.protocol = IPPROTO_TCP,
			.verdict = VERDICT_RESET},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .verdict = VERDICT_RESET},
		{.family = AF_INET, .chain = CHAIN_FORWARD},
		/* who comes in: the peer is the source, the port ours */
		{.family = AF_INET,
			.chain = CHAIN_INPUT,
			.protocol = IPPROTO_TCP,
			.set = SET_OF(LIST_INBOUND, SET_ANY4) + 1},
		{.family = AF_INET6,
			.chain = CHAIN_INPUT,
			.protocol = IPPROTO_UDP,
			.set = SET_OF(LIST_INBOUND, SET_PORTS6) + 1},
		/* what is blocked, either way */
		{.family = AF_INET,
			.chain = CHAIN_INPUT,
			.set = SET_OF(LIST_BLOCKED, SET_ANY4) + 1,
			.verdict = VERDICT_REJECT},
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.protocol = IPPROTO_TCP,
			.set = SET_OF(LIST_BLOCKED, SET_PORTS6) + 1,
			.verdict = VERDICT_RESET},
		/* the guard's own way to DNS, and what it is told */
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.peer = prefix("2001:db8::53"),
			.protocol = IPPROTO_TCP,
			.dport = 53,
			.user = USER_GUARD},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .peer = prefix("127.0.0.11"), .user = USER_GUARD},
		{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_LOG},
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.local = LOCAL_NOT_SENDER,
			.verdict = VERDICT_REJECT},
		{.family = AF_INET6,
			.chain = CHAIN_OUTPUT,
			.protocol = IPPROTO_UDP,
			.set = SET_OF(LIST_BLOCKED, SET_PORTS6) + 1,
			.verdict = VERDICT_LOG},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message message;
		struct decoded decoded;
		char name[40], text[RULE_TEXT];

		rule_whole(&message, &rows[i], UINT64_C(0x0102030405060708) + i);
		snprintf(name, sizeof(name), "ours-%zu", i);
		decoded = rule_decode(name, &message);
		rule_text(&rows[i], text);
		must(decoded.odd == NULL, "'%s' is odd: %s", text, decoded.odd);
		must(memcmp(&decoded.rule, &rows[i], sizeof(rows[i])) == 0, "'%s' comes back as another rule",
			text);
		must(decoded.packets == UINT64_C(0x0102030405060708) + i, "'%s': %llu packets", text,
			(unsigned long long)decoded.packets);
	}
}

/* What iptables-nft 1.8.9 wrote into a kernel 6.18, as that kernel dumped it. */
static void rules_of_a_real_kernel(void **state)
{
	static const uint16_t index[SETS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
	static const char *const rows[] = {
		"-A INPUT -i lo -j ACCEPT",
		"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		NULL, /* of 172.17.0.0/16 it compares just the first two bytes, which we never do */
		"-A OUTPUT -o lo -j ACCEPT",
		"-A OUTPUT -d 192.0.2.53 -p udp --dport 53 -j ACCEPT",
		"-A OUTPUT -p tcp --dport 53 -m owner --uid-owner 0 -j ACCEPT",
		"-A OUTPUT -p tcp --dport 22 -j ACCEPT",
		"-A OUTPUT -p tcp -m set --match-set allowed-domains dst -j ACCEPT",
		"-A OUTPUT -p udp -m set --match-set allowed-ports dst,dst -j ACCEPT",
		"-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited",
		"-A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT",
		NULL,
		"-A OUTPUT -p tcp -m set --match-set allowed-ports6 dst,dst -j ACCEPT",
		"-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset",
		"-A OUTPUT -j REJECT --reject-with icmp6-adm-prohibited",
		"-A INPUT -p tcp -m set --match-set inbound-hosts src -j ACCEPT",
		"-A INPUT -p udp -m set --match-set inbound-ports src,dst -j ACCEPT",
		"-A INPUT -m set --match-set blocked-domains src -j REJECT --reject-with "
		"icmp-admin-prohibited",
		NULL, /* "dst,dst" in INPUT: who comes to us, not from whom */
		"-A INPUT -p tcp -m set --match-set inbound-ports6 src,dst -j ACCEPT",
	};

	(void)state;
	for (unsigned int i = 0; i < LENGTH(rows); i++) {
		struct rule_message message;
		struct decoded decoded;
		char path[100], text[RULE_TEXT];
		FILE *file;
		size_t length;

		snprintf(path, sizeof(path), "tests/fuzz/seeds/decode/kernel-%02u", i);
		file = fopen(path, "re");
		must(file != NULL, "%s is not there; run me in the folder of the Makefile", path);
		length = fread(message.bytes, 1, sizeof(message.bytes), file);
		fclose(file);
		assert_int_equal(message.header.nlmsg_len, length);
		decode_rule(&message.header, index, &decoded);
		if (rows[i] == NULL) {
			must(decoded.odd != NULL, "%s is not odd", path);
			continue;
		}
		must(decoded.odd == NULL, "%s, '%s', is odd: %s", path, rows[i], decoded.odd);
		assert_string_equal(rule_text(&decoded.rule, text), rows[i]);
	}
}

static void chains(void **state)
{
	static const char *const rows[] = {"", "OUTPU", "OUTPUT2", "output", "FORWARDS", "DOCKER"};
	struct rule_message message;
	struct decoded decoded;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char name[40];

		rule_begin(&message, NFPROTO_IPV4, rows[i]);
		put_verdict(&message, NF_ACCEPT, NULL);
		rule_end(&message);
		snprintf(name, sizeof(name), "chain-%zu", i);
		decoded = rule_decode(name, &message);
		must(decoded.odd != NULL, "chain '%s'", rows[i]);
	}
}

/* A table of family inet sees both; its rules are none of IPv6 alone. */
static void families_that_we_have_no_table_of(void **state)
{
	static const uint8_t rows[] = {
		NFPROTO_UNSPEC, NFPROTO_INET, NFPROTO_ARP, NFPROTO_NETDEV, NFPROTO_BRIDGE, 255};
	struct rule_message message;
	struct decoded decoded;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char name[40];

		rule_begin(&message, rows[i], "OUTPUT");
		put_counter(&message, 1, 60);
		put_verdict(&message, NF_ACCEPT, NULL);
		rule_end(&message);
		snprintf(name, sizeof(name), "family-%u", rows[i]);
		decoded = rule_decode(name, &message);
		must(decoded.odd != NULL, "family %u is read as %u", rows[i], decoded.rule.family);
	}
}

/* A whole rule, cut at every byte: nothing beyond is read, and never is less than the whole taken for a rule.
 */
static void cut_off_messages(void **state)
{
	const struct rule rule = {.family = AF_INET,
		.chain = CHAIN_OUTPUT,
		.peer = prefix("172.17.0.0/16"),
		.protocol = IPPROTO_TCP,
		.dport = 22,
		.set = SET_ANY4 + 1};
	struct rule_message message;
	uint32_t length;

	(void)state;
	rule_whole(&message, &rule, 1);
	length = message.header.nlmsg_len;
	for (uint32_t cut = sizeof(struct nlmsghdr); cut < length; cut++) {
		struct decoded decoded;

		message.header.nlmsg_len = cut;
		decoded = rule_decode("cut-off", &message);
		must(decoded.odd != NULL, "cut at %u of %u", cut, length);
	}
}

/* The same for the list of expressions alone: it is shorter than what it holds. */
static void cut_off_nests(void **state)
{
	const struct rule rule = {.family = AF_INET,
		.chain = CHAIN_OUTPUT,
		.peer = prefix("172.17.0.0/16"),
		.protocol = IPPROTO_TCP,
		.dport = 22};
	struct rule_message message;
	uint16_t length;

	(void)state;
	rule_whole(&message, &rule, 1);
	length = message.expressions->nla_len;
	for (uint16_t cut = sizeof(struct nlattr); cut < length; cut++) {
		struct decoded decoded;

		message.expressions->nla_len = cut;
		decoded = rule_decode("cut-off-nest", &message);
		must(decoded.odd != NULL, "cut at %u of %u", cut, length);
	}
}

/* And bytes behind the last expression that are none. */
static void rubbish_behind_the_last_expression(void **state)
{
	struct rule_message message;
	struct decoded decoded;
	struct nlattr *rubbish;

	(void)state;
	rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
	put_counter(&message, 1, 60);
	put_verdict(&message, NF_ACCEPT, NULL);
	rubbish = mnl_nlmsg_get_payload_tail(&message.header);
	mnl_attr_put_u32(&message.header, NFTA_LIST_ELEM, 0);
	rubbish->nla_len = 2;
	rule_end(&message);
	decoded = rule_decode("rubbish-behind", &message);
	assert_non_null(decoded.odd);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_rules_come_back_as_they_were),
		cmocka_unit_test(rules_of_a_real_kernel),
		cmocka_unit_test(chains),
		cmocka_unit_test(families_that_we_have_no_table_of),
		cmocka_unit_test(cut_off_messages),
		cmocka_unit_test(cut_off_nests),
		cmocka_unit_test(rubbish_behind_the_last_expression),
	};

	if (argc == 2)
		rule_seed_folder = argv[1];
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
