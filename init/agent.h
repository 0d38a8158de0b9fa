/* Starting the agent as a child in the foreground of its terminal. */
#ifndef INIT_AGENT_H
#define INIT_AGENT_H

#include <sys/types.h>

#include "init/fence.h"
#include "init/signals.h"
#include "util/error.h"

/*
 * Forks and executes the command, found by PATH, with the given signal mask, inside the fence. With a
 * terminal as standard input the agent is in front of it: in a session of its own, to which the terminal then
 * belongs, if it was ours; else in a process group of its own. The caller has blocked all signals. Returns
 * its pid, or -errno with *error filled (kind FAIL_AGENT_FIND or FAIL_AGENT_RUN where it was the command's
 * fault).
 */
pid_t agent_start(char *const *command, signal_mask mask, const struct fence *fence, struct error *error);

#endif
