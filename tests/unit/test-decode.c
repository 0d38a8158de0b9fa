/*
 * verify/decode.h: rules as the kernel dumps them, and dumps of rules that are not ours, each bent in one
 * way. The judge is what the kernel would do with the rule: whatever it does otherwise must be odd, or read
 * as another rule. With an argument it writes its messages into that folder instead, as seeds for the fuzzer.
 */
#include "tests/unit/unit.h"

#include "tests/unit/rule-message.h"
#include "verify/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

static const char *seed_folder;

static void write_seed(const char *name, const struct rule_message *message)
{
	char path[500];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", seed_folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(
		fwrite(message->bytes, 1, message->header.nlmsg_len, file), message->header.nlmsg_len);
	assert_int_equal(fclose(file), 0);
}

/* Decodes a copy in just as much memory, so that ASan sees one byte more. */
static struct decoded decode(const char *name, const struct rule_message *message)
{
	const size_t length = message->header.nlmsg_len;
	struct nlmsghdr *copy = malloc(length);
	struct decoded decoded;

	assert_non_null(copy);
	if (seed_folder != NULL)
		write_seed(name, message);
	memcpy(copy, message->bytes, length);
	memset(&decoded, 0xa5, sizeof(decoded));
	decode_rule(copy, rule_message_index, &decoded);
	free(copy);
	return decoded;
}

static struct prefix prefix(const char *text)
{
	struct prefix it;

	must(prefix_parse(text, &it, NULL) == 0, "'%s' is no prefix", text);
	return it;
}

