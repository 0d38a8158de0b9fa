/* The guard's table: see the header. Source: linux/netfilter/nf_tables.h. */
#include "fw/detour.h"

#include <arpa/inet.h>
#include <endian.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "fw/expression.h"
#include "fw/rule.h"

#define PORT_DNS 53

#define IPV4_SOURCE	 12
#define IPV4_DESTINATION 16

/* Before Docker's own redirection of its resolver (NF_IP_PRI_NAT_DST, -100), which the guard's questions then
 * still take. */
#define PRIORITY_DNS (-105)
/* What the kernel shows as the owner who has no number here (proc(5), overflowuid). */
#define UID_NOBODY 65534

/* Before the filter, after whatever other address a packet gets. */
#define PRIORITY_OWN (-5)

/* After the filter: only what that lets through is counted. */
#define PRIORITY_LIMITS 10

#define CHAIN_DNS    "dns"
#define CHAIN_DOCKER "docker"
#define CHAIN_OWN    "own"
#define CHAIN_LIMITS "limits"

static struct nlmsghdr *rule_begin(struct batch *batch, const char *chain, struct nlattr **nest)
{
	struct nlmsghdr *message =
		batch_begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFPROTO_INET);

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, DETOUR_TABLE);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
	*nest = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	return message;
}

static void rule_end(struct batch *batch, struct nlmsghdr *message, struct nlattr *nest)
{
	mnl_attr_nest_end(message, nest);
	batch_end(batch, message);
}

/* The sender's uid compares so. Packets without a socket of this host match neither way. */
static void sender(struct nlmsghdr *message, uint32_t how, uint32_t uid)
{
	expression_meta(message, NFT_META_SKUID);
	expression_compare(message, how, &uid, sizeof(uid));
}

static void immediate(struct nlmsghdr *message, const void *bytes, size_t length)
{
	struct nlattr *data, *element = expression_begin(message, "immediate", &data), *value;

	expression_u32(message, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	value = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
	mnl_attr_put(message, NFTA_DATA_VALUE, length, bytes);
	mnl_attr_nest_end(message, value);
	expression_end(message, element, data);
}

/* To our port on this host (nft(8), redirect). */
static void redirect(struct nlmsghdr *message)
{
	const uint16_t port = htons(GUARD_PORT);
	struct nlattr *data, *element;

	immediate(message, &port, sizeof(port));
	element = expression_begin(message, "redir", &data);
	expression_u32(message, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
	expression_end(message, element, data);
}

/* Goes on only for Docker's resolver, which IPv4 has at this place: 12 the source, 16 the destination (RFC
 * 791).
 */
static void docker_at(struct nlmsghdr *message, uint32_t offset)
{
	static const uint8_t address[] = {127, 0, 0, 11}, ipv4 = NFPROTO_IPV4;

	expression_meta(message, NFT_META_NFPROTO);
	expression_compare(message, NFT_CMP_EQ, &ipv4, sizeof(ipv4));
	expression_payload(message, NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof(address));
	expression_compare(message, NFT_CMP_EQ, address, sizeof(address));
}

/* docker: root's too, if Docker's resolver is asked, which does not ask itself: this root is the agent. */
static void put_redirect(struct batch *batch, uint8_t protocol, bool root_asks, bool docker)
{
	const uint16_t port = htons(PORT_DNS);
	struct nlattr *nest;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_DNS, &nest);

	sender(message, NFT_CMP_NEQ, GUARD_UID_RESOLVER);
	if (docker)
		docker_at(message, IPV4_DESTINATION);
	else if (root_asks)
		sender(message, NFT_CMP_NEQ, 0);
	expression_meta(message, NFT_META_L4PROTO);
	expression_compare(message, NFT_CMP_EQ, &protocol, sizeof(protocol));
	expression_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port));
	expression_compare(message, NFT_CMP_EQ, &port, sizeof(port));
	expression_counter(message);
	redirect(message);
	rule_end(batch, message, nest);
}

static void put_dns(struct batch *batch, bool root_asks)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};

	for (size_t i = 0; i < sizeof(protocols); i++) {
		if (root_asks)
			put_redirect(batch, protocols[i], root_asks, true);
		put_redirect(batch, protocols[i], root_asks, false);
	}
}

static void load_conntrack(struct nlmsghdr *message, uint32_t key)
{
	struct nlattr *data, *element = expression_begin(message, "ct", &data);

	expression_u32(message, NFTA_CT_KEY, key);
	expression_u32(message, NFTA_CT_DREG, NFT_REG_1);
	expression_end(message, element, data);
}

/* Loads the bits of a conntrack key of 32 bits, in the host's order. */
static void conntrack(struct nlmsghdr *message, uint32_t key, uint32_t how, uint32_t bit)
{
	static const uint32_t zero;

	load_conntrack(message, key);
	expression_mask(message, (const uint8_t *)&bit, sizeof(bit));
	expression_compare(message, how, &zero, sizeof(zero));
}

