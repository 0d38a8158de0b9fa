/* What is open, in plain words: what the operator reads in the container's log, and what --check prints. */
#ifndef INIT_SUMMARY_H
#define INIT_SUMMARY_H

#include <stddef.h>

#include "fw/lookup.h"
#include "fw/policy.h"

struct summary {
	const struct policy *policy;
	const struct resolv *resolv;
	const struct host_networks *host;
	const struct lookup *lookup; /* NULL: names were not looked up */
	size_t ranges;		     /* of GitHub; 0: not fetched */
	void (*say)(const char *line);
};

/* Says, line by line, what this policy opens here. */
void summary_say(const struct summary *summary);

#endif
