/*
 * ip_set's netlink commands. Sources: linux/netfilter/ipset/ip_set.h (commands, attributes) and the kernel's
 * net/netfilter/ipset/ip_set_core.c (which of them each command wants). Attributes in network order carry
 * NLA_F_NET_BYTEORDER.
 */
#include "fw/ipset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/ipset/ip_set.h>

/* Protocol 6 is what every kernel since 2.6.39 speaks and 7 (4.20) still accepts. */
#define PROTOCOL 6
/* GET_BYNAME came with protocol 7. */
#define PROTOCOL_BYNAME 7

/* Of one message with many elements; below the 64 KiB that a nested attribute's length can say. */
#define FILL_BYTES 32768

/* Types' revision 0 is understood by every kernel, and has all that we ask for: networks, ports, maxelem,
 * timeouts. */
#define TYPE_REVISION_ANY   0
#define TYPE_REVISION_PORTS 1 /* hash:net,port began at 1 */

static struct nlmsghdr *begin(
	struct netlink *netlink, void *buffer, uint8_t command, uint8_t family, uint8_t protocol)
{
	struct nlmsghdr *message =
		netlink_nf_message(netlink, buffer, NFNL_SUBSYS_IPSET, command, NLM_F_ACK, family, 0);

	mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, protocol);
	return message;
}

/* A command that takes a name (or two) and answers with no more than success. */
static int simple(struct netlink *netlink, uint8_t command, const char *name, const char *other)
{
	char buffer[512];
	struct nlmsghdr *message = begin(netlink, buffer, command, AF_UNSPEC, PROTOCOL);

	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, name);
	if (other != NULL)
		mnl_attr_put_strz(message, IPSET_ATTR_SETNAME2, other);
	return netlink_talk(netlink, message, NULL, NULL);
}

/* Makes a set, or finds one that is the same in all but its elements. */
static int create(struct netlink *netlink, const char *name, const struct set_kind *kind)
{
	char buffer[512];
	struct nlmsghdr *message = begin(netlink, buffer, IPSET_CMD_CREATE, kind->family, PROTOCOL);
	struct nlattr *data;

	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, name);
	mnl_attr_put_strz(message, IPSET_ATTR_TYPENAME, kind->type);
	mnl_attr_put_u8(
		message, IPSET_ATTR_REVISION, kind->with_ports ? TYPE_REVISION_PORTS : TYPE_REVISION_ANY);
	mnl_attr_put_u8(message, IPSET_ATTR_FAMILY, kind->family);
	data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
	mnl_attr_put_u32(message, IPSET_ATTR_MAXELEM | NLA_F_NET_BYTEORDER, htonl(SET_ELEMENTS_MAX));
	/* elements can have a time; without one they stay */
	mnl_attr_put_u32(message, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, 0);
	mnl_attr_nest_end(message, data);
	return netlink_talk(netlink, message, NULL, NULL);
}

static int read_index(const struct nlmsghdr *message, void *data)
{
	uint16_t *index = data;
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == IPSET_ATTR_INDEX && mnl_attr_get_payload_len(attr) >= 2)
			*index = ntohs(mnl_attr_get_u16(attr));
	}
	return MNL_CB_OK;
}

int ipset_index(struct netlink *netlink, const char *name, uint16_t *index)
{
	char buffer[512];
	struct nlmsghdr *message = begin(netlink, buffer, IPSET_CMD_GET_BYNAME, AF_UNSPEC, PROTOCOL_BYNAME);
	int ret;

	*index = IPSET_INVALID_ID;
	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, name);
	ret = netlink_talk(netlink, message, read_index, index);
	if (ret == 0 && *index == IPSET_INVALID_ID)
		return -ENOENT;
	return ret;
}

static int refused(struct error *error, const char *what, const char *name, int ret)
{
	/* above 4096 they are ip_set's own (enum ipset_errno), which strerror does not know */
	if (-ret >= IPSET_ERR_PRIVATE)
		return error_set(error, FAIL_FIREWALL, EINVAL,
			"the kernel refused to %s the set %s: ip_set error %d", what, name, -ret);
	return error_set(error, FAIL_FIREWALL, -ret, "the kernel refused to %s the set %s: %s", what, name,
		strerror(-ret));
}