/* Loopback, what was redirected to it, and the guard's own questions are in no limit. */
static void put_exceptions(struct batch *batch)
{
	struct nlattr *nest;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_LIMITS, &nest);

	expression_meta(message, NFT_META_OIFNAME);
	expression_compare(message, NFT_CMP_EQ, "lo", sizeof("lo"));
	expression_verdict(message, NF_ACCEPT);
	rule_end(batch, message, nest);
	message = rule_begin(batch, CHAIN_LIMITS, &nest);
	conntrack(message, NFT_CT_STATUS, NFT_CMP_NEQ, IPS_DST_NAT);
	expression_verdict(message, NF_ACCEPT);
	rule_end(batch, message, nest);
	message = rule_begin(batch, CHAIN_LIMITS, &nest);
	sender(message, NFT_CMP_EQ, GUARD_UID_RESOLVER);
	expression_verdict(message, NF_ACCEPT);
	rule_end(batch, message, nest);
}

static void put_u64(struct nlmsghdr *message, uint16_t type, uint64_t value)
{
	mnl_attr_put_u64(message, type, htobe64(value));
}

/* Told to the guard, and refused. */
static void refuse(struct nlmsghdr *message, const char *prefix)
{
	struct nlattr *data, *element;

	expression_counter(message);
	element = expression_begin(message, "log", &data);
	mnl_attr_put_u16(message, NFTA_LOG_GROUP, htons(GUARD_NFLOG_GROUP));
	mnl_attr_put_strz(message, NFTA_LOG_PREFIX, prefix);
	expression_end(message, element, data);
	element = expression_begin(message, "reject", &data);
	expression_u32(message, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	mnl_attr_put_u8(message, NFTA_REJECT_ICMP_CODE, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
	expression_end(message, element, data);
}

/*
 * Nobody speaks from Docker's resolver's address but that itself: root, or nobody where its user has no
 * number here. And nobody at all from its port 53, which is only ever put into its answers later (Docker's
 * SNAT): a packet from there would make conntrack take the guard's question for the answer to it, and lead it
 * back.
 */
static void put_docker(struct batch *batch)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
	const uint16_t port = htons(PORT_DNS);
	struct nlattr *nest;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_DOCKER, &nest);

	docker_at(message, IPV4_SOURCE);
	sender(message, NFT_CMP_NEQ, 0);
	sender(message, NFT_CMP_NEQ, UID_NOBODY);
	refuse(message, GUARD_NFLOG_PREFIX);
	rule_end(batch, message, nest);
	for (size_t i = 0; i < sizeof(protocols); i++) {
		message = rule_begin(batch, CHAIN_DOCKER, &nest);
		docker_at(message, IPV4_SOURCE);
		expression_meta(message, NFT_META_L4PROTO);
		expression_compare(message, NFT_CMP_EQ, &protocols[i], sizeof(protocols[i]));
		expression_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(port));
		expression_compare(message, NFT_CMP_EQ, &port, sizeof(port));
		refuse(message, GUARD_NFLOG_PREFIX);
		rule_end(batch, message, nest);
	}
}

/* Whose a connection is: conntrack's mark of those that were begun so. */
#define OWN_AWAY 1 /* by the guard, and it leaves by an interface */
#define OWN_HERE 2 /* by the guard, with somebody of this host */
#define OWN_ROOT 3 /* by Docker's resolver, to the servers that it asks */

/* Marks what a user begins; over lo or not. */
static void put_mark(struct batch *batch, uint32_t uid, bool loopback, bool dns, uint32_t mark)
{
	const uint16_t port = htons(PORT_DNS);
	struct nlattr *nest, *data, *element;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_OWN, &nest);

	sender(message, NFT_CMP_EQ, uid);
	expression_meta(message, NFT_META_OIFNAME);
	expression_compare(message, loopback ? NFT_CMP_EQ : NFT_CMP_NEQ, "lo", sizeof("lo"));
	if (dns) {
		expression_payload(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(port));
		expression_compare(message, NFT_CMP_EQ, &port, sizeof(port));
	}
	conntrack(message, NFT_CT_STATE, NFT_CMP_NEQ, NF_CT_STATE_BIT(IP_CT_NEW));
	immediate(message, &mark, sizeof(mark));
	element = expression_begin(message, "ct", &data);
	expression_u32(message, NFTA_CT_KEY, NFT_CT_MARK);
	expression_u32(message, NFTA_CT_SREG, NFT_REG_1);
	expression_end(message, element, data);
	rule_end(batch, message, nest);
}

/* Refuses what others send in a connection of that mark; where somebody of this host answers, but him. */
static void put_refusal(struct batch *batch, uint32_t uid, bool answered_here, uint32_t mark)
{
	static const uint8_t original = IP_CT_DIR_ORIGINAL;
	struct nlattr *nest;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_OWN, &nest);

	load_conntrack(message, NFT_CT_MARK);
	expression_compare(message, NFT_CMP_EQ, &mark, sizeof(mark));
	sender(message, NFT_CMP_NEQ, uid);
	if (answered_here) {
		load_conntrack(message, NFT_CT_DIRECTION);
		expression_compare(message, NFT_CMP_EQ, &original, sizeof(original));
	}
	refuse(message, GUARD_NFLOG_PREFIX);
	rule_end(batch, message, nest);
}

