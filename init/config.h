/* What the command line and the environment ask for: the one place that reads either. */
#ifndef INIT_CONFIG_H
#define INIT_CONFIG_H

#include <stdbool.h>

#include "fw/policy.h"
#include "util/error.h"

enum action {
	ACTION_RUN,
	ACTION_CHECK, /* --check: print the plan, change nothing */
	ACTION_HELP,
	ACTION_VERSION,
};

struct config {
	enum action action;
	bool resolve; /* --check --resolve: ask DNS as well */
	struct policy policy;
	const char *run_as;	    /* USER[:GROUP], or NULL: stay who we are. Of argv or the environment */
	unsigned int setup_seconds; /* PARA_SETUP_TIMEOUT */
	char *const *agent;	    /* its command line, NULL-terminated; of argv */
};

/*
 * Reads argv and environ into *config, and sets up the log. The caller frees config->policy by policy_free.
 * Returns 0 or -errno with *error filled.
 */
int config_read(
	struct config *config, int argc, char *const argv[], char *const *environment, struct error *error);

/* The text of --help. */
extern const char config_help[];

#endif
