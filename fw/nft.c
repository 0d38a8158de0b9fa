/*
 * The nf_tables batch. Sources: linux/netfilter/nf_tables.h (attributes), linux/netfilter/nf_tables_compat.h,
 * and for each xt match or target the header that is named beside it.
 */
#include "fw/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/*
 * Table flags newer than the headers of the oldest system we build on (linux/netfilter/nf_tables.h, enum
 * nft_table_flags): the table belongs to the socket that made it (5.12), and stays when that is gone (6.9).
 */
#define TABLE_OWNER   0x2
#define TABLE_PERSIST 0x4

#define BATCH_BYTES  131072 /* RULES_MAX rules of at most 600 bytes fit, with room to spare */
#define MESSAGE_ROOM 2048U  /* what must be left for one more message, and the batch's end */

/* XT_CONNTRACK_STATE_BIT of the two states (linux/netfilter/xt_conntrack.h; enum ip_conntrack_info). */
#define CT_ESTABLISHED XT_CONNTRACK_STATE_BIT(0)
#define CT_RELATED     XT_CONNTRACK_STATE_BIT(1)

static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

struct batch {
	struct netlink *netlink;
	char bytes[BATCH_BYTES];
	size_t used;
	uint32_t first_rule, last_rule; /* sequence numbers of the rules' messages */
};

/* What the kernel said: the first message it refused. */
struct refusal {
	int err;
	uint32_t sequence;
};

static struct nlmsghdr *begin(struct batch *batch, uint8_t command, uint16_t flags, uint8_t family)
{
	return netlink_nf_message(batch->netlink, batch->bytes + batch->used, NFNL_SUBSYS_NFTABLES, command,
		flags | NLM_F_ACK, family, 0);
}

static void end(struct batch *batch, const struct nlmsghdr *message)
{
	/* messages start at multiples of NLMSG_ALIGNTO, 4 */
	batch->used += (message->nlmsg_len + 3U) & ~(size_t)3;
}

/* The marks around a batch (linux/netfilter/nfnetlink.h); their resource id is the subsystem. */
static void batch_mark(struct batch *batch, uint8_t type)
{
	end(batch, netlink_nf_message(batch->netlink, batch->bytes + batch->used, 0, type, 0, AF_UNSPEC,
			   NFNL_SUBSYS_NFTABLES));
}

static struct nlattr *expression(struct nlmsghdr *message, const char *name, struct nlattr **data)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
	*data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	return element;
}

static void expression_end(struct nlmsghdr *message, struct nlattr *element, struct nlattr *data)
{
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, element);
}

static void put_u32(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(message, type, htonl(value));
}

static void load_meta(struct nlmsghdr *message, uint32_t key)
{
	struct nlattr *data, *element = expression(message, "meta", &data);

	put_u32(message, NFTA_META_KEY, key);
	put_u32(message, NFTA_META_DREG, NFT_REG_1);
	expression_end(message, element, data);
}

