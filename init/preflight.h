/* May we isolate here? What must hold before anything is changed, each with the way to make it hold. */
#ifndef INIT_PREFLIGHT_H
#define INIT_PREFLIGHT_H

#include <stdbool.h>

#include "init/user.h"
#include "util/error.h"

/*
 * Checks that we are PID 1, in a network namespace other than the host's, have no socket that the agent could
 * go round the firewall with, and hold the capabilities that the firewall and the drop to the agent's user
 * need. Returns 0 or -errno with *error filled.
 */
int preflight(const struct user *user, bool guarded, struct error *error);

/* The same for `secure-init setup`, which drops to nobody and need not be PID 1, if only PID 1 is no other
 * secure-init, whose network this is. */
int preflight_setup(struct error *error);

#endif
