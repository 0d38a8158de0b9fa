/*
 * The transport of every netlink exchange: a socket, a message out, the answers in. Shared by the side that
 * writes the firewall and the side that reads it back, which share nothing else.
 *
 * Sources: netlink(7), linux/netlink.h, linux/netfilter/nfnetlink.h.
 */
#ifndef UTIL_NETLINK_H
#define UTIL_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

/*
 * The attributes of a message after its header of the given size, and those of a nest. (libmnl has macros of
 * the same kind; these count in int, as its functions do.)
 */
#define netlink_for_each(attr, message, header_size)                                                      \
	for ((attr) = mnl_nlmsg_get_payload_offset(message, header_size); mnl_attr_ok(                    \
		     attr, (int)((const char *)(message) + (message)->nlmsg_len - (const char *)(attr))); \
		(attr) = mnl_attr_next(attr))

#define netlink_for_each_nested(attr, nest)                                                        \
	for ((attr) = mnl_attr_get_payload(nest);                                                  \
		mnl_attr_ok(attr, (int)((const char *)mnl_attr_get_payload(nest) +                 \
					  mnl_attr_get_payload_len(nest) - (const char *)(attr))); \
		(attr) = mnl_attr_next(attr))

/*
 * True if a whole message is there. (libmnl's own question counts in int, and takes a length of 2 GiB and
 * more for a negative one.)
 */
static inline bool netlink_ok(const struct nlmsghdr *message, int rest)
{
	return rest >= (int)sizeof(*message) && message->nlmsg_len <= (uint32_t)rest &&
	       mnl_nlmsg_ok(message, rest);
}

struct netlink {
	struct mnl_socket *socket;
	uint32_t port;
	uint32_t sequence; /* of the last message made */
};

/* Opens a close-on-exec socket of a protocol such as NETLINK_NETFILTER. Returns 0 or -errno. */
int netlink_open(struct netlink *netlink, int protocol);
void netlink_close(struct netlink *netlink);

/* Starts a message of the given type in buffer; flags are added to NLM_F_REQUEST. Owned by the caller. */
struct nlmsghdr *netlink_message(struct netlink *netlink, void *buffer, uint16_t type, uint16_t flags);

/* The same for nfnetlink: subsystem and command, address family, resource id (host order). */
struct nlmsghdr *netlink_nf_message(struct netlink *netlink, void *buffer, uint8_t subsystem, uint8_t command,
	uint16_t flags, uint8_t family, uint16_t resource);

/*
 * Sends one message and reads answers to it until the acknowledgement, the end of the dump, or an error;
 * each answer that carries data goes to callback (may be NULL), which returns MNL_CB_OK or MNL_CB_ERROR with
 * errno set. Returns 0 or -errno. -EINTR means the kernel's tables changed under a dump: start over.
 */
int netlink_talk(struct netlink *netlink, const struct nlmsghdr *message, mnl_cb_t callback, void *data);

/*
 * Throws away what is left of an answer, which would be taken for that to a later message. All of it is
 * there: the kernel answers before send(2) comes back, and writes each datagram of a dump when the one before
 * is read.
 */
void netlink_drain(const struct netlink *netlink);

#endif
