/* What the environment and the command line (init/options.h) ask for: nothing else reads either. */
#ifndef INIT_CONFIG_H
#define INIT_CONFIG_H

#include <stdbool.h>

#include "fw/policy.h"
#include "guard/guard.h"
#include "init/fence.h"
#include "init/serve.h"
#include "util/error.h"

enum action {
	ACTION_RUN,
	ACTION_CHECK,	 /* --check: print the plan, change nothing */
	ACTION_PLAN,	 /* the same, and for other programs */
	ACTION_TEST,	 /* a shell or a command in the finished cage */
	ACTION_EXPLAIN,	 /* what becomes of a packet */
	ACTION_SETUP,	 /* the network alone: close, open, prove, and end */
	ACTION_STATUS,	 /* is it closed? */
	ACTION_CHANGE,	 /* allow, deny, reload, list: to the warden (init/change.h) */
	ACTION_FIREWALL, /* called by the name of para's script: set up, or if that was done, its status */
	/* from here on nothing of the configuration is looked at */
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_PRESETS,
	ACTION_REPORT, /* of what was recorded (init/report.h) */
	ACTION_LICENCE,
};

struct config {
	enum action action;
	bool resolve; /* --check --resolve: ask DNS as well */
	struct policy policy;
	const char *policy_file; /* PARA_POLICY, or NULL; of the environment */
	bool policy_writable;	 /* a root agent could change the file */
	struct guard_settings guard;
	const char *run_as; /* USER[:GROUP], or NULL: stay who we are. Of argv or the environment */
	struct fence fence;
	bool keep_privileges;	    /* never with isolation */
	unsigned int setup_seconds; /* PARA_SETUP_TIMEOUT */
	bool subreaper;		    /* -s: asked for, so no warning where we are not PID 1 */
	int parent_signal;	    /* -p; 0: none */
	struct serving serving;
	char *const *agent; /* its command line, NULL-terminated; of argv */
};

/*
 * Reads argv and environ into *config, and sets up the log. The caller frees config->policy by policy_free.
 * Returns 0 or -errno with *error filled.
 */
int config_read(
	struct config *config, int argc, char *const argv[], char *const *environment, struct error *error);

#endif
