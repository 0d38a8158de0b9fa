/*
 * The names of the lists, asked for again ahead of their expiry, whether anybody wants to know or not. A name
 * that cannot be asked for keeps what it has. Knows names and times; asks and tells through its owner.
 */
#ifndef GUARD_RESOLVER_REFRESH_H
#define GUARD_RESOLVER_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/lookup.h"
#include "fw/policy.h"
#include "fw/resolv.h"
#include "guard/resolver/clients.h"
#include "util/random.h"

/* What came of a question. */
enum refresh_outcome {
	REFRESH_FOUND,	  /* addresses, and they are in the sets */
	REFRESH_NOTHING,  /* no such name, or no address */
	REFRESH_SILENCE,  /* no server answered */
	REFRESH_UNUSABLE, /* an address that nobody can mean */
	REFRESH_REFUSED,  /* the warden did not take it */
};

struct refresh;

struct refresh_owner {
	void *owner;
	/* Asks for a name's addresses of one type; then refresh_done with the peer, once, maybe at once.
	 * False: not now. */
	bool (*ask)(void *owner, const char *name, uint16_t type, const struct peer *peer);
	/* What is known of a name, of these families (KEEP_… of guard/message.h), shall stand for so long. 0,
	 * or -EAGAIN: not now. */
	int (*keep)(void *owner, const char *name, int32_t families, uint32_t seconds);
};

/* Of lookup NULL: no name was looked up before. All but owner stay the caller's. NULL: out of memory. */
struct refresh *refresh_new(const struct policy *policy, const struct resolv *resolv,
	const struct lookup *lookup, struct random *random, const struct refresh_owner *owner);
void refresh_free(struct refresh *refresh);

/*
 * The lists have changed: new names are asked for at once, others forgotten. soon: a name that is to be asked
 * for at once even if it is not new; NULL: none. Returns 0 or -ENOMEM.
 */
int refresh_update(struct refresh *refresh, const struct policy *policy, const char *soon);

/* seconds: the TTL of what was found. */
void refresh_done(
	struct refresh *refresh, const struct peer *peer, enum refresh_outcome outcome, uint32_t seconds);

/* Now and then, a few times a second. */
void refresh_tick(struct refresh *refresh, int64_t now_ms);

#endif
