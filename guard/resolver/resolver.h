/*
 * The resolver: answers the agent's DNS on loopback (port 53 of everywhere is redirected to it), asks the
 * servers of resolv.conf, and has the warden put every address of an allowed name into the sets before the
 * agent hears of it. Asks again for the names of the lists ahead of their expiry.
 */
#ifndef GUARD_RESOLVER_RESOLVER_H
#define GUARD_RESOLVER_RESOLVER_H

#include "guard/audit/audit.h"
#include "guard/guard.h"
#include "util/error.h"

/*
 * What a name's addresses live in the sets: the answer's TTL, at least and at most this, and a grace, for
 * programs that keep an address longer than they should. A name of the lists is asked for again when the
 * grace begins. In seconds.
 */
#define LEARN_SECONDS_MIN   60
#define LEARN_SECONDS_MAX   3600
#define LEARN_SECONDS_GRACE 300

/* Asked of the guard itself, and never of anybody else: proves that port 53 leads here (RFC 6761, invalid).
 */
#define RESOLVER_PROOF_NAME "secure-init.invalid"
/* What its TXT record says. */
#define RESOLVER_PROOF_TEXT "secure-init guard"

struct resolver;

/*
 * Binds the sockets. Before privileges and rights are given up; then guard/resolver/calls.h. Returns 0 or
 * -errno with *error filled; resolver_free gives back *resolver in any case.
 */
int resolver_open(const struct guard_start *start, struct audit *audit, int warden, int lifeline,
	struct resolver **resolver, struct error *error);

/*
 * Serves until the lifeline is closed (returns 0) or the warden is gone (returns -EPIPE): without it nothing
 * can be opened, and DNS must not go on as if. After this returned, audit_end is the caller's.
 */
int resolver_run(struct resolver *resolver);
void resolver_free(struct resolver *resolver);

#endif
