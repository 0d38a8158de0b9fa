/*
 * The table of what is lent: which address belongs to which name of a list, and until when. From it, the
 * lists and what stands for good follows what the kernel's sets hold for a time. Talks to nobody.
 */
#ifndef GUARD_WARDEN_LEASES_H
#define GUARD_WARDEN_LEASES_H

#include <stddef.h>
#include <stdint.h>

#include "fw/lookup.h"
#include "fw/set.h"
#include "guard/warden/lists.h"

/*
 * Most rows of one list: what a name (or network) is lent, once for each address. Of each list, since who has
 * an allowed wildcard's names can fill that list's, which must not keep blocked names' addresses out.
 */
#define LEASES_MAX 16384

/*
 * How much longer than the table the kernel may have a lease, in milliseconds: it gets whole seconds, rounded
 * up, and counts from when it gets them. Rows stay in the table for as long after their end.
 */
#define LEASES_LINGER_MS 2000

/*
 * How long a blocked name is taken to be where DNS said last, in seconds: 20 days, of the 24 that a set can
 * have (the kernel's msecs_to_jiffies takes 31 bits). What is lent to an allowed name ends soon, which
 * closes; but the end of a block opens, and must not come because nobody asks any more: the guard may be
 * dead, the container paused.
 */
#define LEASES_BLOCKED_SECONDS (INT64_C(20) * 24 * 3600)

/* Chains of rows; with one list's full they are four rows long. */
#define LEASES_BUCKETS 4096

struct lease_row {
	int64_t until; /* milliseconds of clock_ms */
	struct prefix address;
	uint8_t list;	  /* enum list */
	uint32_t subject; /* of guard/warden/lists.h; 0: the row is free */
	uint32_t next;	  /* of its bucket, or of the free ones; place + 1, 0: the last */
};

/* {0} is an empty table; leases_free gives it back. */
struct leases {
	struct lease_row *rows;
	uint32_t n, room;     /* rows ever used */
	uint32_t used[LISTS]; /* of them, not free */
	uint32_t free;	      /* place + 1 */
	uint32_t bucket[LEASES_BUCKETS];
};

/* A growing array; leases_out_free gives it back. {0} is an empty one. */
struct leases_out {
	struct lease *v;
	size_t n, room;
};

void leases_free(struct leases *leases);
void leases_out_free(struct leases_out *out);

/* Until when the address is lent to the subject; 0: it is not. */
int64_t leases_until(
	const struct leases *leases, enum list list, const struct prefix *address, uint32_t subject);

/* Lends it until then; what is lent for longer stays as it is. Returns 0, -ENOSPC if the list's rows are all
 * used, or -ENOMEM. */
int leases_put(
	struct leases *leases, enum list list, const struct prefix *address, uint32_t subject, int64_t until);

/* Takes one row, all of a subject, all of those that have expired (and lingered) out of the table. */
void leases_drop(struct leases *leases, enum list list, const struct prefix *address, uint32_t subject);
void leases_drop_subject(struct leases *leases, enum list list, uint32_t subject);
void leases_expire(struct leases *leases, int64_t now);

/* How many addresses a subject is lent. */
size_t leases_count(const struct leases *leases, enum list list, uint32_t subject);

/* The next row of an address after *place, which is 0 before the first and then place + 1. False: no more. */
bool leases_next_of(
	const struct leases *leases, enum list list, const struct prefix *address, uint32_t *place);

/*
 * Appends what a set is to hold of one address: the ports of all entries whose it is, each as long as the
 * longest of them, but for those that contents (settled) hold for good. No two overlap. Returns 0 or -ENOMEM.
 */
int leases_of(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, const struct prefix *address, int64_t now, struct leases_out *out);

/* The same of all addresses of a list, sorted by address and port. */
int leases_all(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, int64_t now, struct leases_out *out);

/* Elements that those of a set's kind take in it. */
size_t leases_elements(const struct leases_out *out, int set);

/*
 * What DNS said at the start, into an empty table: the addresses of every name of a list, for the least time
 * that a name is learnt for; on the block list for LEASES_BLOCKED_SECONDS. Returns 0, -ENOSPC or -ENOMEM.
 */
int leases_begin(struct leases *leases, const struct lists *lists, const struct lookup *lookup, int64_t now);

#endif
