/* The batch: see the header. */
#include "fw/batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "fw/expression.h"

struct nlmsghdr *batch_begin(struct batch *batch, uint8_t command, uint16_t flags, uint8_t family)
{
	return netlink_nf_message(batch->netlink, batch->bytes + batch->used, NFNL_SUBSYS_NFTABLES, command,
		flags | NLM_F_ACK, family, 0);
}

void batch_end(struct batch *batch, const struct nlmsghdr *message)
{
	/* messages start at multiples of NLMSG_ALIGNTO, 4 */
	batch->used += (message->nlmsg_len + 3U) & ~(size_t)3;
}

/* The marks around a batch (linux/netfilter/nfnetlink.h); their resource id is the subsystem. */
static void batch_mark(struct batch *batch, uint8_t type)
{
	batch_end(batch, netlink_nf_message(batch->netlink, batch->bytes + batch->used, 0, type, 0, AF_UNSPEC,
				 NFNL_SUBSYS_NFTABLES));
}

void batch_open(struct batch *batch, struct netlink *netlink)
{
	batch->netlink = netlink;
	batch->used = 0;
	batch_mark(batch, NFNL_MSG_BATCH_BEGIN);
	batch->first = netlink->sequence;
}

static void put_table(struct batch *batch, uint8_t command, uint8_t family, const char *name, uint32_t flags)
{
	struct nlmsghdr *message =
		batch_begin(batch, command, command == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, family);

	mnl_attr_put_strz(message, NFTA_TABLE_NAME, name);
	if (flags != 0)
		expression_u32(message, NFTA_TABLE_FLAGS, flags);
	batch_end(batch, message);
}

void batch_no_table(struct batch *batch, uint8_t family, const char *name)
{
	put_table(batch, NFT_MSG_NEWTABLE, family, name, 0);
	put_table(batch, NFT_MSG_DELTABLE, family, name, 0);
}

void batch_table(struct batch *batch, uint8_t family, const char *name, uint32_t flags)
{
	batch_no_table(batch, family, name);
	put_table(batch, NFT_MSG_NEWTABLE, family, name, flags);
}

void batch_chain(struct batch *batch, uint8_t family, const struct batch_chain *chain)
{
	struct nlmsghdr *message = batch_begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
	struct nlattr *hook;

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, chain->table);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain->name);
	hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	expression_u32(message, NFTA_HOOK_HOOKNUM, chain->hook);
	expression_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	mnl_attr_nest_end(message, hook);
	expression_u32(message, NFTA_CHAIN_POLICY, chain->policy);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, chain->type);
	batch_end(batch, message);
}

/* Takes note of every acknowledgement of the batch in one datagram; returns how many there were. */
static unsigned int read_acks(
	const struct batch *batch, const char *bytes, size_t length, struct refusal *refusal)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)bytes;
	int rest = (int)length;
	unsigned int n = 0;

	for (; netlink_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
		const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

		/* one of an earlier exchange says nothing of this one */
		if (message->nlmsg_type != NLMSG_ERROR ||
			mnl_nlmsg_get_payload_len(message) < sizeof(*answer) ||
			message->nlmsg_seq - batch->first > batch->netlink->sequence - batch->first)
			continue;
		n++;
		if (answer->error != 0 && refusal->err == 0)
			*refusal = (struct refusal){-answer->error, message->nlmsg_seq};
	}
	return n;
}

/* Sends the batch and waits for every acknowledgement. Returns 0, or -errno of the first refusal. */
int batch_send(struct batch *batch, struct refusal *refusal)
{
	char answers[16384];
	unsigned int seen = 0;

	const unsigned int messages = batch->netlink->sequence - batch->first;

	batch_mark(batch, NFNL_MSG_BATCH_END);
	if (mnl_socket_sendto(batch->netlink->socket, batch->bytes, batch->used) < 0)
		return -errno;
	while (seen < messages) {
		ssize_t length = mnl_socket_recvfrom(batch->netlink->socket, answers, sizeof(answers));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		seen += read_acks(batch, answers, (size_t)length, refusal);
		/* a batch that could not start is answered by one error on its opening mark, and nothing else
		 */
		if (refusal->err != 0) {
			netlink_drain(batch->netlink);
			break;
		}
	}
	return -refusal->err;
}
