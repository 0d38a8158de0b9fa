/*
 * Attributes of a logged packet, then its headers. Sources: linux/netfilter/nfnetlink_log.h; RFC 791, RFC
 * 8200 (4, extension headers), RFC 4302 (2.2), RFC 768, 9293, 3828, 9260, 4340 (ports first in each), 792,
 * 4443.
 */
#include "guard/audit/nflog.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "util/netlink.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40

/* Extension headers that nobody sends more of than this: each may come once, one of them twice. */
#define EXTENSIONS_MAX 8

/* What is left to read of a packet. */
struct bytes {
	const uint8_t *at;
	size_t n;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool skip(struct bytes *bytes, size_t n)
{
	if (bytes->n < n)
		return false;
	bytes->at += n;
	bytes->n -= n;
	return true;
}

/* An extension header tells how long it is in units of its own kind. */
static size_t extension_size(uint8_t kind, const uint8_t *at)
{
	if (kind == IPPROTO_FRAGMENT)
		return 8;
	if (kind == IPPROTO_AH)
		return ((size_t)at[1] + 2) * 4;
	return ((size_t)at[1] + 1) * 8;
}

static bool is_extension(uint8_t kind)
{
	switch (kind) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139: /* HIP (RFC 7401), and shim6 (RFC 5533): of the same form */
	case 140:
		return true;
	default:
		return false;
	}
}

/* Walks to the transport header. Where the walk must end early, protocol is that of the header it ends at. */
static void walk_extensions(struct bytes *bytes, struct nflog *nflog)
{
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(nflog->protocol) && bytes->n >= 8; i++) {
		const uint8_t *header = bytes->at;
		const uint8_t kind = nflog->protocol;

		if (kind == IPPROTO_FRAGMENT && (get16(header + 2) & 0xfff8) != 0)
			nflog->later_fragment = true;
		nflog->protocol = header[0];
		/* what follows a later fragment's header is the middle of something */
		if (nflog->later_fragment)
			return;
		if (!skip(bytes, extension_size(kind, header))) {
			bytes->n = 0;
			return;
		}
	}
	if (is_extension(nflog->protocol))
		bytes->n = 0;
}

static int read_ipv6(struct bytes *bytes, struct nflog *nflog)
{
	const uint8_t *header = bytes->at;

	if (!skip(bytes, IPV6_HEADER))
		return -EBADMSG;
	nflog->source = prefix_make(AF_INET6, header + 8, 128);
	nflog->destination = prefix_make(AF_INET6, header + 24, 128);
	nflog->protocol = header[6];
	walk_extensions(bytes, nflog);
	return 0;
}

static int read_ipv4(struct bytes *bytes, struct nflog *nflog)
{
	const uint8_t *header = bytes->at;
	const size_t size = (size_t)(header[0] & 0xf) * 4;

	if (size < IPV4_HEADER || bytes->n < IPV4_HEADER)
		return -EBADMSG;
	nflog->source = prefix_make(AF_INET, header + 12, 32);
	nflog->destination = prefix_make(AF_INET, header + 16, 32);
	nflog->protocol = header[9];
	nflog->later_fragment = (get16(header + 6) & 0x1fff) != 0;
	/* options that were not copied whole hide the ports, and nothing else */
	if (!skip(bytes, size))
		bytes->n = 0;
	return 0;
}

static void read_transport(const struct bytes *bytes, struct nflog *nflog)
{
	if (nflog->later_fragment)
		return;
	switch (nflog->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		if (bytes->n < 4)
			return;
		nflog->has_ports = true;
		nflog->source_port = get16(bytes->at);
		nflog->port = get16(bytes->at + 2);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (bytes->n < 2)
			return;
		nflog->has_type = true;
		nflog->type = bytes->at[0];
		nflog->code = bytes->at[1];
		return;
	default:
		return;
	}
}

static int read_packet(struct bytes bytes, struct nflog *nflog)
{
	const unsigned int version = bytes.n > 0 ? bytes.at[0] >> 4 : 0;
	int ret = -EBADMSG;

	if (version == 4)
		ret = read_ipv4(&bytes, nflog);
	else if (version == 6)
		ret = read_ipv6(&bytes, nflog);
	if (ret == 0)
		read_transport(&bytes, nflog);
	return ret;
}

static bool get32(const struct nlattr *attr, uint32_t *number)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*number))
		return false;
	memcpy(number, mnl_attr_get_payload(attr), sizeof(*number));
	*number = ntohl(*number);
	return true;
}

static enum why read_prefix(const struct nlattr *attr)
{
	static const char *const prefixes[WHYS] = {
		NFLOG_PREFIX_REFUSED, NFLOG_PREFIX_LIMIT, NFLOG_PREFIX_QUOTA};
	const size_t length = mnl_attr_get_payload_len(attr);

	/* with its NUL */
	for (int why = 0; why < WHYS; why++)
		if (length == strlen(prefixes[why]) + 1 &&
			memcmp(mnl_attr_get_payload(attr), prefixes[why], length) == 0)
			return (enum why)why;
	return WHY_REFUSED;
}

int nflog_decode(const struct nlmsghdr *message, struct nflog *nflog)
{
	struct bytes packet = {NULL, 0};
	const struct nlattr *attr;

	memset(nflog, 0, sizeof(*nflog));
	if (message->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
		message->nlmsg_len < sizeof(*message) + sizeof(struct nfgenmsg))
		return -ENOMSG;
	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFULA_PAYLOAD:
			packet.at = mnl_attr_get_payload(attr);
			packet.n = mnl_attr_get_payload_len(attr);
			break;
		case NFULA_PREFIX:
			nflog->why = read_prefix(attr);
			break;
		case NFULA_UID:
			nflog->has_uid = get32(attr, &nflog->uid);
			break;
		case NFULA_SEQ:
			nflog->has_sequence = get32(attr, &nflog->sequence);
			break;
		default:
			break;
		}
	}
	return read_packet(packet, nflog);
}