static void our_rules_come_back_as_they_were(void **state)
{
	const struct rule rows[] = {
		{.family = AF_INET, .chain = CHAIN_INPUT, .loopback = 1},
		{.family = AF_INET6, .chain = CHAIN_OUTPUT, .loopback = 1},
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
			.by_root = 1},
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
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message message;
		struct decoded decoded;
		char name[40], text[RULE_TEXT];

		rule_whole(&message, &rows[i], UINT64_C(0x0102030405060708) + i);
		snprintf(name, sizeof(name), "ours-%zu", i);
		decoded = decode(name, &message);
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
	static const uint16_t index[SETS] = {0, 1, 2, 3};
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

/* Rules that are bent: each function writes the expressions of one, before its counter and verdict. */
#define IP4 prefix("10.0.0.0").addr

static const uint8_t zeros[16],
	ones[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static void load_peer(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG_1);
}

static void load_port(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
}

static void unknown_expression(struct rule_message *m)
{
	put_name(m, "lookup");
}

static void name_that_starts_like_ours(struct rule_message *m)
{
	put_name(m, "metadata");
}

static void expression_without_a_name(struct rule_message *m)
{
	mnl_attr_nest_end(&m->header, mnl_attr_nest_start(&m->header, NFTA_LIST_ELEM));
}

static void native_ct(struct rule_message *m)
{
	put_name(m, "ct");
}

static void mark(struct rule_message *m)
{
	put_meta(m, NFT_META_MARK, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, ones, 4);
}

static void wrong_way_interface(struct rule_message *m)
{
	put_meta(m, NFT_META_IIFNAME, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "lo", 3);
}

static void interface_that_starts_with_lo(struct rule_message *m)
{
	put_meta(m, NFT_META_OIFNAME, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "lo", 2);
}

static void interface_eth0(struct rule_message *m)
{
	put_meta(m, NFT_META_OIFNAME, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "eth0", 5);
}

static void interface_l0(struct rule_message *m)
{
	put_meta(m, NFT_META_OIFNAME, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "l0", 3);
}

static void other_register(struct rule_message *m)
{
	put_meta(m, NFT_META_OIFNAME, NFT_REG_2);
	put_cmp(m, NFT_CMP_EQ, "lo", 3);
}

static void not_lo(struct rule_message *m)
{
	put_meta(m, NFT_META_OIFNAME, NFT_REG_1);
	put_cmp(m, NFT_CMP_NEQ, "lo", 3);
}

static void port_below(struct rule_message *m)
{
	load_port(m);
	put_cmp(m, NFT_CMP_LTE, "\0\x35", 2);
}

static void load_without_compare(struct rule_message *m)
{
	load_port(m);
}

static void compare_without_load(struct rule_message *m)
{
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void compare_twice(struct rule_message *m)
{
	load_port(m);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void source_port(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void source_address(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

static void half_an_address(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_NETWORK_HEADER, 16, 2, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, IP4, 2);
}

static void address_of_the_link(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_LL_HEADER, 16, 4, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

static void mask_with_a_hole(struct rule_message *m)
{
	load_peer(m);
	put_bitwise(m, "\xff\x00\xff\x00", zeros, 4);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

static void mask_that_flips(struct rule_message *m)
{
	load_peer(m);
	put_bitwise(m, "\xff\xff\xff\x00", "\0\0\0\1", 4);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

static void mask_of_another_size(struct rule_message *m)
{
	load_peer(m);
	put_bitwise(m, ones, zeros, 8);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

static void mask_of_a_port(struct rule_message *m)
{
	load_port(m);
	put_bitwise(m, ones, zeros, 4);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void mask_of_nothing(struct rule_message *m)
{
	put_bitwise(m, ones, zeros, 4);
}

static void bits_outside_the_mask(struct rule_message *m)
{
	load_peer(m);
	put_bitwise(m, "\xff\xff\xff\x00", zeros, 4);
	put_cmp(m, NFT_CMP_EQ, "\x0a\0\0\1", 4);
}

static void two_addresses(struct rule_message *m)
{
	load_peer(m);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
	load_peer(m);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

/* The kernel applies both masks: of 10.0.0.0/16 would be read 10.0.0.0/24. */
static void two_masks(struct rule_message *m)
{
	load_peer(m);
	put_bitwise(m, "\xff\xff\x00\x00", zeros, 4);
	put_bitwise(m, "\xff\xff\xff\x00", zeros, 4);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

/* Two questions about one thing have the answer no, always: such a rule never matches. */
static void two_protocols(struct rule_message *m)
{
	put_meta(m, NFT_META_L4PROTO, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "\x11", 1);
	put_meta(m, NFT_META_L4PROTO, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, "\x06", 1);
}

static void two_ports(struct rule_message *m)
{
	load_port(m);
	put_cmp(m, NFT_CMP_EQ, "\0\x16", 2);
	load_port(m);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void protocol_zero(struct rule_message *m)
{
	put_meta(m, NFT_META_L4PROTO, NFT_REG_1);
	put_cmp(m, NFT_CMP_EQ, zeros, 1);
}

static void port_zero(struct rule_message *m)
{
	load_port(m);
	put_cmp(m, NFT_CMP_EQ, zeros, 2);
}

static void put_states(struct rule_message *m, uint16_t mask, uint16_t invert, uint16_t flags)
{
	const struct xt_conntrack_mtinfo3 info = {
		.match_flags = flags, .invert_flags = invert, .state_mask = mask};

	put_xt(m, "match", "conntrack", 3, &info, sizeof(info));
}

static void two_states_apart(struct rule_message *m)
{
	put_states(m, 2, 0, XT_CONNTRACK_STATE);
	put_states(m, 4, 0, XT_CONNTRACK_STATE);
}

static void state_new(struct rule_message *m)
{
	put_states(m, 8, 0, XT_CONNTRACK_STATE);
}

static void state_new_too(struct rule_message *m)
{
	put_states(m, 2 | 8, 0, XT_CONNTRACK_STATE);
}

static void state_other_than(struct rule_message *m)
{
	put_states(m, 2, XT_CONNTRACK_STATE, XT_CONNTRACK_STATE);
}

static void state_of_none(struct rule_message *m)
{
	put_states(m, 0, 0, XT_CONNTRACK_STATE);
}

static void conntrack_protocol(struct rule_message *m)
{
	put_states(m, 2, 0, XT_CONNTRACK_PROTO);
}

static void conntrack_revision_2(struct rule_message *m)
{
	const struct xt_conntrack_mtinfo3 info = {.match_flags = XT_CONNTRACK_STATE, .state_mask = 2};

	put_xt(m, "match", "conntrack", 2, &info, sizeof(info));
}

static void conntrack_cut_off(struct rule_message *m)
{
	put_xt(m, "match", "conntrack", 3, ones, 8);
}

static void put_set(struct rule_message *m, ip_set_id_t index, uint8_t dim, uint8_t flags, uint32_t more)
{
	const struct xt_set_info_match_v4 info = {
		.match_set = {.index = index, .dim = dim, .flags = flags}, .flags = more};

	put_xt(m, "match", "set", 4, &info, sizeof(info));
}

static void set_not_ours(struct rule_message *m)
{
	put_set(m, 4711, 1, 0, 0);
}

static void set_of_the_other_family(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_ANY6], 1, 0, 0);
}

static void set_of_another_dimension(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_ANY4], 2, 0, 0);
}

static void set_by_source(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_ANY4], 1, IPSET_DIM_ONE_SRC, 0);
}

static void set_inverted(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_ANY4], 1, IPSET_INV_MATCH, 0);
}

static void set_without_counters(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_ANY4], 1, 0, 1);
}

static void two_sets(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_PORTS4], 2, 0, 0);
	put_set(m, rule_message_index[SET_ANY4], 1, 0, 0);
}

