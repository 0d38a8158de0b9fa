/*
 * The decoder. It runs the rule's expressions in its head: a load puts a meaning into the one register, a
 * compare gives that meaning a value, a match or verdict stands for itself.
 * Sources: linux/netfilter/nf_tables.h and the xt headers named below.
 */
#include "verify/decode.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "util/netlink.h"

#define ATTRIBUTES_MAX 16

/* What the register holds. */
enum meaning { NOTHING, INTERFACE, PROTOCOL, PEER, PORT };

struct decoder {
	struct decoded *out;
	const uint16_t *index;
	enum meaning meaning;
	uint8_t mask[16]; /* of a PEER */
	bool masked;	  /* the PEER has its mask */
	bool decided;	  /* a verdict was there: nothing may follow */
};

/* The attributes of a nest by type. */
struct attributes {
	const struct nlattr *by_type[ATTRIBUTES_MAX];
};

static void odd(struct decoder *decoder, const char *what)
{
	if (decoder->out->odd == NULL)
		decoder->out->odd = what;
}

/* True if attr, where a loop over a nest stopped, is the nest's end: nothing was left over. */
static bool ends(const struct nlattr *attr, const struct nlattr *nest)
{
	return (const char *)attr ==
	       (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest);
}

/* One that we do not know could change the meaning of those that we do. */
static void put_attribute(struct decoder *decoder, struct attributes *attributes, const struct nlattr *attr)
{
	if (mnl_attr_get_type(attr) < ATTRIBUTES_MAX)
		attributes->by_type[mnl_attr_get_type(attr)] = attr;
	else
		odd(decoder, "an attribute that we do not know");
}

static struct attributes read_nest(struct decoder *decoder, const struct nlattr *nest)
{
	struct attributes attributes = {{0}};
	const struct nlattr *attr;

	if (nest == NULL)
		return attributes;
	netlink_for_each_nested(attr, nest) {
		put_attribute(decoder, &attributes, attr);
	}
	if (!ends(attr, nest))
		odd(decoder, "attributes that are cut off");
	return attributes;
}

/* A number in network order; 0xffffffff, which none of ours is, if there is none. */
static uint32_t number(const struct nlattr *attr)
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
		return UINT32_MAX;
	return ntohl(mnl_attr_get_u32(attr));
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return attr != NULL && mnl_attr_get_payload_len(attr) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(attr), text, strlen(text) + 1) == 0;
}

/* The bytes of a NFTA_DATA_VALUE nest, if they are as many as asked for. */
static const uint8_t *value(struct decoder *decoder, const struct nlattr *nest, size_t length)
{
	const struct nlattr *attr = read_nest(decoder, nest).by_type[NFTA_DATA_VALUE];

	if (attr == NULL || mnl_attr_get_payload_len(attr) != length)
		return NULL;
	return mnl_attr_get_payload(attr);
}

static size_t address_size(const struct decoder *decoder)
{
	return family_bits(decoder->out->rule.family) / 8;
}

static void decode_meta(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const uint32_t key = number(a.by_type[NFTA_META_KEY]);
	const bool in = decoder->out->rule.chain == CHAIN_INPUT;

	decoder->meaning = NOTHING;
	if (number(a.by_type[NFTA_META_DREG]) != NFT_REG_1)
		odd(decoder, "a meta expression that loads no register of ours");
	else if (key == NFT_META_L4PROTO)
		decoder->meaning = PROTOCOL;
	else if (key == (in ? NFT_META_IIFNAME : NFT_META_OIFNAME))
		decoder->meaning = INTERFACE;
	else
		odd(decoder, "a meta expression with a key that we do not use");
}

static void decode_payload(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const uint32_t base = number(a.by_type[NFTA_PAYLOAD_BASE]);
	const uint32_t offset = number(a.by_type[NFTA_PAYLOAD_OFFSET]);
	const uint32_t length = number(a.by_type[NFTA_PAYLOAD_LEN]);
	const bool in = decoder->out->rule.chain == CHAIN_INPUT;
	const bool v4 = decoder->out->rule.family == AF_INET;

	decoder->meaning = NOTHING;
	decoder->masked = false;
	memset(decoder->mask, 0xff, sizeof(decoder->mask));
	if (number(a.by_type[NFTA_PAYLOAD_DREG]) != NFT_REG_1)
		odd(decoder, "a payload expression that loads no register of ours");
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 2 && length == 2)
		decoder->meaning = PORT;
	else if (base == NFT_PAYLOAD_NETWORK_HEADER && length == address_size(decoder) &&
		 offset == (v4 ? (in ? 12 : 16) : (in ? 8 : 24)))
		decoder->meaning = PEER;
	else
		odd(decoder, "a payload expression for bytes that we do not look at");
}

