/* Rules as netlink messages: see the header. Source of the numbers: linux/netfilter/nf_tables.h. */
#include "tests/unit/rule-message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "tests/unit/unit.h"

const uint16_t rule_message_index[SETS] = {7, 0, 300, 12, 8, 9, 10, 11, 513, 514, 515, 65534};

void rule_begin(struct rule_message *message, uint8_t family, const char *chain)
{
	struct nfgenmsg *header;

	memset(message, 0, sizeof(*message));
	mnl_nlmsg_put_header(message->bytes);
	message->header.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE;
	message->header.nlmsg_flags = NLM_F_MULTI | NLM_F_APPEND;
	header = mnl_nlmsg_put_extra_header(&message->header, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	mnl_attr_put_strz(&message->header, NFTA_RULE_TABLE, "filter");
	mnl_attr_put_strz(&message->header, NFTA_RULE_CHAIN, chain);
	mnl_attr_put_u64(&message->header, NFTA_RULE_HANDLE, htobe64(5));
	message->expressions = mnl_attr_nest_start(&message->header, NFTA_RULE_EXPRESSIONS);
}

void rule_end(struct rule_message *message)
{
	mnl_attr_nest_end(&message->header, message->expressions);
}

static struct nlattr *begin(struct rule_message *message, const char *name, struct nlattr **data)
{
	struct nlattr *element = mnl_attr_nest_start(&message->header, NFTA_LIST_ELEM);

	mnl_attr_put_strz(&message->header, NFTA_EXPR_NAME, name);
	*data = mnl_attr_nest_start(&message->header, NFTA_EXPR_DATA);
	return element;
}

static void end(struct rule_message *message, struct nlattr *element, struct nlattr *data)
{
	mnl_attr_nest_end(&message->header, data);
	mnl_attr_nest_end(&message->header, element);
}

static void number(struct rule_message *message, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(&message->header, type, htonl(value));
}

static void value(struct rule_message *message, uint16_t type, const void *bytes, size_t length)
{
	struct nlattr *nest = mnl_attr_nest_start(&message->header, type);

	mnl_attr_put(&message->header, NFTA_DATA_VALUE, length, bytes);
	mnl_attr_nest_end(&message->header, nest);
}

void put_name(struct rule_message *message, const char *name)
{
	struct nlattr *data, *element = begin(message, name, &data);

	end(message, element, data);
}

void put_meta(struct rule_message *message, uint32_t key, uint32_t reg)
{
	struct nlattr *data, *element = begin(message, "meta", &data);

	number(message, NFTA_META_KEY, key);
	number(message, NFTA_META_DREG, reg);
	end(message, element, data);
}

void put_payload(struct rule_message *message, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
	struct nlattr *data, *element = begin(message, "payload", &data);

	number(message, NFTA_PAYLOAD_DREG, reg);
	number(message, NFTA_PAYLOAD_BASE, base);
	number(message, NFTA_PAYLOAD_OFFSET, offset);
	number(message, NFTA_PAYLOAD_LEN, length);
	end(message, element, data);
}

void put_bitwise(struct rule_message *message, const void *mask, const void *flip, size_t length)
{
	struct nlattr *data, *element = begin(message, "bitwise", &data);

	number(message, NFTA_BITWISE_SREG, NFT_REG_1);
	number(message, NFTA_BITWISE_DREG, NFT_REG_1);
	number(message, NFTA_BITWISE_LEN, (uint32_t)length);
	value(message, NFTA_BITWISE_MASK, mask, length);
	value(message, NFTA_BITWISE_XOR, flip, length);
	end(message, element, data);
}

void put_cmp(struct rule_message *message, uint32_t operation, const void *bytes, size_t length)
{
	struct nlattr *data, *element = begin(message, "cmp", &data);

	number(message, NFTA_CMP_SREG, NFT_REG_1);
	number(message, NFTA_CMP_OP, operation);
	value(message, NFTA_CMP_DATA, bytes, length);
	end(message, element, data);
}

void put_counter(struct rule_message *message, uint64_t packets, uint64_t bytes)
{
	struct nlattr *data, *element = begin(message, "counter", &data);

	mnl_attr_put_u64(&message->header, NFTA_COUNTER_BYTES, htobe64(bytes));
	mnl_attr_put_u64(&message->header, NFTA_COUNTER_PACKETS, htobe64(packets));
	end(message, element, data);
}

void put_verdict(struct rule_message *message, uint32_t code, const char *chain)
{
	struct nlattr *data, *element = begin(message, "immediate", &data), *nest, *verdict;

	number(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	nest = mnl_attr_nest_start(&message->header, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(&message->header, NFTA_DATA_VERDICT);
	number(message, NFTA_VERDICT_CODE, code);
	if (chain != NULL)
		mnl_attr_put_strz(&message->header, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(&message->header, verdict);
	mnl_attr_nest_end(&message->header, nest);
	end(message, element, data);
}

void put_xt(struct rule_message *message, const char *kind, const char *name, uint32_t revision,
	const void *info, size_t size)
{
	struct nlattr *data, *element = begin(message, kind, &data);
	char padded[512] = {0};

	memcpy(padded, info, size);
	/* matches and targets number their attributes alike */
	mnl_attr_put_strz(&message->header, NFTA_MATCH_NAME, name);
	number(message, NFTA_MATCH_REV, revision);
	mnl_attr_put(&message->header, NFTA_MATCH_INFO, (size + 7) / 8 * 8, padded);
	end(message, element, data);
}

void put_matches(struct rule_message *message, const struct rule *rule)
{
	const bool in = rule->chain == CHAIN_INPUT, v4 = rule->family == AF_INET;
	const uint8_t port[2] = {(uint8_t)(rule->dport >> 8), (uint8_t)rule->dport};
	static const uint8_t zero[16];
	uint8_t ones[16];

	memset(ones, 0xff, sizeof(ones));
	if (rule->peer.family != 0) {
		const struct prefix mask = prefix_make(rule->family, ones, rule->peer.length);
		const uint32_t size = v4 ? 4 : 16;

		put_payload(message, NFT_PAYLOAD_NETWORK_HEADER, v4 ? (in ? 12 : 16) : (in ? 8 : 24), size,
			NFT_REG_1);
		if (!prefix_is_address(&rule->peer))
			put_bitwise(message, mask.addr, zero, size);
		put_cmp(message, NFT_CMP_EQ, rule->peer.addr, size);
	}
	if (rule->loopback) {
		put_meta(message, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, NFT_REG_1);
		put_cmp(message, NFT_CMP_EQ, "lo", 3);
	}
	if (rule->protocol != 0) {
		put_meta(message, NFT_META_L4PROTO, NFT_REG_1);
		put_cmp(message, NFT_CMP_EQ, &rule->protocol, 1);
	}
	if (rule->dport != 0) {
		put_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
		put_cmp(message, NFT_CMP_EQ, port, 2);
	}
	if (rule->icmp6type != 0) {
		const struct ip6t_icmp info = {.type = rule->icmp6type, .code = {0, 255}};

		put_xt(message, "match", "icmp6", 0, &info, sizeof(info));
	}
	if (rule->user != USER_ANY) {
		const uint32_t uid = rule->user == USER_GUARD ? 65501 : 0;
		const struct xt_owner_match_info info = {
			.match = XT_OWNER_UID, .uid_min = uid, .uid_max = uid};

		put_xt(message, "match", "owner", 1, &info, sizeof(info));
	}
	if (rule->local != LOCAL_ANY) {
		const bool receiver = rule->local == LOCAL_RECEIVER;
		const struct xt_addrtype_info_v1 info = {.source = receiver ? 0 : XT_ADDRTYPE_LOCAL,
			.dest = receiver ? XT_ADDRTYPE_LOCAL : 0,
			.flags = receiver ? 0 : XT_ADDRTYPE_INVERT_SOURCE};

		put_xt(message, "match", "addrtype", 1, &info, sizeof(info));
	}
	if (rule->states != 0) {
		const struct xt_conntrack_mtinfo3 info = {.match_flags = XT_CONNTRACK_STATE,
			.state_mask = (uint16_t)((rule->states & STATE_ESTABLISHED ? 2 : 0) |
						 (rule->states & STATE_RELATED ? 4 : 0))};

		put_xt(message, "match", "conntrack", 3, &info, sizeof(info));
	}
	if (rule->set != 0) {
		/* of four sets the third and fourth hold ports too */
		const struct xt_set_info_match_v4 info = {
			.match_set = {.index = rule_message_index[rule->set - 1],
				.dim = (rule->set - 1) % 4 >= 2 ? 2 : 1,
				.flags = in ? IPSET_DIM_ONE_SRC : 0}};

		put_xt(message, "match", "set", 4, &info, sizeof(info));
	}
}

void rule_whole(struct rule_message *message, const struct rule *rule, uint64_t packets)
{
	const bool v4 = rule->family == AF_INET;

	rule_begin(message, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6, chain_names[rule->chain]);
	put_matches(message, rule);
	put_counter(message, packets, packets * 60);
	if (rule->verdict == VERDICT_ACCEPT) {
		put_verdict(message, NF_ACCEPT, NULL);
	} else if (rule->verdict == VERDICT_LOG) {
		const struct xt_nflog_info info = {.group = 10053, .prefix = "refused"};

		put_xt(message, "target", "NFLOG", 0, &info, sizeof(info));
	} else {
		const bool reset = rule->verdict == VERDICT_RESET;
		const uint32_t with =
			v4 ? (reset ? (uint32_t)IPT_TCP_RESET : (uint32_t)IPT_ICMP_ADMIN_PROHIBITED)
			   : (reset ? (uint32_t)IP6T_TCP_RESET : (uint32_t)IP6T_ICMP6_ADM_PROHIBITED);

		put_xt(message, "target", "REJECT", 0, &with, sizeof(with));
	}
	rule_end(message);
}

const char *rule_seed_folder;

static void write_seed(const char *name, const struct rule_message *message)
{
	char path[500];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", rule_seed_folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(
		fwrite(message->bytes, 1, message->header.nlmsg_len, file), message->header.nlmsg_len);
	assert_int_equal(fclose(file), 0);
}

struct decoded rule_decode(const char *name, const struct rule_message *message)
{
	const size_t length = message->header.nlmsg_len;
	struct nlmsghdr *copy = malloc(length);
	struct decoded decoded;

	assert_non_null(copy);
	if (rule_seed_folder != NULL)
		write_seed(name, message);
	memcpy(copy, message->bytes, length);
	memset(&decoded, 0xa5, sizeof(decoded));
	decode_rule(copy, rule_message_index, &decoded);
	free(copy);
	return decoded;
}