static void put_owner(struct rule_message *m, uint32_t min, uint32_t max, uint8_t match, uint8_t invert)
{
	const struct xt_owner_match_info info = {
		.uid_min = min, .uid_max = max, .match = match, .invert = invert};

	put_xt(m, "match", "owner", 1, &info, sizeof(info));
}

static void owner_anybody(struct rule_message *m)
{
	put_owner(m, 0, UINT32_MAX, XT_OWNER_UID, 0);
}

static void owner_agent(struct rule_message *m)
{
	put_owner(m, 1000, 1000, XT_OWNER_UID, 0);
}

static void owner_but_root(struct rule_message *m)
{
	put_owner(m, 0, 0, XT_OWNER_UID, XT_OWNER_UID);
}

static void owner_group(struct rule_message *m)
{
	put_owner(m, 0, 0, XT_OWNER_GID, 0);
}

static void put_icmp6(struct rule_message *m, uint8_t type, uint8_t low, uint8_t high, uint8_t invert)
{
	const struct ip6t_icmp info = {.type = type, .code = {low, high}, .invflags = invert};

	put_xt(m, "match", "icmp6", 0, &info, sizeof(info));
}

static void icmp6_but_one(struct rule_message *m)
{
	put_icmp6(m, 135, 0, 255, IP6T_ICMP_INV);
}

static void icmp6_one_code(struct rule_message *m)
{
	put_icmp6(m, 135, 0, 0, 0);
}

static void two_icmp6(struct rule_message *m)
{
	put_icmp6(m, 135, 0, 255, 0);
	put_icmp6(m, 136, 0, 255, 0);
}

static void unknown_match(struct rule_message *m)
{
	put_xt(m, "match", "statistic", 0, zeros, 16);
}

static void match_without_info(struct rule_message *m)
{
	put_name(m, "match");
}

static void verdict_before(struct rule_message *m)
{
	put_verdict(m, NF_ACCEPT, NULL);
}

static void counter_of_nothing(struct rule_message *m)
{
	put_name(m, "counter");
}

static void compare_with_nothing(struct rule_message *m)
{
	load_port(m);
	put_name(m, "cmp");
}

