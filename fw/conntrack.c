/*
 * Dumping and deleting. Sources: linux/netfilter/nfnetlink_conntrack.h, and the kernel's
 * net/netfilter/nf_conntrack_netlink.c for what a DELETE takes: nothing at all, or one direction's tuple.
 */
#include "fw/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* A dump that was disturbed is done again, this often at most. */
#define DUMP_TRIES 5

/* Two IPv6 addresses, a protocol and its ports, each an attribute, take 80 bytes. */
#define TUPLE_BYTES 112

struct tracked {
	struct connection connection;
	uint16_t zone;		 /* network order, as it came */
	uint16_t length;	 /* of the tuple */
	char tuple[TUPLE_BYTES]; /* CTA_TUPLE_ORIG's attributes, to be said back */
};

struct table {
	size_t n, room;
	struct tracked *v;
	bool overflow;
};

int conntrack_forget_all(struct netlink *netlink)
{
	char buffer[256];

	return netlink_talk(netlink,
		netlink_nf_message(netlink, buffer, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
			AF_UNSPEC, 0),
		NULL, NULL);
}

/* The source of a tuple: its address, its port, and the protocol. */
static void read_source(const struct nlattr *tuple, struct prefix *address, uint16_t *port, uint8_t *protocol)
{
	const struct nlattr *attr, *inner;

	netlink_for_each_nested(attr, tuple) {
		const uint16_t part = mnl_attr_get_type(attr);

		if (part != CTA_TUPLE_IP && part != CTA_TUPLE_PROTO)
			continue;
		netlink_for_each_nested(inner, attr) {
			const uint16_t type = mnl_attr_get_type(inner),
				       size = mnl_attr_get_payload_len(inner);
			const void *payload = mnl_attr_get_payload(inner);

			if (part == CTA_TUPLE_IP && type == CTA_IP_V4_SRC && size == 4)
				*address = prefix_make(AF_INET, payload, 32);
			else if (part == CTA_TUPLE_IP && type == CTA_IP_V6_SRC && size == 16)
				*address = prefix_make(AF_INET6, payload, 128);
			else if (part == CTA_TUPLE_PROTO && type == CTA_PROTO_NUM && size == 1)
				*protocol = mnl_attr_get_u8(inner);
			else if (part == CTA_TUPLE_PROTO && type == CTA_PROTO_SRC_PORT && size == 2)
				*port = ntohs(mnl_attr_get_u16(inner));
		}
	}
}

static bool put(struct table *table, const struct tracked *tracked)
{
	if (table->n == CONNECTIONS_MAX)
		return false;
	if (table->n == table->room) {
		const size_t room = table->room == 0 ? 64 : table->room * 2;
		struct tracked *v = reallocarray(table->v, room, sizeof(*v));

		if (v == NULL)
			return false;
		table->v = v;
		table->room = room;
	}
	table->v[table->n++] = *tracked;
	return true;
}

static int read_connection(const struct nlmsghdr *message, void *data)
{
	struct table *table = data;
	struct tracked tracked = {0};
	uint16_t ignored;
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		const uint16_t size = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			read_source(attr, &tracked.connection.from, &ignored, &tracked.connection.protocol);
			if (size > sizeof(tracked.tuple))
				break;
			memcpy(tracked.tuple, mnl_attr_get_payload(attr), size);
			tracked.length = size;
			break;
		case CTA_TUPLE_REPLY:
			/* who answers is whom it reached, whatever address was called */
			read_source(attr, &tracked.connection.to, &tracked.connection.port,
				&tracked.connection.protocol);
			break;
		case CTA_ZONE:
			if (size == sizeof(tracked.zone))
				tracked.zone = mnl_attr_get_u16(attr);
			break;
		default:
			break;
		}
	}
	/* one that could not be said back can only be forgotten with all others */
	if (tracked.length == 0 || !put(table, &tracked))
		table->overflow = true;
	return MNL_CB_OK;
}

static int dump(struct netlink *netlink, struct table *table)
{
	char buffer[256];

	for (int tries = 0;; tries++) {
		int ret;

		table->n = 0;
		table->overflow = false;
		ret = netlink_talk(netlink,
			netlink_nf_message(netlink, buffer, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET,
				NLM_F_DUMP, AF_UNSPEC, 0),
			read_connection, table);
		if (ret != -EINTR || tries == DUMP_TRIES)
			return ret;
	}
}

static int forget_one(struct netlink *netlink, const struct tracked *tracked)
{
	char buffer[512];
	struct nlmsghdr *message = netlink_nf_message(netlink, buffer, NFNL_SUBSYS_CTNETLINK,
		IPCTNL_MSG_CT_DELETE, NLM_F_ACK, tracked->connection.to.family, 0);
	int ret;

	mnl_attr_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, tracked->length, tracked->tuple);
	if (tracked->zone != 0)
		mnl_attr_put_u16(message, CTA_ZONE, tracked->zone);
	ret = netlink_talk(netlink, message, NULL, NULL);
	return ret == -ENOENT ? 0 : ret;
}

int conntrack_forget(struct netlink *netlink, conntrack_judge *judge, void *data, size_t *n)
{
	struct table table = {0};
	int ret = dump(netlink, &table);

	*n = 0;
	if (ret == 0 && table.overflow) {
		*n = table.n;
		ret = conntrack_forget_all(netlink);
	} else {
		for (size_t i = 0; i < table.n && ret == 0; i++)
			if (judge(data, &table.v[i].connection) != 0) {
				ret = forget_one(netlink, &table.v[i]);
				++*n;
			}
	}
	free(table.v);
	return ret;
}