static void decode_bitwise(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const size_t size = address_size(decoder);
	const uint8_t *mask = value(decoder, a.by_type[NFTA_BITWISE_MASK], size);
	const uint8_t *flip = value(decoder, a.by_type[NFTA_BITWISE_XOR], size);
	static const uint8_t zero[16];

	if (decoder->meaning != PEER || decoder->masked ||
		number(a.by_type[NFTA_BITWISE_SREG]) != NFT_REG_1 ||
		number(a.by_type[NFTA_BITWISE_DREG]) != NFT_REG_1 || mask == NULL || flip == NULL ||
		memcmp(flip, zero, size) != 0)
		odd(decoder, "a bitwise expression other than an address's mask");
	else
		memcpy(decoder->mask, mask, size);
	decoder->masked = true;
}

/* The length of a mask of ones then zeros, or -1. */
static int mask_length(const uint8_t *mask, size_t size)
{
	unsigned int length = 0;

	while (length < size * 8 && mask[length / 8] >> (7 - length % 8) & 1)
		length++;
	for (unsigned int bit = length; bit < size * 8; bit++)
		if (mask[bit / 8] >> (7 - bit % 8) & 1)
			return -1;
	return (int)length;
}

static void decode_peer(struct decoder *decoder, const uint8_t *bytes)
{
	struct rule *rule = &decoder->out->rule;
	const size_t size = address_size(decoder);
	const int length = mask_length(decoder->mask, size);
	struct prefix exact;

	if (length < 0 || rule->peer.family != 0) {
		odd(decoder, "a mask with holes, or a second address");
		return;
	}
	exact = prefix_make(rule->family, bytes, (unsigned int)size * 8);
	rule->peer = prefix_make(rule->family, bytes, (unsigned int)length);
	if (memcmp(exact.addr, rule->peer.addr, sizeof(exact.addr)) != 0)
		odd(decoder, "an address with bits outside its mask");
}

static void decode_cmp(struct decoder *decoder, const struct nlattr *data)
{
	static const size_t sizes[] = {[NOTHING] = 0, [INTERFACE] = sizeof("lo"), [PROTOCOL] = 1, [PORT] = 2};
	const struct attributes a = read_nest(decoder, data);
	const size_t size = decoder->meaning == PEER ? address_size(decoder) : sizes[decoder->meaning];
	const uint8_t *bytes = value(decoder, a.by_type[NFTA_CMP_DATA], size);
	struct rule *rule = &decoder->out->rule;

	if (decoder->meaning == NOTHING || bytes == NULL || number(a.by_type[NFTA_CMP_SREG]) != NFT_REG_1 ||
		number(a.by_type[NFTA_CMP_OP]) != NFT_CMP_EQ) {
		odd(decoder, "a comparison other than 'equal' with what was loaded");
		return;
	}
	switch (decoder->meaning) {
	case INTERFACE:
		if (rule->loopback != 0 || memcmp(bytes, "lo", sizeof("lo")) != 0)
			odd(decoder, "an interface other than lo, or a second one");
		rule->loopback = 1;
		break;
	case PROTOCOL:
		if (rule->protocol != 0 || *bytes == 0)
			odd(decoder, "a second protocol, or protocol 0");
		rule->protocol = *bytes;
		break;
	case PORT:
		if (rule->dport != 0 || (bytes[0] == 0 && bytes[1] == 0))
			odd(decoder, "a second port, or port 0");
		rule->dport = (uint16_t)(bytes[0] << 8 | bytes[1]);
		break;
	default:
		decode_peer(decoder, bytes);
		break;
	}
	decoder->meaning = NOTHING;
}

