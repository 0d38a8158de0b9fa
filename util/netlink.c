/* One netlink exchange at a time: see the header. */
#include "util/netlink.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>

/* Datagrams of one answer that are thrown away: more than any dump of ours has. */
#define REST_MAX 16384

int netlink_open(struct netlink *netlink, int protocol)
{
	*netlink = (struct netlink){.socket = mnl_socket_open2(protocol, SOCK_CLOEXEC)};
	if (netlink->socket == NULL)
		return -errno;
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = errno;

		netlink_close(netlink);
		return -err;
	}
	netlink->port = mnl_socket_get_portid(netlink->socket);
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket != NULL)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

struct nlmsghdr *netlink_message(struct netlink *netlink, void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++netlink->sequence;
	return message;
}

struct nlmsghdr *netlink_nf_message(struct netlink *netlink, void *buffer, uint8_t subsystem, uint8_t command,
	uint16_t flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr *message =
		netlink_message(netlink, buffer, (uint16_t)(subsystem << 8 | command), flags);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	header->res_id = htons(resource);
	return message;
}

/* All of a datagram's messages are whole, as far as they go; what mnl_cb_run may then walk over. */
static bool is_whole(const char *bytes, int rest)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)bytes;

	for (; rest >= (int)sizeof(*message); message = mnl_nlmsg_next(message, &rest))
		if (!netlink_ok(message, rest))
			return false;
	return true;
}

void netlink_drain(const struct netlink *netlink)
{
	const int fd = mnl_socket_get_fd(netlink->socket);
	char rest[1]; /* what of a datagram does not fit is gone, too */

	for (int n = 0; n < REST_MAX; n++)
		if (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) < 0 && errno == EAGAIN)
			return;
}

int netlink_talk(struct netlink *netlink, const struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	char answer[32768]; /* what the kernel fills at most of one dump's datagram, netlink_dump() */
	int ret = MNL_CB_OK;

	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (ret > MNL_CB_STOP) {
		ssize_t length = mnl_socket_recvfrom(netlink->socket, answer, sizeof(answer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length >= 0 && !is_whole(answer, (int)length)) {
			length = -1;
			errno = EBADMSG;
		}
		ret = length < 0 ? MNL_CB_ERROR
				 : mnl_cb_run(answer, (size_t)length, message->nlmsg_seq, netlink->port,
					   callback, data);
	}
	if (ret >= 0)
		return 0;
	ret = -errno;
	netlink_drain(netlink);
	return ret;
}
