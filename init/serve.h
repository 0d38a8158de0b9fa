/* Being init: signals go on to the agent, orphans are reaped, the agent's end is ours. */
#ifndef INIT_SERVE_H
#define INIT_SERVE_H

#include <sys/types.h>

/*
 * Serves until the agent ends; returns its exit status, or 128 + the signal that ended it. The caller has
 * blocked all signals. From here on nothing is fatal: what goes wrong is passed over, the agent lives on.
 */
int serve(pid_t agent);

#endif