/* True if all of the info but the known fields, which the caller has set to zero in copy, is zero. */
static bool all_zero(const void *info, size_t size)
{
	const uint8_t *bytes = info;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* Copies an xt extension's info, if its size and revision are those of ours. */
static bool take_info(const struct attributes *a, uint32_t revision, void *info, size_t size)
{
	const struct nlattr *attr = a->by_type[NFTA_MATCH_INFO];

	if (attr == NULL || number(a->by_type[NFTA_MATCH_REV]) != revision ||
		mnl_attr_get_payload_len(attr) < size)
		return false;
	memcpy(info, mnl_attr_get_payload(attr), size);
	return true;
}

static void decode_set(struct decoder *decoder, const struct attributes *a)
{
	struct xt_set_info_match_v4 info;

	if (decoder->out->rule.set != 0 || !take_info(a, 4, &info, sizeof(info))) {
		odd(decoder, "a second 'set' match, or one of another revision");
		return;
	}
	for (int set = 0; set < SETS; set++) {
		const uint8_t dimensions = set_kinds[set].with_ports ? 2 : 1;

		if (info.match_set.index == decoder->index[set] && info.match_set.index != IPSET_INVALID_ID &&
			info.match_set.dim == dimensions &&
			set_kinds[set].family == decoder->out->rule.family)
			decoder->out->rule.set = (uint8_t)(set + 1);
	}
	if (decoder->out->rule.set == 0)
		odd(decoder, "a 'set' match with a set that is not ours");
	/* where the peer is the source, and nothing else */
	if (info.match_set.flags == (decoder->out->rule.chain == CHAIN_INPUT ? IPSET_DIM_ONE_SRC : 0))
		info.match_set.flags = 0;
	else
		odd(decoder, "a 'set' match that looks at the wrong side");
	info.match_set.index = 0;
	info.match_set.dim = 0;
	if (!all_zero(&info, sizeof(info)))
		odd(decoder, "a 'set' match with flags");
}

static void decode_conntrack(struct decoder *decoder, const struct attributes *a)
{
	struct xt_conntrack_mtinfo3 info;
	struct rule *rule = &decoder->out->rule;

	if (rule->states != 0 || !take_info(a, 3, &info, sizeof(info)) ||
		info.match_flags != XT_CONNTRACK_STATE) {
		odd(decoder, "a 'conntrack' match for more than the state");
		return;
	}
	/* bits 1 and 2: IP_CT_ESTABLISHED and IP_CT_RELATED, linux/netfilter/nf_conntrack_common.h */
	if (info.state_mask & 2)
		rule->states |= STATE_ESTABLISHED;
	if (info.state_mask & 4)
		rule->states |= STATE_RELATED;
	if ((info.state_mask & ~6) != 0 || info.invert_flags != 0 || info.state_mask == 0)
		odd(decoder, "a 'conntrack' match for other states");
}

static void decode_addrtype(struct decoder *decoder, const struct attributes *a)
{
	struct xt_addrtype_info_v1 info;
	struct rule *rule = &decoder->out->rule;

	if (rule->local != LOCAL_ANY || !take_info(a, 1, &info, sizeof(info)))
		odd(decoder, "a second 'addrtype' match, or one of another revision");
	else if (info.source == XT_ADDRTYPE_LOCAL && info.dest == 0 &&
		 info.flags == XT_ADDRTYPE_INVERT_SOURCE)
		rule->local = LOCAL_NOT_SENDER;
	else if (info.source == 0 && info.dest == XT_ADDRTYPE_LOCAL && info.flags == 0)
		rule->local = LOCAL_RECEIVER;
	else
		odd(decoder, "an 'addrtype' match for other than senders from elsewhere, or receivers here");
}

static void decode_match(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const struct nlattr *name = a.by_type[NFTA_MATCH_NAME];
	struct rule *rule = &decoder->out->rule;

	if (text_is(name, "set")) {
		decode_set(decoder, &a);
	} else if (text_is(name, "conntrack")) {
		decode_conntrack(decoder, &a);
	} else if (text_is(name, "owner")) {
		struct xt_owner_match_info info = {0};

		if (rule->user != USER_ANY || !take_info(&a, 1, &info, sizeof(info)) ||
			info.match != XT_OWNER_UID || info.invert != 0 || info.uid_min != info.uid_max ||
			(info.uid_min != 0 && info.uid_min != GUARD_UID_RESOLVER))
			odd(decoder, "an 'owner' match for other than uid 0 or the guard's");
		rule->user = info.uid_min == 0 ? USER_ROOT : USER_GUARD;
	} else if (text_is(name, "addrtype")) {
		decode_addrtype(decoder, &a);
	} else if (text_is(name, "icmp6")) {
		struct ip6t_icmp info;

		if (rule->icmp6type != 0 || !take_info(&a, 0, &info, sizeof(info)) || info.type == 0 ||
			info.code[0] != 0 || info.code[1] != 0xff || info.invflags != 0)
			odd(decoder, "an 'icmp6' match for other than one type");
		else
			rule->icmp6type = info.type;
	} else {
		odd(decoder, "a match that we do not use");
	}
}

static void decode_immediate(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const struct attributes nest = read_nest(decoder, a.by_type[NFTA_IMMEDIATE_DATA]);
	const struct attributes verdict = read_nest(decoder, nest.by_type[NFTA_DATA_VERDICT]);

	if (number(a.by_type[NFTA_IMMEDIATE_DREG]) != NFT_REG_VERDICT ||
		number(verdict.by_type[NFTA_VERDICT_CODE]) != NF_ACCEPT ||
		verdict.by_type[NFTA_VERDICT_CHAIN] != NULL)
		odd(decoder, "a verdict other than ACCEPT");
	decoder->out->rule.verdict = VERDICT_ACCEPT;
	decoder->decided = true;
}

static void decode_log(struct decoder *decoder, const struct attributes *a)
{
	static const char prefix[] = GUARD_NFLOG_PREFIX;
	struct xt_nflog_info info;

	if (!take_info(a, 0, &info, sizeof(info)) || info.len != 0 || info.group != GUARD_NFLOG_GROUP ||
		info.threshold != 0 || info.flags != 0 || memcmp(info.prefix, prefix, sizeof(prefix)) != 0 ||
		!all_zero(info.prefix + sizeof(prefix), sizeof(info.prefix) - sizeof(prefix)))
		odd(decoder, "an NFLOG that is not the guard's");
	decoder->out->rule.verdict = VERDICT_LOG;
}

static void decode_target(struct decoder *decoder, const struct nlattr *data)
{
	const struct attributes a = read_nest(decoder, data);
	const bool v4 = decoder->out->rule.family == AF_INET;
	uint32_t with; /* the only field of both ipt_reject_info and ip6t_reject_info, an enum */

	if (text_is(a.by_type[NFTA_TARGET_NAME], "NFLOG"))
		decode_log(decoder, &a);
	else if (!text_is(a.by_type[NFTA_TARGET_NAME], "REJECT") || !take_info(&a, 0, &with, sizeof(with)))
		odd(decoder, "a target other than REJECT");
	else if (with == (v4 ? (uint32_t)IPT_TCP_RESET : (uint32_t)IP6T_TCP_RESET))
		decoder->out->rule.verdict = VERDICT_RESET;
	else if (with == (v4 ? (uint32_t)IPT_ICMP_ADMIN_PROHIBITED : (uint32_t)IP6T_ICMP6_ADM_PROHIBITED))
		decoder->out->rule.verdict = VERDICT_REJECT;
	else
		odd(decoder, "a REJECT in another way");
	decoder->decided = true;
}

static void decode_counter(struct decoder *decoder, const struct nlattr *data)
{
	const struct nlattr *packets = read_nest(decoder, data).by_type[NFTA_COUNTER_PACKETS];
	uint64_t count = 0;

	if (packets == NULL || mnl_attr_get_payload_len(packets) != sizeof(count)) {
		odd(decoder, "a counter that does not count");
		return;
	}
	memcpy(&count, mnl_attr_get_payload(packets), sizeof(count));
	decoder->out->packets = be64toh(count);
}

static void decode_expression(struct decoder *decoder, const struct nlattr *nest)
{
	static const struct {
		const char *name;
		void (*decode)(struct decoder *, const struct nlattr *);
	} table[] = {
		{"meta", decode_meta},
		{"payload", decode_payload},
		{"bitwise", decode_bitwise},
		{"cmp", decode_cmp},
		{"match", decode_match},
		{"counter", decode_counter},
		{"immediate", decode_immediate},
		{"target", decode_target},
	};
	const struct attributes a = read_nest(decoder, nest);

	if (decoder->decided)
		odd(decoder, "something after the verdict");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (text_is(a.by_type[NFTA_EXPR_NAME], table[i].name)) {
			table[i].decode(decoder, a.by_type[NFTA_EXPR_DATA]);
			return;
		}
	}
	odd(decoder, "an expression that we do not use");
}

