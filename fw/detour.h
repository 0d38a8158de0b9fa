/*
 * The guard's table, "inet secure-init", beside the two that iptables shows: it has what iptables' own tables
 * cannot say. Port 53 of everywhere leads to the guard's resolver; nobody passes for Docker's; nobody goes on
 * with what the guard began; connections and bytes out have their limits.
 */
#ifndef FW_DETOUR_H
#define FW_DETOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/batch.h"

#define DETOUR_TABLE "secure-init"

/* What nflog says with a packet that one of the limits refuses. */
#define DETOUR_LIMIT_PREFIX "limit"
#define DETOUR_QUOTA_PREFIX "quota"

struct detour {
	bool dns;	/* the agent's DNS goes to the guard */
	bool docker;	/* Docker's resolver is asked, and nobody else answers in its place */
	bool asks;	/* the guard asks on its own, and nobody else goes on with that, or answers it */
	bool root_asks; /* but root's sockets are Docker's resolver, unless they ask that itself */
	uint32_t connections; /* at most as many begin in a minute, out of this container; 0: any number */
	uint64_t bytes;	      /* at most as many leave this container; 0: any number */
	uint64_t used;	      /* of these, what has left before the table is written */
};

/* Puts the table into the batch, with the tables' flags; of NULL, that there is none. */
void detour_put(struct batch *batch, const struct detour *detour, uint32_t flags);

#endif