int ipset_prepare(
	struct netlink *netlink, const struct ruleset *ruleset, uint16_t index[SETS], struct error *error)
{
	for (int set = 0; set < SETS; set++) {
		const struct set_kind *kind = &set_kinds[set];
		int ret;

		index[set] = IPSET_INVALID_ID;
		if (!ruleset_uses(ruleset, set))
			continue;
		ret = create(netlink, kind->name, kind);

		if (ret == -EEXIST)
			return error_set(error, FAIL_FIREWALL, EEXIST,
				"there is a set named %s of another kind already; it is not ours, so remove "
				"it "
				"('ipset destroy %s') or rename it",
				kind->name, kind->name);
		if (ret < 0)
			return refused(error, "make", kind->name, ret);
		ret = ipset_index(netlink, kind->name, &index[set]);
		if (ret < 0)
			return refused(error, "find", kind->name, ret);
	}
	return 0;
}

int ipset_empty(struct netlink *netlink, const uint16_t index[SETS], struct error *error)
{
	for (int set = 0; set < SETS; set++) {
		int ret = 0;

		if (index[set] != IPSET_INVALID_ID)
			ret = simple(netlink, IPSET_CMD_FLUSH, set_kinds[set].name, NULL);
		if (ret < 0)
			return refused(error, "empty", set_kinds[set].name, ret);
	}
	return 0;
}

static void put_address(struct nlmsghdr *message, const struct prefix *prefix)
{
	struct nlattr *ip = mnl_attr_nest_start(message, IPSET_ATTR_IP);
	const bool v4 = prefix->family == AF_INET;

	mnl_attr_put(message, (v4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6) | NLA_F_NET_BYTEORDER,
		v4 ? 4 : 16, prefix->addr);
	mnl_attr_nest_end(message, ip);
	mnl_attr_put_u8(message, IPSET_ATTR_CIDR, prefix->length);
}

static void put_ports(struct nlmsghdr *message, uint8_t protocol, const struct endpoint *endpoint)
{
	mnl_attr_put_u8(message, IPSET_ATTR_PROTO, protocol);
	mnl_attr_put_u16(message, IPSET_ATTR_PORT | NLA_F_NET_BYTEORDER, htons(endpoint->low));
	mnl_attr_put_u16(message, IPSET_ATTR_PORT_TO | NLA_F_NET_BYTEORDER, htons(endpoint->high));
}

/* One element of a set. */
struct element {
	const struct endpoint *endpoint;
	uint8_t protocol; /* 0 where the set has no ports */
	uint32_t seconds; /* 0: for good */
};

static void put_element(struct nlmsghdr *message, const struct element *element)
{
	struct nlattr *data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);

	put_address(message, &element->endpoint->prefix);
	if (element->protocol != 0)
		put_ports(message, element->protocol, element->endpoint);
	if (element->seconds != 0)
		mnl_attr_put_u32(message, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, htonl(element->seconds));
	mnl_attr_nest_end(message, data);
}

/* A message of elements to be added or deleted, in the making; sent when it is full, and at the end. */
struct filling {
	struct netlink *netlink;
	uint8_t command;
	const char *name;
	const struct set_kind *kind;
	struct nlmsghdr *message;
	struct nlattr *list;
	char buffer[FILL_BYTES + 1024];
};

static int filling_send(struct filling *filling)
{
	if (filling->message == NULL)
		return 0;
	mnl_attr_nest_end(filling->message, filling->list);
	struct nlmsghdr *message = filling->message;

	filling->message = NULL;
	return netlink_talk(filling->netlink, message, NULL, NULL);
}