void decode_rule(const struct nlmsghdr *message, const uint16_t index[SETS], struct decoded *decoded)
{
	struct decoder decoder = {.out = decoded, .index = index};
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes a = {{0}};
	const struct nlattr *attr;

	memset(decoded, 0, sizeof(*decoded));
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header)) {
		odd(&decoder, "a message without a header");
		return;
	}
	if (header->nfgen_family != NFPROTO_IPV4 && header->nfgen_family != NFPROTO_IPV6) {
		odd(&decoder, "a rule of neither IPv4 nor IPv6");
		return;
	}
	decoded->rule.family = header->nfgen_family == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	netlink_for_each(attr, message, sizeof(*header)) {
		put_attribute(&decoder, &a, attr);
	}
	if ((const char *)attr != (const char *)message + message->nlmsg_len)
		odd(&decoder, "a message that is cut off");
	decoded->rule.chain = CHAINS;
	for (int chain = 0; chain < CHAINS; chain++)
		if (text_is(a.by_type[NFTA_RULE_CHAIN], chain_names[chain]))
			decoded->rule.chain = (uint8_t)chain;
	if (decoded->rule.chain == CHAINS || a.by_type[NFTA_RULE_EXPRESSIONS] == NULL) {
		odd(&decoder, "a rule in a chain that is not ours, or with nothing in it");
		return;
	}
	netlink_for_each_nested(attr, a.by_type[NFTA_RULE_EXPRESSIONS]) {
		decode_expression(&decoder, attr);
	}
	if (!ends(attr, a.by_type[NFTA_RULE_EXPRESSIONS]))
		odd(&decoder, "expressions that are cut off");
	if (!decoder.decided)
		odd(&decoder, "a rule without a verdict");
	if (decoder.meaning != NOTHING)
		odd(&decoder, "something loaded and never compared");
}
