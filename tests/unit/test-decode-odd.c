/*
 * verify/decode.h: rules that are not ours, each bent in one way. The judge is what the kernel would do with
 * the rule: whatever it does otherwise must be odd. With an argument it writes its messages into that folder,
 * as seeds for the fuzzer.
 */
#include "tests/unit/unit.h"

#include "tests/unit/rule-message.h"

#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

static const uint8_t zeros[16],
	ones[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/* 10.0.0.0 */
#define IP4 "\x0a\0\0\0"

/* One rule under way. */
static struct rule_message *begin(uint8_t family, const char *chain)
{
	static struct rule_message message;

	rule_begin(&message, family, chain);
	return &message;
}

static void must_be_odd(const char *name, struct rule_message *m)
{
	struct decoded decoded;
	char text[RULE_TEXT];

	rule_end(m);
	decoded = rule_decode(name, m);
	must(decoded.odd != NULL, "%s is read as '%s'", name, rule_text(&decoded.rule, text));
	must(strlen(decoded.odd) > 10, "%s: '%s'", name, decoded.odd);
}

/* With what ends a rule of ours. */
static void would_accept(const char *name, struct rule_message *m)
{
	put_counter(m, 1, 60);
	put_verdict(m, NF_ACCEPT, NULL);
	must_be_odd(name, m);
}

static void load_peer(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG_1);
}

static void load_port(struct rule_message *m)
{
	put_payload(m, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
}

#define META(key)		  .meta = (key)
#define BYTES(from, at, how_many) .base = (from), .offset = (at), .size = (how_many)

/* In struct rule a zero asks for nothing; in the kernel it asks for zero. */
static void comparisons(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		uint32_t length, operation, reg;
		uint32_t meta, base, offset, size; /* what is loaded; size 0: meta */
	} rows[] = {
		{"mark", "\1\1\1\1", 4, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_MARK)},
		{"wrong_way_interface", "lo", 3, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_IIFNAME)},
		{"interface_that_starts_with_lo", "lo", 2, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_OIFNAME)},
		{"interface_eth0", "eth0", 5, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_OIFNAME)},
		{"interface_l0", "l0", 3, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_OIFNAME)},
		{"other_register", "lo", 3, NFT_CMP_EQ, NFT_REG_2, META(NFT_META_OIFNAME)},
		{"not_lo", "lo", 3, NFT_CMP_NEQ, NFT_REG_1, META(NFT_META_OIFNAME)},
		{"protocol_zero", "\0", 1, NFT_CMP_EQ, NFT_REG_1, META(NFT_META_L4PROTO)},
		{"port_zero", "\0\0", 2, NFT_CMP_EQ, NFT_REG_1, BYTES(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2)},
		{"port_below", "\0\x35", 2, NFT_CMP_LTE, NFT_REG_1,
			BYTES(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2)},
		{"source_port", "\0\x35", 2, NFT_CMP_EQ, NFT_REG_1,
			BYTES(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2)},
		{"source_address", IP4, 4, NFT_CMP_EQ, NFT_REG_1, BYTES(NFT_PAYLOAD_NETWORK_HEADER, 12, 4)},
		{"half_an_address", IP4, 2, NFT_CMP_EQ, NFT_REG_1, BYTES(NFT_PAYLOAD_NETWORK_HEADER, 16, 2)},
		{"address_of_the_link", IP4, 4, NFT_CMP_EQ, NFT_REG_1, BYTES(NFT_PAYLOAD_LL_HEADER, 16, 4)},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message *m = begin(NFPROTO_IPV4, "OUTPUT");

		if (rows[i].size == 0)
			put_meta(m, rows[i].meta, rows[i].reg);
		else
			put_payload(m, rows[i].base, rows[i].offset, rows[i].size, rows[i].reg);
		put_cmp(m, rows[i].operation, rows[i].value, rows[i].length);
		would_accept(rows[i].name, m);
	}
}

