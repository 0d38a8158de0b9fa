/* Starting the guard's processes, each with no more than it needs, and ending them. */
#ifndef GUARD_START_H
#define GUARD_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "guard/guard.h"
#include "util/error.h"

enum guard_role { GUARD_RESOLVER, GUARD_WARDEN, GUARD_FETCHER, GUARD_ROLES };

/* {0} is no guard. */
struct guard {
	pid_t pids[GUARD_ROLES]; /* 0: there is none, or not any more */
	int lifeline;		 /* they end when it is closed */
};

/*
 * Starts them and waits until each is ready: sockets bound, privileges gone. Needs SETUID, SETGID, SETPCAP
 * and NET_ADMIN. Returns 0, or -errno with *error filled; then none is left.
 */
int guard_start(const struct guard_start *start, struct guard *guard, struct error *error);

/* Lets them end: what they have to say at the end is said. They are the caller's to reap. */
void guard_end(struct guard *guard);

/*
 * A child has ended: its role, or GUARD_ROLES if it is none of the guard's. The guard forgets it.
 */
enum guard_role guard_lost(struct guard *guard, pid_t pid);

/* How a person calls it. */
extern const char *const guard_role_names[GUARD_ROLES];

/* The warden's exit status when the firewall was touched and PARA_ON_TAMPER=stop. */
#define GUARD_EXIT_TAMPERED 3

#endif
