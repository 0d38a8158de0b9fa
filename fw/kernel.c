/*
 * Asking the kernel. Sources: linux/netfilter/nf_tables_compat.h (NFNL_MSG_COMPAT_GET),
 * linux/netfilter/ipset/ip_set.h (IPSET_CMD_PROTOCOL), linux/netfilter/nf_tables.h (NFT_MSG_GETGEN).
 */
#include "fw/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/ipset/ip_set.h>

#define ADVICE                                                                                               \
	"The kernel of the container's host must have it (gVisor and old WSL2 kernels do not); nothing was " \
	"started"

/* NFTA_COMPAT_TYPE, as net/netfilter/nft_compat.c reads it */
#define COMPAT_MATCH  0
#define COMPAT_TARGET 1

static const struct extension {
	const char *name;
	uint32_t type;
	uint32_t revision;
	uint8_t family;
	const char *what; /* for a person: the module that has it */
} extensions[] = {
	{"set", COMPAT_MATCH, 4, NFPROTO_IPV4, "the 'set' match (module xt_set)"},
	{"conntrack", COMPAT_MATCH, 3, NFPROTO_IPV4,
		"the 'conntrack' match (modules xt_conntrack, nf_conntrack)"},
	{"owner", COMPAT_MATCH, 1, NFPROTO_IPV4, "the 'owner' match (module xt_owner)"},
	{"addrtype", COMPAT_MATCH, 1, NFPROTO_IPV6, "the 'addrtype' match (module xt_addrtype)"},
	{"icmp6", COMPAT_MATCH, 0, NFPROTO_IPV6, "the 'icmp6' match (module ip6_tables)"},
	{"REJECT", COMPAT_TARGET, 0, NFPROTO_IPV4, "the IPv4 'REJECT' target (module ipt_REJECT)"},
	{"REJECT", COMPAT_TARGET, 0, NFPROTO_IPV6, "the IPv6 'REJECT' target (module ip6t_REJECT)"},
};

static int ask_nf_tables(struct netlink *netlink)
{
	char buffer[256];

	return netlink_talk(netlink,
		netlink_nf_message(
			netlink, buffer, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, NLM_F_ACK, AF_UNSPEC, 0),
		NULL, NULL);
}

static int read_protocol(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == IPSET_ATTR_PROTOCOL && mnl_attr_get_payload_len(attr) >= 1)
			*(uint8_t *)data = mnl_attr_get_u8(attr);
	}
	return MNL_CB_OK;
}

static int ask_ip_set(struct netlink *netlink)
{
	char buffer[256];
	uint8_t protocol = 0;
	struct nlmsghdr *message = netlink_nf_message(
		netlink, buffer, NFNL_SUBSYS_IPSET, IPSET_CMD_PROTOCOL, NLM_F_ACK, AF_UNSPEC, 0);
	int ret;

	mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN);
	ret = netlink_talk(netlink, message, read_protocol, &protocol);
	if (ret == 0 && protocol < IPSET_PROTOCOL)
		return -EPROTONOSUPPORT;
	return ret;
}

static int ask_extension(struct netlink *netlink, const struct extension *extension)
{
	char buffer[256];
	struct nlmsghdr *message = netlink_nf_message(netlink, buffer, NFNL_SUBSYS_NFT_COMPAT,
		NFNL_MSG_COMPAT_GET, NLM_F_ACK, extension->family, 0);

	mnl_attr_put_strz(message, NFTA_COMPAT_NAME, extension->name);
	mnl_attr_put_u32(message, NFTA_COMPAT_REV, htonl(extension->revision));
	mnl_attr_put_u32(message, NFTA_COMPAT_TYPE, htonl(extension->type));
	return netlink_talk(netlink, message, NULL, NULL);
}

static int missing(struct error *error, const char *what, int ret)
{
	if (ret == -EPERM)
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"the kernel lets us not ask for %s: CAP_NET_ADMIN is missing in this network "
			"namespace; start "
			"the container with --cap-add NET_ADMIN",
			what);
	return error_set(error, FAIL_KERNEL, -ret, "the kernel lacks %s (%s). " ADVICE, what, strerror(-ret));
}

int kernel_check(struct netlink *netlink, struct error *error)
{
	int ret = ask_nf_tables(netlink);

	if (ret < 0)
		return missing(error, "nf_tables (module nf_tables)", ret);
	ret = ask_ip_set(netlink);
	if (ret < 0)
		return missing(error, "ip_set with protocol 7 (module ip_set, Linux 4.20)", ret);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		ret = ask_extension(netlink, &extensions[i]);
		/* nfnetlink answers so where the whole subsystem is missing */
		if (ret == -EINVAL)
			return missing(error, "nft_compat (module nft_compat)", ret);
		if (ret < 0)
			return missing(error, extensions[i].what, ret);
	}
	return 0;
}