static void masks(void **state)
{
	static const struct {
		const char *name, *mask, *flip, *value;
		size_t length;
	} rows[] = {
		{"mask_with_a_hole", "\xff\x00\xff\x00", "\0\0\0\0", IP4, 4},
		{"mask_that_flips", "\xff\xff\xff\x00", "\0\0\0\1", IP4, 4},
		{"mask_of_another_size", "\xff\xff\xff\xff\xff\xff\xff\xff", "\0\0\0\0\0\0\0\0", IP4, 8},
		{"bits_outside_the_mask", "\xff\xff\xff\x00", "\0\0\0\0", "\x0a\0\0\1", 4},
	};
	struct rule_message *m;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		m = begin(NFPROTO_IPV4, "OUTPUT");
		load_peer(m);
		put_bitwise(m, rows[i].mask, rows[i].flip, rows[i].length);
		put_cmp(m, NFT_CMP_EQ, rows[i].value, 4);
		would_accept(rows[i].name, m);
	}
	m = begin(NFPROTO_IPV4, "OUTPUT");
	load_port(m);
	put_bitwise(m, ones, zeros, 4);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
	would_accept("mask_of_a_port", m);
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_bitwise(m, ones, zeros, 4);
	would_accept("mask_of_nothing", m);
	/* the kernel applies both: of 10.0.0.0/16 would be read 10.0.0.0/24 */
	m = begin(NFPROTO_IPV4, "OUTPUT");
	load_peer(m);
	put_bitwise(m, "\xff\xff\x00\x00", zeros, 4);
	put_bitwise(m, "\xff\xff\xff\x00", zeros, 4);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
	would_accept("two_masks", m);
}

static void states(void **state)
{
	static const struct {
		const char *name;
		uint32_t revision;
		uint16_t mask, invert, flags;
		size_t size;
	} rows[] = {
		{"state_new", 3, 8, 0, XT_CONNTRACK_STATE, sizeof(struct xt_conntrack_mtinfo3)},
		{"state_new_too", 3, 2 | 8, 0, XT_CONNTRACK_STATE, sizeof(struct xt_conntrack_mtinfo3)},
		{"state_other_than", 3, 2, XT_CONNTRACK_STATE, XT_CONNTRACK_STATE,
			sizeof(struct xt_conntrack_mtinfo3)},
		{"state_of_none", 3, 0, 0, XT_CONNTRACK_STATE, sizeof(struct xt_conntrack_mtinfo3)},
		{"conntrack_protocol", 3, 2, 0, XT_CONNTRACK_PROTO, sizeof(struct xt_conntrack_mtinfo3)},
		{"conntrack_revision_2", 2, 2, 0, XT_CONNTRACK_STATE, sizeof(struct xt_conntrack_mtinfo3)},
		{"conntrack_cut_off", 3, 2, 0, XT_CONNTRACK_STATE, 8},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct xt_conntrack_mtinfo3 info = {.match_flags = rows[i].flags,
			.invert_flags = rows[i].invert,
			.state_mask = rows[i].mask};
		struct rule_message *m = begin(NFPROTO_IPV4, "OUTPUT");

		put_xt(m, "match", "conntrack", rows[i].revision, &info, rows[i].size);
		would_accept(rows[i].name, m);
	}
}

static void put_set(struct rule_message *m, ip_set_id_t index, uint8_t dim, uint8_t flags, uint32_t more)
{
	const struct xt_set_info_match_v4 info = {
		.match_set = {.index = index, .dim = dim, .flags = flags}, .flags = more};

	put_xt(m, "match", "set", 4, &info, sizeof(info));
}

#define BOTH_SRC (IPSET_DIM_ONE_SRC | IPSET_DIM_TWO_SRC)

/* A set looks at the peer, and at the port that is connected to: ours in INPUT, else the peer's. */
static void sets(void **state)
{
	static const struct {
		const char *name, *chain;
		int set;
		uint8_t dim, flags;
		uint32_t more;
	} rows[] = {
		{"set_of_the_other_family", "OUTPUT", SET_ANY6, 1, 0, 0},
		{"set_of_another_dimension", "OUTPUT", SET_ANY4, 2, 0, 0},
		{"set_of_one_dimension", "OUTPUT", SET_PORTS4, 1, 0, 0},
		{"set_inverted", "OUTPUT", SET_ANY4, 1, IPSET_INV_MATCH, 0},
		{"set_without_counters", "OUTPUT", SET_ANY4, 1, 0, 1},
		{"set_by_source", "OUTPUT", SET_ANY4, 1, IPSET_DIM_ONE_SRC, 0},
		{"set_by_source_port", "OUTPUT", SET_PORTS4, 2, IPSET_DIM_TWO_SRC, 0},
		{"set_by_both_sources", "OUTPUT", SET_PORTS4, 2, BOTH_SRC, 0},
		{"set_by_source_forward", "FORWARD", SET_ANY4, 1, IPSET_DIM_ONE_SRC, 0},
		{"set_by_destination_in", "INPUT", SET_ANY4, 1, 0, 0},
		{"set_by_destinations_in", "INPUT", SET_PORTS4, 2, 0, 0},
		{"set_by_source_port_in", "INPUT", SET_PORTS4, 2, IPSET_DIM_TWO_SRC, 0},
		{"set_by_both_sources_in", "INPUT", SET_PORTS4, 2, BOTH_SRC, 0},
		{"set_inverted_in", "INPUT", SET_ANY4, 1, IPSET_DIM_ONE_SRC | IPSET_INV_MATCH, 0},
	};
	struct rule_message *m;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (int list = 0; list < LISTS; list++) {
			m = begin(NFPROTO_IPV4, rows[i].chain);
			put_set(m, rule_message_index[SET_OF(list, rows[i].set)], rows[i].dim, rows[i].flags,
				rows[i].more);
			would_accept(rows[i].name, m);
		}
	}
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_set(m, 4711, 1, 0, 0);
	would_accept("set_not_ours", m);
}

