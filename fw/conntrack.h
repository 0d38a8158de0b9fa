/*
 * Connections that the kernel tracks in this network namespace, and making it forget them: what was
 * established then has to pass the rules again. Knows nothing of policies.
 */
#ifndef FW_CONNTRACK_H
#define FW_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "util/netlink.h"

/* Forgets all of them. Returns 0 or -errno. */
int conntrack_forget_all(struct netlink *netlink);

/* A connection as the filter's rules saw its first packet: after redirections. */
struct connection {
	struct prefix from, to; /* who began it, and with whom */
	uint16_t port;		/* of the other side, host order; 0 where the protocol has none */
	uint8_t protocol;	/* IPPROTO_… */
};

/*
 * Whether this connection is to be forgotten. It may use the same netlink socket. Returns 1, 0 or -errno; an
 * error counts as 1.
 */
typedef int conntrack_judge(void *data, const struct connection *connection);

/* More connections than a container is likely to have; if there are more, all are forgotten. */
#define CONNECTIONS_MAX 65536

/*
 * Forgets those that judge says are to be; *n counts them. One that ends by itself meanwhile is no error.
 * Returns 0 or -errno.
 */
int conntrack_forget(struct netlink *netlink, conntrack_judge *judge, void *data, size_t *n);

#endif