/*
 * A connection is its addresses and ports to conntrack, and established once somebody answered: whoever sends
 * from the port that the guard asked from, to where it asked, goes on with it, past the redirection and the
 * rules; and whoever sends from the server's address (ipv6(7), IPV6_FREEBIND) answers it. So what the guard
 * began only its own sockets send in. The answers of a server elsewhere do not leave by this host; what the
 * kernel sends by itself (a reset, the end of a closed connection) has no socket, and matches no rule.
 */
static void put_own(struct batch *batch, bool root_asks)
{
	put_mark(batch, GUARD_UID_RESOLVER, false, false, OWN_AWAY);
	put_mark(batch, GUARD_UID_RESOLVER, true, false, OWN_HERE);
	put_refusal(batch, GUARD_UID_RESOLVER, false, OWN_AWAY);
	put_refusal(batch, GUARD_UID_RESOLVER, true, OWN_HERE);
	if (!root_asks)
		return;
	put_mark(batch, 0, false, true, OWN_ROOT);
	put_refusal(batch, 0, false, OWN_ROOT);
}

/* A bucket of as many as the minute has, which is filled again over the minute. */
static void put_connections(struct batch *batch, uint32_t connections)
{
	struct nlattr *nest, *data, *element;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_LIMITS, &nest);

	conntrack(message, NFT_CT_STATE, NFT_CMP_NEQ, NF_CT_STATE_BIT(IP_CT_NEW));
	element = expression_begin(message, "limit", &data);
	put_u64(message, NFTA_LIMIT_RATE, connections);
	put_u64(message, NFTA_LIMIT_UNIT, 60);
	expression_u32(message, NFTA_LIMIT_BURST, connections);
	expression_u32(message, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	expression_u32(message, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	expression_end(message, element, data);
	refuse(message, DETOUR_LIMIT_PREFIX);
	rule_end(batch, message, nest);
}

static void put_bytes(struct batch *batch, uint64_t bytes, uint64_t used)
{
	struct nlattr *nest, *data, *element;
	struct nlmsghdr *message = rule_begin(batch, CHAIN_LIMITS, &nest);

	element = expression_begin(message, "quota", &data);
	put_u64(message, NFTA_QUOTA_BYTES, bytes);
	/* the kernel counts on when the quota is used up, and takes no more than that back */
	put_u64(message, NFTA_QUOTA_CONSUMED, used < bytes ? used : bytes);
	expression_u32(message, NFTA_QUOTA_FLAGS, NFT_QUOTA_F_INV);
	expression_end(message, element, data);
	refuse(message, DETOUR_QUOTA_PREFIX);
	rule_end(batch, message, nest);
}

void detour_put(struct batch *batch, const struct detour *detour, uint32_t flags)
{
	const struct batch_chain dns = {
		DETOUR_TABLE, CHAIN_DNS, "nat", NF_INET_LOCAL_OUT, PRIORITY_DNS, NF_ACCEPT};
	const struct batch_chain docker = {
		DETOUR_TABLE, CHAIN_DOCKER, "filter", NF_INET_LOCAL_OUT, 0, NF_ACCEPT};
	const struct batch_chain own = {
		DETOUR_TABLE, CHAIN_OWN, "filter", NF_INET_LOCAL_OUT, PRIORITY_OWN, NF_ACCEPT};
	const struct batch_chain limits = {
		DETOUR_TABLE, CHAIN_LIMITS, "filter", NF_INET_LOCAL_OUT, PRIORITY_LIMITS, NF_ACCEPT};

	if (detour == NULL || (!detour->dns && !detour->docker && !detour->asks && detour->connections == 0 &&
				      detour->bytes == 0)) {
		batch_no_table(batch, NFPROTO_INET, DETOUR_TABLE);
		return;
	}
	batch_table(batch, NFPROTO_INET, DETOUR_TABLE, flags);
	if (detour->dns) {
		batch_chain(batch, NFPROTO_INET, &dns);
		put_dns(batch, detour->root_asks);
	}
	if (detour->docker) {
		batch_chain(batch, NFPROTO_INET, &docker);
		put_docker(batch);
	}
	if (detour->asks) {
		batch_chain(batch, NFPROTO_INET, &own);
		put_own(batch, detour->root_asks);
	}
	if (detour->connections == 0 && detour->bytes == 0)
		return;
	batch_chain(batch, NFPROTO_INET, &limits);
	put_exceptions(batch);
	if (detour->connections != 0)
		put_connections(batch, detour->connections);
	if (detour->bytes != 0)
		put_bytes(batch, detour->bytes, detour->used);
}
