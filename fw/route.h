/* Which network the container's host is on: the networks that its default route's interface is connected to.
 */
#ifndef FW_ROUTE_H
#define FW_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "util/error.h"

struct host_networks {
	struct prefixes onlink;	  /* of every interface but lo, both families; the caller frees all three */
	struct prefixes networks; /* those of the default route */
	struct prefixes gateways; /* of the default routes; one of none is none */
};

/*
 * Asks the kernel for the routes of the main table. Per family: the on-link networks of the default route's
 * interface that hold its gateway; all of that interface's where the gateway is link-local or there is none.
 * Never the whole address space. No default route, no network. Returns 0 or -errno with *error filled.
 */
int route_host_networks(struct host_networks *host, struct error *error);

#endif
