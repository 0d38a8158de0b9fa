/*
 * A batch of changes to nf_tables, which the kernel applies whole or not at all, and the tables and chains in
 * it. Sources: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
 */
#ifndef FW_BATCH_H
#define FW_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "util/netlink.h"

/*
 * Table flags newer than the headers of the oldest system we build on (linux/netfilter/nf_tables.h, enum
 * nft_table_flags): the table belongs to the socket that made it (5.12), and stays when that is gone (6.9).
 */
#define TABLE_OWNER   0x2
#define TABLE_PERSIST 0x4

#define BATCH_BYTES  131072 /* RULES_MAX rules of at most 600 bytes fit, with room to spare */
#define MESSAGE_ROOM 2048U  /* what must be left for one more message, and the batch's end */

struct batch {
	struct netlink *netlink;
	char bytes[BATCH_BYTES];
	size_t used;
	uint32_t first; /* the sequence number of its opening mark */
};

/* What the kernel said: the first message it refused. */
struct refusal {
	int err;
	uint32_t sequence;
};

void batch_open(struct batch *batch, struct netlink *netlink);

/* A message of the batch: begin, its attributes, end. command is NFT_MSG_…, family NFPROTO_…. */
struct nlmsghdr *batch_begin(struct batch *batch, uint8_t command, uint16_t flags, uint8_t family);
void batch_end(struct batch *batch, const struct nlmsghdr *message);

/*
 * Makes a table, which must be empty, with these flags: made if it was not there, gone whatever it held, made
 * anew, since a flag cannot be put on a table that exists and deleting one that does not is an error.
 */
void batch_table(struct batch *batch, uint8_t family, const char *name, uint32_t flags);

/* The first half of that: afterwards there is no such table. */
void batch_no_table(struct batch *batch, uint8_t family, const char *name);

/* A base chain: type as nft(8) calls it, a hook of NF_INET_…, a priority (lower is earlier), a policy. */
struct batch_chain {
	const char *table, *name, *type;
	uint32_t hook;
	int32_t priority;
	uint32_t policy;
};
void batch_chain(struct batch *batch, uint8_t family, const struct batch_chain *chain);

/* Sends it and waits for every acknowledgement. Returns 0, or -errno of the first refusal. */
int batch_send(struct batch *batch, struct refusal *refusal);

#endif