static void load_payload(struct nlmsghdr *message, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nlattr *data, *element = expression(message, "payload", &data);

	put_u32(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_u32(message, NFTA_PAYLOAD_BASE, base);
	put_u32(message, NFTA_PAYLOAD_OFFSET, offset);
	put_u32(message, NFTA_PAYLOAD_LEN, length);
	expression_end(message, element, data);
}

static void put_value(struct nlmsghdr *message, uint16_t type, const void *bytes, size_t length)
{
	struct nlattr *nest = mnl_attr_nest_start(message, type);

	mnl_attr_put(message, NFTA_DATA_VALUE, length, bytes);
	mnl_attr_nest_end(message, nest);
}

static void mask(struct nlmsghdr *message, const uint8_t *bits, uint32_t length)
{
	static const uint8_t zero[16];
	struct nlattr *data, *element = expression(message, "bitwise", &data);

	put_u32(message, NFTA_BITWISE_SREG, NFT_REG_1);
	put_u32(message, NFTA_BITWISE_DREG, NFT_REG_1);
	put_u32(message, NFTA_BITWISE_LEN, length);
	put_value(message, NFTA_BITWISE_MASK, bits, length);
	put_value(message, NFTA_BITWISE_XOR, zero, length);
	expression_end(message, element, data);
}

static void equals(struct nlmsghdr *message, const void *bytes, size_t length)
{
	struct nlattr *data, *element = expression(message, "cmp", &data);

	put_u32(message, NFTA_CMP_SREG, NFT_REG_1);
	put_u32(message, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(message, NFTA_CMP_DATA, bytes, length);
	expression_end(message, element, data);
}

/* One xt match or target; the kernel wants the info padded to XT_ALIGN, 8 bytes. */
static void xt(struct nlmsghdr *message, const char *kind, const char *name, uint32_t revision,
	const void *info, size_t size)
{
	const bool match = strcmp(kind, "match") == 0;
	char padded[512] = {0};
	struct nlattr *data, *element = expression(message, kind, &data);

	memcpy(padded, info, size);
	mnl_attr_put_strz(message, match ? NFTA_MATCH_NAME : NFTA_TARGET_NAME, name);
	put_u32(message, match ? NFTA_MATCH_REV : NFTA_TARGET_REV, revision);
	mnl_attr_put(message, match ? NFTA_MATCH_INFO : NFTA_TARGET_INFO, XT_ALIGN(size), padded);
	expression_end(message, element, data);
}

static void put_peer(struct nlmsghdr *message, const struct rule *rule)
{
	const bool v4 = rule->family == AF_INET;
	const uint32_t size = v4 ? 4 : 16;
	/* ip(7), RFC 791: source at 12, destination at 16; RFC 8200: 8 and 24 */
	const uint32_t offset = rule->chain == CHAIN_INPUT ? (v4 ? 12 : 8) : (v4 ? 16 : 24);

	load_payload(message, NFT_PAYLOAD_NETWORK_HEADER, offset, size);
	if (!prefix_is_address(&rule->peer)) {
		uint8_t ones[16];
		struct prefix bits;

		memset(ones, 0xff, sizeof(ones));
		bits = prefix_make(rule->family, ones, rule->peer.length);
		mask(message, bits.addr, size);
	}
	equals(message, rule->peer.addr, size);
}

static void put_matches(struct nlmsghdr *message, const struct rule *rule, const uint16_t index[SETS])
{
	if (rule->peer.family != 0)
		put_peer(message, rule);
	if (rule->loopback) {
		load_meta(message, rule->chain == CHAIN_INPUT ? NFT_META_IIFNAME : NFT_META_OIFNAME);
		equals(message, "lo", sizeof("lo"));
	}
	if (rule->protocol != 0) {
		load_meta(message, NFT_META_L4PROTO);
		equals(message, &rule->protocol, sizeof(rule->protocol));
	}
	if (rule->dport != 0) {
		const uint16_t port = htons(rule->dport);

		load_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port));
		equals(message, &port, sizeof(port));
	}
	if (rule->icmp6type != 0) {
		const struct ip6t_icmp info = {.type = rule->icmp6type, .code = {0, 0xff}};

		xt(message, "match", "icmp6", 0, &info, sizeof(info));
	}
	if (rule->user != USER_ANY) {
		/* netfilter/xt_owner.h: a range of uids, here of one */
		const uint32_t uid = rule->user == USER_ROOT ? 0 : GUARD_UID_RESOLVER;
		const struct xt_owner_match_info info = {
			.match = XT_OWNER_UID, .uid_min = uid, .uid_max = uid};

		xt(message, "match", "owner", 1, &info, sizeof(info));
	}
	if (rule->states != 0) {
		const struct xt_conntrack_mtinfo3 info = {
			.match_flags = XT_CONNTRACK_STATE,
			.state_mask = (rule->states & STATE_ESTABLISHED ? CT_ESTABLISHED : 0) |
				      (rule->states & STATE_RELATED ? CT_RELATED : 0),
		};

		xt(message, "match", "conntrack", 3, &info, sizeof(info));
	}
	if (rule->set != 0) {
		/* the first dimension is the peer; the second, the port, is always the destination's */
		const struct xt_set_info_match_v4 info = {
			.match_set = {.index = index[rule->set - 1],
				.dim = set_kinds[rule->set - 1].with_ports ? IPSET_DIM_TWO : IPSET_DIM_ONE,
				.flags = rule->chain == CHAIN_INPUT ? IPSET_DIM_ONE_SRC : 0},
		};

		xt(message, "match", "set", 4, &info, sizeof(info));
	}
}

