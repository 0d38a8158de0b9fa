/*
 * One error: what kind of failure it was, and a sentence for a person.
 *
 * Functions that can fail return 0 or a negative errno and fill a struct error that the caller owns. Only
 * main() turns one into an exit status; nothing below it exits.
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

/*
 * The kinds of failure, which are also our exit statuses (docs/exit-codes.md). They keep clear of the agent's
 * own: 126 and 127 (it could not be run) and 128 + n (it died by signal n).
 */
enum failure {
	FAIL_USAGE = 100,      /* an option or argument of the command line */
	FAIL_CONFIG = 101,     /* a variable of the environment, an entry of a list */
	FAIL_PRIVILEGE = 102,  /* not PID 1, a capability missing, the host's own network */
	FAIL_KERNEL = 103,     /* the kernel lacks something we need */
	FAIL_FIREWALL = 104,   /* the kernel refused rules or sets */
	FAIL_NAMES = 105,      /* a name without a usable address */
	FAIL_GITHUB = 106,     /* GitHub's ranges could not be had, or are not to be believed */
	FAIL_VERIFY = 107,     /* what stands in the kernel, or what the probes saw, is not what was meant */
	FAIL_DROP = 108,       /* a privilege could not be given up, or was still there */
	FAIL_DEADLINE = 109,   /* PARA_SETUP_TIMEOUT passed */
	FAIL_GUARD = 110,      /* the agent was ended: the firewall was changed, or its guard is gone */
	FAIL_SYSTEM = 111,     /* memory, descriptors, a system call that never fails */
	FAIL_AGENT_RUN = 126,  /* the agent is there but could not be run */
	FAIL_AGENT_FIND = 127, /* the agent was not found */
};

struct error {
	enum failure kind;
	char text[1000];
};

/* Fills *error and returns -err. err is a positive errno; format says what failed, on what, what to do. */
__attribute__((format(printf, 4, 5))) int error_set(
	struct error *error, enum failure kind, int err, const char *format, ...);

#endif
