/*
 * What a table of nf_tables says, in so few bytes that it can be told whether it still does. For a table
 * whose rules nobody decodes; see verify/rules.h for those that are compared one by one.
 */
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "util/netlink.h"

#define DIGEST_BYTES 32 /* SHA-256 */

struct table_digest {
	uint8_t bytes[DIGEST_BYTES];
	uint64_t used; /* bytes that the table's quotas have counted, which are not part of what it says */
};

/*
 * Digests the table of a family (NFPROTO_…): its flags and owner, its chains, its rules in order. Not:
 * handles, numbers of uses, what counters, quotas and limits have counted. A table that is not there has a
 * digest, too. Returns 0 or -errno.
 */
int verify_digest(struct netlink *netlink, uint8_t family, const char *table, struct table_digest *digest);

/* True if both say the same. */
bool digest_equal(const struct table_digest *a, const struct table_digest *b);

#endif
