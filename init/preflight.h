/* May we isolate here? What must hold before anything is changed, each with the way to make it hold. */
#ifndef INIT_PREFLIGHT_H
#define INIT_PREFLIGHT_H

#include "init/user.h"
#include "util/error.h"

/*
 * Checks that we are PID 1, in a network namespace other than the host's, and hold the capabilities that the
 * firewall and the drop to the agent's user need. Returns 0 or -errno with *error filled.
 */
int preflight(const struct user *user, struct error *error);

#endif
