/* Starting the agent as a child in the foreground of its terminal. */
#ifndef INIT_AGENT_H
#define INIT_AGENT_H

#include <signal.h>
#include <sys/types.h>

#include "util/error.h"

/*
 * Forks and executes the command, found by PATH, in a process group of its own, which is the terminal's
 * foreground if standard input is one. mask is the signal mask that it gets. Returns its pid, or -errno with
 * *error filled (kind FAIL_AGENT_FIND or FAIL_AGENT_RUN where it was the command's fault).
 */
pid_t agent_start(char *const *command, const sigset_t *mask, struct error *error);

#endif