static int filling_add(struct filling *filling, const struct element *element)
{
	if (filling->message == NULL) {
		filling->message = begin(
			filling->netlink, filling->buffer, filling->command, filling->kind->family, PROTOCOL);
		mnl_attr_put_strz(filling->message, IPSET_ATTR_SETNAME, filling->name);
		/* a list of elements must say a line, which names the bad one in an error */
		mnl_attr_put_u32(filling->message, IPSET_ATTR_LINENO, 0);
		filling->list = mnl_attr_nest_start(filling->message, IPSET_ATTR_ADT);
	}
	put_element(filling->message, element);
	return filling->message->nlmsg_len >= FILL_BYTES ? filling_send(filling) : 0;
}

/* True if the endpoint is of the set's kind. */
static bool is_of_kind(const struct endpoint *endpoint, const struct set_kind *kind)
{
	return endpoint->prefix.family == kind->family && (endpoint->low != 0) == kind->with_ports;
}

/* Adds the endpoint if it is of the set's kind: with ports once for each protocol. */
static int filling_put(struct filling *filling, const struct endpoint *endpoint, uint32_t seconds)
{
	struct element element = {.endpoint = endpoint, .seconds = seconds};
	int ret;

	if (!is_of_kind(endpoint, filling->kind))
		return 0;
	if (!filling->kind->with_ports)
		return filling_add(filling, &element);
	element.protocol = IPPROTO_TCP;
	ret = filling_add(filling, &element);
	element.protocol = IPPROTO_UDP;
	return ret == 0 ? filling_add(filling, &element) : ret;
}

static int put_contents(struct filling *filling, const struct contents *contents)
{
	int ret = 0;

	for (size_t i = 0; i < contents->any.n && ret == 0; i++)
		ret = filling_put(filling, &(const struct endpoint){.prefix = contents->any.v[i]}, 0);
	for (size_t i = 0; i < contents->n_endpoints && ret == 0; i++)
		ret = filling_put(filling, &contents->endpoints[i], 0);
	return ret;
}

static int put_leases(struct filling *filling, const struct lease *leases, size_t n)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = filling_put(filling, &leases[i].endpoint, leases[i].seconds);
	return ret == 0 ? filling_send(filling) : ret;
}

static int change(struct netlink *netlink, uint8_t command, int set, const struct lease *leases, size_t n)
{
	struct filling filling = {
		.netlink = netlink, .command = command, .name = set_kinds[set].name, .kind = &set_kinds[set]};

	return put_leases(&filling, leases, n);
}

/* Most often only one of four sets has anything to do with what was learnt. */
static int change_if_any(
	struct netlink *netlink, uint8_t command, int set, const struct lease *leases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_of_kind(&leases[i].endpoint, &set_kinds[set]))
			return change(netlink, command, set, leases, n);
	return 0;
}

int ipset_lend(struct netlink *netlink, int set, const struct lease *leases, size_t n)
{
	return change_if_any(netlink, IPSET_CMD_ADD, set, leases, n);
}

int ipset_take_back(struct netlink *netlink, int set, const struct lease *leases, size_t n)
{
	return change_if_any(netlink, IPSET_CMD_DEL, set, leases, n);
}

int ipset_fill(struct netlink *netlink, int set, const struct contents *contents, const struct lease *leases,
	size_t n, struct error *error)
{
	const struct set_kind *kind = &set_kinds[set];
	char next[IPSET_MAXNAMELEN];
	struct filling filling = {.netlink = netlink, .command = IPSET_CMD_ADD, .name = next, .kind = kind};
	int ret;

	snprintf(next, sizeof(next), "%s-next", kind->name);
	/* one that an interrupted start left behind may not be empty */
	ret = create(netlink, next, kind);
	if (ret == 0)
		ret = simple(netlink, IPSET_CMD_FLUSH, next, NULL);
	if (ret < 0)
		return refused(error, "make", next, ret);
	ret = put_contents(&filling, contents);
	if (ret == 0)
		ret = put_leases(&filling, leases, n);
	if (ret < 0)
		return refused(error, "fill", next, ret);
	ret = simple(netlink, IPSET_CMD_SWAP, next, kind->name);
	if (ret < 0)
		return refused(error, "put in place", kind->name, ret);
	ret = simple(netlink, IPSET_CMD_DESTROY, next, NULL);
	if (ret < 0)
		return refused(error, "remove", next, ret);
	return 0;
}
