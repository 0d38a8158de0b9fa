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
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "fw/batch.h"
#include "fw/expression.h"

/* XT_CONNTRACK_STATE_BIT of the two states (linux/netfilter/xt_conntrack.h; enum ip_conntrack_info). */
#define CT_ESTABLISHED XT_CONNTRACK_STATE_BIT(0)
#define CT_RELATED     XT_CONNTRACK_STATE_BIT(1)

/* What the kernel did not want: a rule of ours, or something of the guard's table. */
struct refused {
	const struct rule *rule;
	bool detour;
};

static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

static void put_peer(struct nlmsghdr *message, const struct rule *rule)
{
	const bool v4 = rule->family == AF_INET;
	const uint32_t size = v4 ? 4 : 16;
	/* ip(7), RFC 791: source at 12, destination at 16; RFC 8200: 8 and 24 */
	const uint32_t offset = rule->chain == CHAIN_INPUT ? (v4 ? 12 : 8) : (v4 ? 16 : 24);

	expression_payload(message, NFT_PAYLOAD_NETWORK_HEADER, offset, size);
	if (!prefix_is_address(&rule->peer)) {
		uint8_t ones[16];
		struct prefix bits;

		memset(ones, 0xff, sizeof(ones));
		bits = prefix_make(rule->family, ones, rule->peer.length);
		expression_mask(message, bits.addr, size);
	}
	expression_compare(message, NFT_CMP_EQ, rule->peer.addr, size);
}

static void put_matches(struct nlmsghdr *message, const struct rule *rule, const uint16_t index[SETS])
{
	if (rule->peer.family != 0)
		put_peer(message, rule);
	if (rule->loopback) {
		expression_meta(message, rule->chain == CHAIN_INPUT ? NFT_META_IIFNAME : NFT_META_OIFNAME);
		expression_compare(message, NFT_CMP_EQ, "lo", sizeof("lo"));
	}
	if (rule->protocol != 0) {
		expression_meta(message, NFT_META_L4PROTO);
		expression_compare(message, NFT_CMP_EQ, &rule->protocol, sizeof(rule->protocol));
	}
	if (rule->dport != 0) {
		const uint16_t port = htons(rule->dport);

		expression_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port));
		expression_compare(message, NFT_CMP_EQ, &port, sizeof(port));
	}
	if (rule->icmp6type != 0) {
		const struct ip6t_icmp info = {.type = rule->icmp6type, .code = {0, 0xff}};

		expression_xt(message, "match", "icmp6", 0, &info, sizeof(info));
	}
	if (rule->user != USER_ANY) {
		/* netfilter/xt_owner.h: a range of uids, here of one */
		const uint32_t uid = rule->user == USER_ROOT ? 0 : GUARD_UID_RESOLVER;
		const struct xt_owner_match_info info = {
			.match = XT_OWNER_UID, .uid_min = uid, .uid_max = uid};

		expression_xt(message, "match", "owner", 1, &info, sizeof(info));
	}
	if (rule->local != LOCAL_ANY) {
		const struct xt_addrtype_info_v1 receiver = {.dest = XT_ADDRTYPE_LOCAL};
		const struct xt_addrtype_info_v1 not_sender = {
			.source = XT_ADDRTYPE_LOCAL, .flags = XT_ADDRTYPE_INVERT_SOURCE};

		expression_xt(message, "match", "addrtype", 1,
			rule->local == LOCAL_RECEIVER ? &receiver : &not_sender, sizeof(receiver));
	}
	if (rule->states != 0) {
		const struct xt_conntrack_mtinfo3 info = {
			.match_flags = XT_CONNTRACK_STATE,
			.state_mask = (rule->states & STATE_ESTABLISHED ? CT_ESTABLISHED : 0) |
				      (rule->states & STATE_RELATED ? CT_RELATED : 0),
		};

		expression_xt(message, "match", "conntrack", 3, &info, sizeof(info));
	}
	if (rule->set != 0) {
		/* the first dimension is the peer; the second, the port, is always the destination's */
		const struct xt_set_info_match_v4 info = {
			.match_set = {.index = index[rule->set - 1],
				.dim = set_kinds[rule->set - 1].with_ports ? IPSET_DIM_TWO : IPSET_DIM_ONE,
				.flags = rule->chain == CHAIN_INPUT ? IPSET_DIM_ONE_SRC : 0},
		};

		expression_xt(message, "match", "set", 4, &info, sizeof(info));
	}
}

