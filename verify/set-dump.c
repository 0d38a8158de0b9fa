/*
 * Sources: linux/netfilter/ipset/ip_set.h; the elements of a LIST answer come as nested IPSET_ATTR_DATA in
 * IPSET_ATTR_ADT, over as many messages as they need.
 */
#include "verify/set-dump.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/ipset/ip_set.h>

struct dump {
	const struct set_kind *kind;
	set_dump_take *take;
	void *data;
	bool typed, familied; /* the type and family were there, and right */
	const char *odd;
};

static const uint8_t *read_ip(const struct nlattr *nest, uint8_t family)
{
	const uint16_t type = family == AF_INET ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6;
	const struct nlattr *attr;

	netlink_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == type &&
			mnl_attr_get_payload_len(attr) == family_bits(family) / 8)
			return mnl_attr_get_payload(attr);
	}
	return NULL;
}

static void read_element(struct dump *dump, const struct nlattr *nest)
{
	const uint8_t family = dump->kind->family;
	struct set_element element = {0};
	const uint8_t *address = NULL;
	const char *odd;
	unsigned int length = family_bits(family);
	const struct nlattr *attr;

	netlink_for_each_nested(attr, nest) {
		const uint16_t size = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case IPSET_ATTR_IP:
			address = read_ip(attr, family);
			break;
		case IPSET_ATTR_CIDR:
			if (size == 1)
				length = mnl_attr_get_u8(attr);
			break;
		case IPSET_ATTR_PROTO:
			if (size == 1)
				element.protocol = mnl_attr_get_u8(attr);
			break;
		case IPSET_ATTR_PORT:
			if (size == 2)
				element.port = ntohs(mnl_attr_get_u16(attr));
			break;
		case IPSET_ATTR_TIMEOUT:
			if (size == 4)
				element.seconds = ntohl(mnl_attr_get_u32(attr));
			break;
		case IPSET_ATTR_CADT_FLAGS: /* 'nomatch' and kin: ours have none */
			dump->odd = "an element with flags";
			break;
		default:
			break;
		}
	}
	if (address == NULL || length > family_bits(family)) {
		dump->odd = "an element without an address";
		return;
	}
	element.prefix = prefix_make(family, address, length);
	odd = dump->take(dump->data, &element);
	if (odd != NULL)
		dump->odd = odd;
}

static int read_listing(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	const struct nlattr *attr, *inner;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		const uint16_t size = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case IPSET_ATTR_TYPENAME:
			dump->typed = size == strlen(dump->kind->type) + 1 &&
				      memcmp(mnl_attr_get_payload(attr), dump->kind->type, size) == 0;
			break;
		case IPSET_ATTR_FAMILY:
			dump->familied = size == 1 && mnl_attr_get_u8(attr) == dump->kind->family;
			break;
		case IPSET_ATTR_ADT:
			netlink_for_each_nested(inner, attr) {
				if (mnl_attr_get_type(inner) == IPSET_ATTR_DATA)
					read_element(dump, inner);
			}
			break;
		default:
			break;
		}
	}
	return MNL_CB_OK;
}

int set_dump(struct netlink *netlink, const struct set_kind *kind, set_dump_take *take, void *data,
	const char **odd)
{
	char buffer[256];
	struct dump dump = {.kind = kind, .take = take, .data = data};
	struct nlmsghdr *message = netlink_nf_message(
		netlink, buffer, NFNL_SUBSYS_IPSET, IPSET_CMD_LIST, NLM_F_DUMP, AF_UNSPEC, 0);
	int ret;

	mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, kind->name);
	ret = netlink_talk(netlink, message, read_listing, &dump);
	if (dump.odd == NULL && (!dump.typed || !dump.familied))
		dump.odd = "another type or family";
	*odd = dump.odd;
	return ret;
}
