/* Being init: signals go on to the agent, orphans are reaped, the agent's end is ours (docs/init.md). */
#ifndef INIT_SERVE_H
#define INIT_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guard/start.h"
#include "init/signals.h"

/* How to serve, as the operator wants it. serving_default fills it in. */
struct serving {
	bool group;	      /* signals go to the agent's whole process group */
	bool say_reaped;      /* say each orphan that is reaped */
	unsigned int grace;   /* seconds between SIGTERM and SIGKILL for what the agent leaves behind */
	bool grace_for_agent; /* ... and for the agent itself, once a SIGTERM has come for it */
	uint8_t rewrite[SIGNALS + 1]; /* what each signal is passed on as; 0: not at all */
	bool stop_on_loss;	      /* a guard that is gone ends the agent */
	bool to_zero[256];	      /* exit statuses of the agent that become 0 */
};

void serving_default(struct serving *serving);

/*
 * Serves until the agent ends; then lets the guard end, and ends what the agent left behind, if we are PID 1.
 * Returns the agent's exit status, or 128 + the signal that ended it. The caller has blocked all signals.
 * From here on nothing is fatal: what goes wrong is passed over, the agent lives on.
 */
int serve(pid_t agent, const struct serving *serving, struct guard *guard);

#endif