/* A set that no rule of ours asks is not made. Its number is one that no set has, and neither is that one's.
 */
static void sets_that_were_not_made(void **state)
{
	struct rule_message *m = begin(NFPROTO_IPV4, "OUTPUT");
	uint16_t index[SETS];
	struct decoded decoded;

	(void)state;
	put_set(m, IPSET_INVALID_ID, 1, 0, 0);
	put_verdict(m, NF_ACCEPT, NULL);
	rule_end(m);
	for (int set = 0; set < SETS; set++)
		index[set] = IPSET_INVALID_ID;
	decode_rule(&m->header, index, &decoded);
	assert_non_null(decoded.odd);
}

static void senders(void **state)
{
	static const struct {
		const char *name;
		struct xt_addrtype_info_v1 info;
	} rows[] = {
		{"sender_here", {.source = XT_ADDRTYPE_LOCAL}},
		{"sender_anybody", {.flags = XT_ADDRTYPE_INVERT_SOURCE}},
		{"sender_not_unicast", {.source = XT_ADDRTYPE_UNICAST, .flags = XT_ADDRTYPE_INVERT_SOURCE}},
		{"sender_to_here", {.source = XT_ADDRTYPE_LOCAL,
					   .dest = XT_ADDRTYPE_LOCAL,
					   .flags = XT_ADDRTYPE_INVERT_SOURCE}},
		{"sender_by_interface",
			{.source = XT_ADDRTYPE_LOCAL,
				.flags = XT_ADDRTYPE_INVERT_SOURCE | XT_ADDRTYPE_LIMIT_IFACE_OUT}},
		{"receiver_not_here", {.dest = XT_ADDRTYPE_LOCAL, .flags = XT_ADDRTYPE_INVERT_DEST}},
		{"receiver_anybody", {.flags = 0}},
		{"receiver_unicast", {.dest = XT_ADDRTYPE_UNICAST}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message *m = begin(NFPROTO_IPV6, "OUTPUT");

		put_xt(m, "match", "addrtype", 1, &rows[i].info, sizeof(rows[i].info));
		would_accept(rows[i].name, m);
	}
}

static void owners(void **state)
{
	static const struct {
		const char *name;
		struct xt_owner_match_info info;
	} rows[] = {
		{"owner_anybody", {.uid_max = UINT32_MAX, .match = XT_OWNER_UID}},
		{"owner_agent", {.uid_min = 1000, .uid_max = 1000, .match = XT_OWNER_UID}},
		{"owner_but_root", {.match = XT_OWNER_UID, .invert = XT_OWNER_UID}},
		{"owner_group", {.match = XT_OWNER_GID}},
		{"owner_warden", {.uid_min = 65502, .uid_max = 65502, .match = XT_OWNER_UID}},
		{"owner_next_to_root", {.uid_min = 1, .uid_max = 1, .match = XT_OWNER_UID}},
		{"owner_from_root_on", {.uid_min = 0, .uid_max = 65501, .match = XT_OWNER_UID}},
		{"owner_from_the_guard_on", {.uid_min = 65501, .uid_max = UINT32_MAX, .match = XT_OWNER_UID}},
		{"owner_up_to_the_guard", {.uid_min = 1000, .uid_max = 65501, .match = XT_OWNER_UID}},
		{"owner_but_the_guard",
			{.uid_min = 65501, .uid_max = 65501, .match = XT_OWNER_UID, .invert = XT_OWNER_UID}},
		{"owner_group_of_the_guard", {.gid_min = 65501, .gid_max = 65501, .match = XT_OWNER_GID}},
		{"owner_user_and_group",
			{.uid_min = 65501, .uid_max = 65501, .match = XT_OWNER_UID | XT_OWNER_GID}},
		{"owner_has_a_socket",
			{.uid_min = 65501, .uid_max = 65501, .match = XT_OWNER_UID | XT_OWNER_SOCKET}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message *m = begin(NFPROTO_IPV4, "OUTPUT");

		put_xt(m, "match", "owner", 1, &rows[i].info, sizeof(rows[i].info));
		would_accept(rows[i].name, m);
	}
}

static void icmp6(void **state)
{
	static const struct {
		const char *name;
		struct ip6t_icmp info;
	} rows[] = {
		{"icmp6_but_one", {.type = 135, .code = {0, 255}, .invflags = IP6T_ICMP_INV}},
		{"icmp6_one_code", {.type = 135, .code = {0, 0}}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message *m = begin(NFPROTO_IPV6, "OUTPUT");

		put_xt(m, "match", "icmp6", 0, &rows[i].info, sizeof(rows[i].info));
		would_accept(rows[i].name, m);
	}
}

/* Each function writes the expressions of one rule, before its counter and verdict. */
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

static void load_without_compare(struct rule_message *m)
{
	load_port(m);
}

static void compare_without_load(struct rule_message *m)
{
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
}

static void compare_with_nothing(struct rule_message *m)
{
	load_port(m);
	put_name(m, "cmp");
}

static void compare_twice(struct rule_message *m)
{
	load_port(m);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
	put_cmp(m, NFT_CMP_EQ, "\0\x35", 2);
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

/*
 * Two questions about one thing have the answer no, always: the rule never matches. What is said to be open
 * is closed, or a refusal never comes.
 */
static void two_addresses(struct rule_message *m)
{
	load_peer(m);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
	load_peer(m);
	put_cmp(m, NFT_CMP_EQ, IP4, 4);
}

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

static void two_states_apart(struct rule_message *m)
{
	struct xt_conntrack_mtinfo3 info = {.match_flags = XT_CONNTRACK_STATE, .state_mask = 2};

	put_xt(m, "match", "conntrack", 3, &info, sizeof(info));
	info.state_mask = 4;
	put_xt(m, "match", "conntrack", 3, &info, sizeof(info));
}

static void two_owners(struct rule_message *m)
{
	struct xt_owner_match_info info = {.match = XT_OWNER_UID};

	put_xt(m, "match", "owner", 1, &info, sizeof(info));
	info.uid_min = info.uid_max = 65501;
	put_xt(m, "match", "owner", 1, &info, sizeof(info));
}

static void owner_of_revision_0(struct rule_message *m)
{
	const struct xt_owner_match_info info = {.match = XT_OWNER_UID};

	put_xt(m, "match", "owner", 0, &info, sizeof(info));
}

static void owner_cut_off(struct rule_message *m)
{
	put_xt(m, "match", "owner", 1, zeros, 8);
}

static void two_sets(struct rule_message *m)
{
	put_set(m, rule_message_index[SET_PORTS4], 2, 0, 0);
	put_set(m, rule_message_index[SET_ANY4], 1, 0, 0);
}

static void two_icmp6(struct rule_message *m)
{
	struct ip6t_icmp info = {.type = 135, .code = {0, 255}};

	put_xt(m, "match", "icmp6", 0, &info, sizeof(info));
	info.type = 136;
	put_xt(m, "match", "icmp6", 0, &info, sizeof(info));
}

#define BENT(function, family)                        \
	{                                             \
#function, function, NFPROTO_##family \
	}

static void expressions(void **state)
{
	static const struct {
		const char *name;
		void (*put)(struct rule_message *message);
		uint8_t family;
	} rows[] = {
		BENT(unknown_expression, IPV4),
		BENT(name_that_starts_like_ours, IPV4),
		BENT(expression_without_a_name, IPV4),
		BENT(native_ct, IPV4),
		BENT(load_without_compare, IPV4),
		BENT(compare_without_load, IPV4),
		BENT(compare_with_nothing, IPV4),
		BENT(compare_twice, IPV4),
		BENT(unknown_match, IPV4),
		BENT(match_without_info, IPV4),
		BENT(verdict_before, IPV4),
		BENT(counter_of_nothing, IPV4),
		BENT(type_beyond_those_we_know, IPV4),
		BENT(two_addresses, IPV4),
		BENT(two_protocols, IPV4),
		BENT(two_ports, IPV4),
		BENT(two_states_apart, IPV4),
		BENT(two_sets, IPV4),
		BENT(two_owners, IPV4),
		BENT(owner_of_revision_0, IPV4),
		BENT(owner_cut_off, IPV4),
		BENT(two_icmp6, IPV6),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rule_message *m = begin(rows[i].family, "OUTPUT");

		rows[i].put(m);
		would_accept(rows[i].name, m);
	}
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
	struct rule_message *m;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		m = begin(NFPROTO_IPV4, "OUTPUT");
		put_counter(m, 1, 60);
		put_verdict(m, rows[i].code, rows[i].chain);
		must_be_odd(rows[i].name, m);
	}
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_counter(m, 1, 60);
	must_be_odd("no-verdict", m);
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_verdict(m, NF_ACCEPT, NULL);
	put_counter(m, 1, 60);
	must_be_odd("counter-behind", m);
}

/* Of the ways to refuse, two are ours. */
static void targets(void **state)
{
	struct rule_message *m;

	(void)state;
	for (uint32_t with = 0; with < 12; with++) {
		struct decoded decoded;
		char name[40];

		snprintf(name, sizeof(name), "reject-%u", with);
		m = begin(NFPROTO_IPV4, "OUTPUT");
		put_xt(m, "target", "REJECT", 0, &with, sizeof(with));
		rule_end(m);
		decoded = rule_decode(name, m);
		must((decoded.odd == NULL) == (with == IPT_TCP_RESET || with == IPT_ICMP_ADMIN_PROHIBITED),
			"REJECT with %u: %s", with, decoded.odd != NULL ? decoded.odd : "not odd");
	}
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_xt(m, "target", "DNAT", 0, zeros, 4);
	must_be_odd("target-dnat", m);
}

/* One that tells somebody else, or holds packets back, or less of them, would leave the record with holes. */
static void logs(void **state)
{
	static const struct {
		const char *name;
		struct xt_nflog_info info;
		uint32_t revision;
		size_t size;
	} rows[] = {
		{"nflog_of_no_group", {.prefix = "refused"}, 0, sizeof(struct xt_nflog_info)},
		{"nflog_of_another_group", {.group = 10054, .prefix = "refused"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_of_no_prefix", {.group = 10053}, 0, sizeof(struct xt_nflog_info)},
		{"nflog_of_another_prefix", {.group = 10053, .prefix = "limit"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_of_a_longer_prefix", {.group = 10053, .prefix = "refused "}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_of_a_shorter_prefix", {.group = 10053, .prefix = "refuse"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_with_more_behind_its_prefix", {.group = 10053, .prefix = "refused\0x"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_that_waits", {.group = 10053, .threshold = 100, .prefix = "refused"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_that_cuts", {.group = 10053, .len = 16, .prefix = "refused"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_with_flags", {.group = 10053, .flags = XT_NFLOG_F_COPY_LEN, .prefix = "refused"}, 0,
			sizeof(struct xt_nflog_info)},
		{"nflog_revision_1", {.group = 10053, .prefix = "refused"}, 1, sizeof(struct xt_nflog_info)},
		{"nflog_cut_off", {.group = 10053, .prefix = "refused"}, 0, 24},
	};
	const struct xt_nflog_info ours = {.group = 10053, .prefix = "refused"};
	struct rule_message *m;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		m = begin(NFPROTO_IPV4, "OUTPUT");
		put_counter(m, 1, 60);
		put_xt(m, "target", "NFLOG", rows[i].revision, &rows[i].info, rows[i].size);
		must_be_odd(rows[i].name, m);
	}
	/* a rule has one end */
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_xt(m, "target", "NFLOG", 0, &ours, sizeof(ours));
	put_verdict(m, NF_ACCEPT, NULL);
	must_be_odd("nflog_and_accept", m);
	m = begin(NFPROTO_IPV4, "OUTPUT");
	put_xt(m, "match", "NFLOG", 0, &ours, sizeof(ours));
	put_verdict(m, NF_ACCEPT, NULL);
	must_be_odd("nflog_as_a_match", m);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons),
		cmocka_unit_test(masks),
		cmocka_unit_test(states),
		cmocka_unit_test(sets),
		cmocka_unit_test(sets_that_were_not_made),
		cmocka_unit_test(senders),
		cmocka_unit_test(owners),
		cmocka_unit_test(icmp6),
		cmocka_unit_test(expressions),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(targets),
		cmocka_unit_test(logs),
	};

	if (argc == 2)
		rule_seed_folder = argv[1];
	return cmocka_run_group_tests_name("decode-odd", tests, NULL, NULL);
}