static void put_verdict(struct nlmsghdr *message, const struct rule *rule)
{
	if (rule->verdict == VERDICT_ACCEPT) {
		expression_verdict(message, NF_ACCEPT);
	} else if (rule->verdict == VERDICT_LOG) {
		struct xt_nflog_info info = {
			.group = GUARD_NFLOG_GROUP, .threshold = XT_NFLOG_DEFAULT_THRESHOLD};

		memcpy(info.prefix, GUARD_NFLOG_PREFIX, sizeof(GUARD_NFLOG_PREFIX));
		expression_xt(message, "target", "NFLOG", 0, &info, sizeof(info));
	} else if (rule->family == AF_INET) {
		const struct ipt_reject_info info = {
			.with = rule->verdict == VERDICT_RESET ? IPT_TCP_RESET : IPT_ICMP_ADMIN_PROHIBITED};

		expression_xt(message, "target", "REJECT", 0, &info, sizeof(info));
	} else {
		const struct ip6t_reject_info info = {
			.with = rule->verdict == VERDICT_RESET ? IP6T_TCP_RESET : IP6T_ICMP6_ADM_PROHIBITED};

		expression_xt(message, "target", "REJECT", 0, &info, sizeof(info));
	}
}

static void put_rule(struct batch *batch, const struct rule *rule, const uint16_t index[SETS])
{
	struct nlmsghdr *message =
		batch_begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rule->family);
	struct nlattr *nest;

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain_names[rule->chain]);
	if (rule->protocol != 0) {
		/* what xt extensions that ask for a protocol (icmp6, tcp-reset) are shown as the rule's own
		 */
		nest = mnl_attr_nest_start(message, NFTA_RULE_COMPAT);
		expression_u32(message, NFTA_RULE_COMPAT_PROTO, rule->protocol);
		expression_u32(message, NFTA_RULE_COMPAT_FLAGS, 0);
		mnl_attr_nest_end(message, nest);
	}
	nest = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	put_matches(message, rule, index);
	expression_counter(message);
	put_verdict(message, rule);
	mnl_attr_nest_end(message, nest);
	batch_end(batch, message);
}

static void put_chain(struct batch *batch, uint8_t family, enum chain chain)
{
	static const uint32_t hooks[CHAINS] = {NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT};
	/* iptables knows a chain for its own only at NF_IP_PRI_FILTER exactly */
	const struct batch_chain base = {TABLE_NAME, chain_names[chain], "filter", hooks[chain], 0, NF_DROP};

	batch_chain(batch, family, &base);
}

/* All rules of a table of ours go. */
static void put_no_rules(struct batch *batch, uint8_t family)
{
	struct nlmsghdr *message = batch_begin(batch, NFT_MSG_DELRULE, 0, family);

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, TABLE_NAME);
	batch_end(batch, message);
}

/* What is to become of the tables: made anew with these flags, or only other rules. */
struct making {
	bool anew;
	uint32_t flags;
	const struct detour *detour; /* NULL: none, or if the tables stay, the one that is there */
};

static void put_tables(struct batch *batch, const struct making *making)
{
	for (size_t f = 0; f < sizeof(families); f++) {
		if (!making->anew) {
			put_no_rules(batch, families[f]);
			continue;
		}
		batch_table(batch, families[f], TABLE_NAME, making->flags);
		for (int chain = 0; chain < CHAINS; chain++)
			put_chain(batch, families[f], (enum chain)chain);
	}
}