/* An attribute of a number that no version we know has: what it means, only the kernel knows. */
static void type_beyond_those_we_know(struct rule_message *m)
{
	struct nlattr *element, *data;

	element = mnl_attr_nest_start(&m->header, NFTA_LIST_ELEM);
	mnl_attr_put_strz(&m->header, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(&m->header, NFTA_EXPR_DATA);
	mnl_attr_put_u64(&m->header, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(&m->header, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_put_u32(&m->header, 40, 1);
	mnl_attr_nest_end(&m->header, data);
	mnl_attr_nest_end(&m->header, element);
}

struct bent {
	const char *name;
	void (*put)(struct rule_message *message);
};

#define BENT(function)              \
	{                           \
#function, function \
	}

static void must_be_odd(const struct bent *rows, size_t n, uint8_t family)
{
	for (size_t i = 0; i < n; i++) {
		struct rule_message message;
		struct decoded decoded;
		char text[RULE_TEXT];

		rule_begin(&message, family, "OUTPUT");
		rows[i].put(&message);
		put_counter(&message, 1, 60);
		put_verdict(&message, NF_ACCEPT, NULL);
		rule_end(&message);
		decoded = decode(rows[i].name, &message);
		must(decoded.odd != NULL, "%s is read as '%s'", rows[i].name, rule_text(&decoded.rule, text));
		must(strlen(decoded.odd) > 10, "%s: '%s'", rows[i].name, decoded.odd);
	}
}

static void rules_that_are_not_ours(void **state)
{
	static const struct bent v4[] = {
		BENT(unknown_expression),
		BENT(name_that_starts_like_ours),
		BENT(expression_without_a_name),
		BENT(native_ct),
		BENT(mark),
		BENT(wrong_way_interface),
		BENT(interface_that_starts_with_lo),
		BENT(interface_eth0),
		BENT(interface_l0),
		BENT(other_register),
		BENT(not_lo),
		BENT(port_below),
		BENT(load_without_compare),
		BENT(compare_without_load),
		BENT(compare_twice),
		BENT(source_port),
		BENT(source_address),
		BENT(half_an_address),
		BENT(address_of_the_link),
		BENT(mask_with_a_hole),
		BENT(mask_that_flips),
		BENT(mask_of_another_size),
		BENT(mask_of_a_port),
		BENT(mask_of_nothing),
		BENT(bits_outside_the_mask),
		BENT(two_addresses),
		BENT(state_new),
		BENT(state_new_too),
		BENT(state_other_than),
		BENT(state_of_none),
		BENT(conntrack_protocol),
		BENT(conntrack_revision_2),
		BENT(conntrack_cut_off),
		BENT(set_not_ours),
		BENT(set_of_the_other_family),
		BENT(set_of_another_dimension),
		BENT(set_by_source),
		BENT(set_inverted),
		BENT(set_without_counters),
		BENT(owner_anybody),
		BENT(owner_agent),
		BENT(owner_but_root),
		BENT(owner_group),
		BENT(unknown_match),
		BENT(match_without_info),
		BENT(verdict_before),
		BENT(counter_of_nothing),
		BENT(compare_with_nothing),
	};
	static const struct bent v6[] = {
		BENT(icmp6_but_one),
		BENT(icmp6_one_code),
		BENT(source_address),
		BENT(set_of_another_dimension),
	};

	(void)state;
	must_be_odd(v4, LENGTH(v4), NFPROTO_IPV4);
	must_be_odd(v6, LENGTH(v6), NFPROTO_IPV6);
}

/* The kernel lets through more than would be read. */
static void two_masks_are_odd(void **state)
{
	static const struct bent rows[] = {BENT(two_masks)};

	(void)state;
	must_be_odd(rows, LENGTH(rows), NFPROTO_IPV4);
}

/* The kernel lets through less than would be read: what is said to be open is closed, or a refusal never
 * comes. */
static void two_questions_about_one_thing_are_odd(void **state)
{
	static const struct bent v4[] = {
		BENT(two_protocols), BENT(two_ports), BENT(two_states_apart), BENT(two_sets)};
	static const struct bent v6[] = {BENT(two_icmp6)};

	(void)state;
	must_be_odd(v4, LENGTH(v4), NFPROTO_IPV4);
	must_be_odd(v6, LENGTH(v6), NFPROTO_IPV6);
}

/* In struct rule a zero asks for nothing; in the kernel it asks for zero. */
static void comparisons_with_zero_are_odd(void **state)
{
	static const struct bent rows[] = {BENT(protocol_zero), BENT(port_zero)};

	(void)state;
	must_be_odd(rows, LENGTH(rows), NFPROTO_IPV4);
}

static void attributes_of_higher_types_are_odd(void **state)
{
	static const struct bent rows[] = {BENT(type_beyond_those_we_know)};

	(void)state;
	must_be_odd(rows, LENGTH(rows), NFPROTO_IPV4);
}

static void verdicts(void **state)
{
	static const struct {
		const char *name, *chain;
		uint32_t code;
	} rows[] = {
		{"drop", NULL, NF_DROP},
		{"queue", NULL, NF_QUEUE},
		{"return", NULL, (uint32_t)NFT_RETURN},
		{"continue", NULL, (uint32_t)NFT_CONTINUE},
		{"jump", "OTHER", (uint32_t)NFT_JUMP},
		{"goto", "OTHER", (uint32_t)NFT_GOTO},
		{"accept-to-a-chain", "OTHER", NF_ACCEPT},
	};
	struct rule_message message;
	struct decoded decoded;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
		put_counter(&message, 1, 60);
		put_verdict(&message, rows[i].code, rows[i].chain);
		rule_end(&message);
		decoded = decode(rows[i].name, &message);
		must(decoded.odd != NULL, "%s is not odd", rows[i].name);
	}
	/* none, one too many, and something behind it */
	rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
	put_counter(&message, 1, 60);
	rule_end(&message);
	decoded = decode("no-verdict", &message);
	assert_non_null(decoded.odd);
	rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
	put_verdict(&message, NF_ACCEPT, NULL);
	put_counter(&message, 1, 60);
	rule_end(&message);
	decoded = decode("counter-behind", &message);
	assert_non_null(decoded.odd);
	/* targets */
	for (uint32_t with = 0; with < 12; with++) {
		char name[40];

		rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
		put_counter(&message, 1, 60);
		put_xt(&message, "target", "REJECT", 0, &with, sizeof(with));
		rule_end(&message);
		snprintf(name, sizeof(name), "reject-%u", with);
		decoded = decode(name, &message);
		must((decoded.odd == NULL) == (with == IPT_TCP_RESET || with == IPT_ICMP_ADMIN_PROHIBITED),
			"REJECT with %u: %s", with, decoded.odd != NULL ? decoded.odd : "not odd");
	}
	rule_begin(&message, NFPROTO_IPV4, "OUTPUT");
	put_counter(&message, 1, 60);
	put_xt(&message, "target", "DNAT", 0, zeros, 4);
	rule_end(&message);
	decoded = decode("target-dnat", &message);
	assert_non_null(decoded.odd);
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
		decoded = decode(name, &message);
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
		decoded = decode(name, &message);
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
		decoded = decode("cut-off", &message);
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
		decoded = decode("cut-off-nest", &message);
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
	decoded = decode("rubbish-behind", &message);
	assert_non_null(decoded.odd);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_rules_come_back_as_they_were),
		cmocka_unit_test(rules_of_a_real_kernel),
		cmocka_unit_test(rules_that_are_not_ours),
		cmocka_unit_test(two_masks_are_odd),
		cmocka_unit_test(two_questions_about_one_thing_are_odd),
		cmocka_unit_test(comparisons_with_zero_are_odd),
		cmocka_unit_test(attributes_of_higher_types_are_odd),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(chains),
		cmocka_unit_test(families_that_we_have_no_table_of),
		cmocka_unit_test(cut_off_messages),
		cmocka_unit_test(cut_off_nests),
		cmocka_unit_test(rubbish_behind_the_last_expression),
	};

	if (argc == 2)
		seed_folder = argv[1];
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
