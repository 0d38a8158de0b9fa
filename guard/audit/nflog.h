/*
 * One message of nfnetlink_log read: which packet the firewall logged, as far as its headers tell. The packet
 * is the agent's, every byte of it. Does no I/O.
 */
#ifndef GUARD_AUDIT_NFLOG_H
#define GUARD_AUDIT_NFLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "fw/prefix.h"

/* What a rule's NFLOG target says of why it refuses: its prefix (linux/netfilter/xt_NFLOG.h). */
#define NFLOG_PREFIX_REFUSED "refused"
#define NFLOG_PREFIX_LIMIT   "limit"
#define NFLOG_PREFIX_QUOTA   "quota"

enum why {
	WHY_REFUSED, /* no list allows it */
	WHY_LIMIT,   /* too many connections (PARA_LIMIT_CONNECTIONS) */
	WHY_QUOTA,   /* too many bytes (PARA_QUOTA_BYTES) */
	WHYS
};

/* Bytes of a packet that the kernel is asked to copy: IPv6, some extension headers, and the ports. */
#define NFLOG_COPY_BYTES 128

struct nflog {
	enum why why;
	struct prefix source, destination;
	uint8_t protocol;    /* IANA's number, behind IPv6's extension headers */
	bool has_ports;	     /* of TCP, UDP, UDP-Lite, SCTP, DCCP */
	bool has_type;	     /* of ICMP and ICMPv6 */
	bool later_fragment; /* not the first, so neither ports nor type */
	bool has_uid, has_sequence;
	uint16_t source_port, port; /* host order */
	uint8_t type, code;
	uint32_t uid;	   /* of the socket's owner, where there is a socket */
	uint32_t sequence; /* of the messages to this group; what is missing between two was lost */
};

/*
 * Reads a message whose length has been checked (mnl_nlmsg_ok). Returns 0, -ENOMSG if it is not about a
 * packet, or -EBADMSG if the packet has no whole IPv4 or IPv6 header; then sequence is filled where it is
 * there, and nothing else means anything.
 */
int nflog_decode(const struct nlmsghdr *message, struct nflog *nflog);

#endif