/* *refused is the rule that the kernel did not want, if it was one. */
static int commit(struct netlink *netlink, const struct ruleset *ruleset, const struct making *making,
	const uint16_t index[SETS], struct refused *refused)
{
	struct batch batch;
	struct refusal refusal = {0};
	uint32_t first_rule, last_rule;
	int ret;

	*refused = (struct refused){0};
	batch_open(&batch, netlink);
	put_tables(&batch, making);
	first_rule = netlink->sequence + 1;
	for (size_t i = 0; i < ruleset->n; i++) {
		if (BATCH_BYTES - batch.used < MESSAGE_ROOM)
			return -ENOBUFS;
		put_rule(&batch, &ruleset->v[i], index);
	}
	last_rule = netlink->sequence;
	if (making->anew || making->detour != NULL)
		detour_put(&batch, making->detour, making->flags);
	ret = batch_send(&batch, &refusal);
	if (refusal.err != 0 && refusal.sequence >= first_rule && refusal.sequence <= last_rule)
		refused->rule = &ruleset->v[refusal.sequence - first_rule];
	refused->detour = refusal.err != 0 && refusal.sequence > last_rule;
	return ret;
}

/* Why the kernel may not have wanted it, and what to do. */
static int refuse_rule(const struct rule *rule, int err, struct error *error)
{
	char text[RULE_TEXT];

	if (rule->verdict == VERDICT_LOG)
		return error_set(error, FAIL_KERNEL, err,
			"the kernel refused the rule that tells the guard what was refused: %s. It needs the "
			"'NFLOG' "
			"target (modules xt_NFLOG, nfnetlink_log); PARA_GUARD=off does without the guard",
			strerror(err));
	return error_set(error, FAIL_FIREWALL, err, "the kernel refused the %s rule '%s': %s",
		rule->family == AF_INET ? "IPv4" : "IPv6", rule_text(rule, text), strerror(err));
}

/* Says why not. Returns -errno. */
static int refuse(struct error *error, const struct refused *refused, int ret)
{
	if (refused->rule != NULL)
		return refuse_rule(refused->rule, -ret, error);
	if (refused->detour)
		return error_set(error, FAIL_KERNEL, -ret,
			"the kernel refused the guard's table (inet " DETOUR_TABLE
			"): %s. It needs Linux 5.2, and nft_redir and "
			"nft_limit, nft_quota, nft_log where they are asked for; PARA_GUARD=off does without "
			"the guard",
			strerror(-ret));
	if (ret == -EPERM)
		return error_set(error, FAIL_FIREWALL, EPERM,
			"the kernel refused to replace the filter tables: they belong to a running process; "
			"another secure-init guards this network namespace");
	return error_set(error, FAIL_FIREWALL, -ret, "the kernel refused the firewall: %s", strerror(-ret));
}

int nft_commit(struct netlink *netlink, const struct ruleset *ruleset, const struct detour *detour,
	const uint16_t index[SETS], bool *owned, struct error *error)
{
	struct making making = {true, TABLE_OWNER | TABLE_PERSIST, detour};
	struct refused refused;
	int ret = commit(netlink, ruleset, &making, index, &refused);

	*owned = true;
	/* a kernel before 6.9 knows no such flags; the rules are the same without */
	if ((ret == -EOPNOTSUPP || ret == -EINVAL) && refused.rule == NULL) {
		*owned = false;
		making.flags = 0;
		ret = commit(netlink, ruleset, &making, index, &refused);
	}
	return ret < 0 ? refuse(error, &refused, ret) : 0;
}

int nft_exchange(struct netlink *netlink, const struct ruleset *ruleset, const struct detour *detour,
	const uint16_t index[SETS], bool owned, struct error *error)
{
	const struct making making = {false, owned ? TABLE_OWNER | TABLE_PERSIST : 0, detour};
	struct refused refused;
	int ret = commit(netlink, ruleset, &making, index, &refused);

	return ret < 0 ? refuse(error, &refused, ret) : 0;
}