static void put_verdict(struct nlmsghdr *message, const struct rule *rule)
{
	struct nlattr *data, *element, *value, *verdict;

	if (rule->verdict == VERDICT_ACCEPT) {
		element = expression(message, "immediate", &data);
		put_u32(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
		value = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
		verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
		put_u32(message, NFTA_VERDICT_CODE, NF_ACCEPT);
		mnl_attr_nest_end(message, verdict);
		mnl_attr_nest_end(message, value);
		expression_end(message, element, data);
	} else if (rule->verdict == VERDICT_LOG) {
		struct xt_nflog_info info = {
			.group = GUARD_NFLOG_GROUP, .threshold = XT_NFLOG_DEFAULT_THRESHOLD};

		memcpy(info.prefix, GUARD_NFLOG_PREFIX, sizeof(GUARD_NFLOG_PREFIX));
		xt(message, "target", "NFLOG", 0, &info, sizeof(info));
	} else if (rule->family == AF_INET) {
		const struct ipt_reject_info info = {
			.with = rule->verdict == VERDICT_RESET ? IPT_TCP_RESET : IPT_ICMP_ADMIN_PROHIBITED};

		xt(message, "target", "REJECT", 0, &info, sizeof(info));
	} else {
		const struct ip6t_reject_info info = {
			.with = rule->verdict == VERDICT_RESET ? IP6T_TCP_RESET : IP6T_ICMP6_ADM_PROHIBITED};

		xt(message, "target", "REJECT", 0, &info, sizeof(info));
	}
}

static void put_rule(struct batch *batch, const struct rule *rule, const uint16_t index[SETS])
{
	struct nlmsghdr *message = begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rule->family);
	struct nlattr *nest, *element, *data;

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain_names[rule->chain]);
	if (rule->protocol != 0) {
		/* what xt extensions that ask for a protocol (icmp6, tcp-reset) are shown as the rule's own
		 */
		nest = mnl_attr_nest_start(message, NFTA_RULE_COMPAT);
		put_u32(message, NFTA_RULE_COMPAT_PROTO, rule->protocol);
		put_u32(message, NFTA_RULE_COMPAT_FLAGS, 0);
		mnl_attr_nest_end(message, nest);
	}
	nest = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	put_matches(message, rule, index);
	element = expression(message, "counter", &data);
	expression_end(message, element, data);
	put_verdict(message, rule);
	mnl_attr_nest_end(message, nest);
	end(batch, message);
	batch->last_rule = batch->netlink->sequence;
}

static void put_table(struct batch *batch, uint8_t command, uint8_t family, uint32_t flags)
{
	struct nlmsghdr *message =
		begin(batch, command, command == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, family);

	mnl_attr_put_strz(message, NFTA_TABLE_NAME, TABLE_NAME);
	if (flags != 0)
		put_u32(message, NFTA_TABLE_FLAGS, flags);
	end(batch, message);
}

static void put_chain(struct batch *batch, uint8_t family, enum chain chain)
{
	static const uint32_t hooks[CHAINS] = {NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT};
	struct nlmsghdr *message = begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
	struct nlattr *hook;

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain_names[chain]);
	hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	put_u32(message, NFTA_HOOK_HOOKNUM, hooks[chain]);
	/* iptables knows a chain for its own only at NF_IP_PRI_FILTER exactly */
	put_u32(message, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(message, hook);
	put_u32(message, NFTA_CHAIN_POLICY, NF_DROP);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
	end(batch, message);
}

/* Takes note of every acknowledgement in one datagram; returns how many there were. */
static unsigned int read_acks(const char *bytes, size_t length, struct refusal *refusal)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)bytes;
	int rest = (int)length;
	unsigned int n = 0;

	for (; mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
		const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

		if (message->nlmsg_type != NLMSG_ERROR ||
			mnl_nlmsg_get_payload_len(message) < sizeof(*answer))
			continue;
		n++;
		if (answer->error != 0 && refusal->err == 0)
			*refusal = (struct refusal){-answer->error, message->nlmsg_seq};
	}
	return n;
}

