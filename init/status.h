/*
 * `secure-init status`: is the network closed, and is the set-up over? For HEALTHCHECK and for people. Needs
 * no privileges: the kernel says what it does with a packet to an address that is not allowed, and what
 * process 1 still holds. With CAP_NET_ADMIN the rules are read back as well. Changes nothing.
 */
#ifndef INIT_STATUS_H
#define INIT_STATUS_H

#include <stdbool.h>

#include "fw/detour.h"
#include "fw/rule.h"
#include "verify/prove.h"

/* The name that process 1 gives itself, as /proc/1/comm has it. */
#define STATUS_NAME "secure-init"

/* True if process 1 is a secure-init, by that name. */
bool status_guarded(void);

/*
 * Prints what it finds, a line each, or one JSON object. Returns the exit status: 0 if all is well, 1 if not.
 */
int status(const struct claim *claim, const struct ruleset *meant, const struct detour *detour, bool json);

#endif