/*
 * Throws away the answers that are left. The kernel has put all of them into the queue by the time sendto()
 * came back; one that stayed would be taken for the answer to a later message.
 */
static void drain(const struct netlink *netlink)
{
	char answers[16384];

	while (recv(mnl_socket_get_fd(netlink->socket), answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
}

/* Sends the batch and waits for every acknowledgement. Returns 0, or -errno of the first refusal. */
static int batch_send(struct batch *batch, unsigned int messages, struct refusal *refusal)
{
	char answers[16384];
	unsigned int seen = 0;

	if (mnl_socket_sendto(batch->netlink->socket, batch->bytes, batch->used) < 0)
		return -errno;
	while (seen < messages) {
		ssize_t length = mnl_socket_recvfrom(batch->netlink->socket, answers, sizeof(answers));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		seen += read_acks(answers, (size_t)length, refusal);
		/* a batch that could not start is answered by one error on its opening mark, and nothing else
		 */
		if (refusal->err != 0) {
			drain(batch->netlink);
			break;
		}
	}
	return -refusal->err;
}

static int commit(struct netlink *netlink, const struct ruleset *ruleset, const uint16_t index[SETS],
	uint32_t flags, const struct rule **refused)
{
	struct batch batch = {.netlink = netlink};
	struct refusal refusal = {0};
	uint32_t first;
	int ret;

	batch_mark(&batch, NFNL_MSG_BATCH_BEGIN);
	first = netlink->sequence;
	for (size_t f = 0; f < sizeof(families); f++) {
		/*
		 * Made if it was not there, gone whatever it held, made anew: a flag cannot be put on a table
		 * that exists, and deleting one that does not is an error.
		 */
		put_table(&batch, NFT_MSG_NEWTABLE, families[f], 0);
		put_table(&batch, NFT_MSG_DELTABLE, families[f], 0);
		put_table(&batch, NFT_MSG_NEWTABLE, families[f], flags);
		for (int chain = 0; chain < CHAINS; chain++)
			put_chain(&batch, families[f], (enum chain)chain);
	}
	batch.first_rule = netlink->sequence + 1;
	for (size_t i = 0; i < ruleset->n; i++) {
		if (BATCH_BYTES - batch.used < MESSAGE_ROOM)
			return -ENOBUFS;
		put_rule(&batch, &ruleset->v[i], index);
	}
	const unsigned int messages = netlink->sequence - first;

	batch_mark(&batch, NFNL_MSG_BATCH_END);
	ret = batch_send(&batch, messages, &refusal);
	*refused = NULL;
	if (refusal.err != 0 && refusal.sequence >= batch.first_rule && refusal.sequence <= batch.last_rule)
		*refused = &ruleset->v[refusal.sequence - batch.first_rule];
	return ret;
}

int nft_commit(struct netlink *netlink, const struct ruleset *ruleset, const uint16_t index[SETS],
	bool *owned, struct error *error)
{
	const struct rule *refused;
	char text[RULE_TEXT];
	int ret;

	*owned = true;
	ret = commit(netlink, ruleset, index, TABLE_OWNER | TABLE_PERSIST, &refused);
	/* a kernel before 6.9 knows no such flags; the rules are the same without */
	if ((ret == -EOPNOTSUPP || ret == -EINVAL) && refused == NULL) {
		*owned = false;
		ret = commit(netlink, ruleset, index, 0, &refused);
	}
	if (ret == 0)
		return 0;
	if (refused != NULL)
		return error_set(error, FAIL_FIREWALL, -ret, "the kernel refused the %s rule '%s': %s",
			refused->family == AF_INET ? "IPv4" : "IPv6", rule_text(refused, text),
			strerror(-ret));
	if (ret == -EPERM)
		return error_set(error, FAIL_FIREWALL, EPERM,
			"the kernel refused to replace the filter tables: they belong to a running process; "
			"another secure-init guards this network namespace");
	return error_set(error, FAIL_FIREWALL, -ret, "the kernel refused the firewall: %s", strerror(-ret));
}
