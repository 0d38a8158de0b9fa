/*
 * `secure-init explain HOST[:PORT][/PROTOCOL]...`: allowed or blocked, by which entry, which set and which
 * rule: by the policy, and where the caller has CAP_NET_ADMIN also by the kernel's own rules and sets.
 * Changes nothing.
 */
#ifndef INIT_EXPLAIN_H
#define INIT_EXPLAIN_H

#include "init/config.h"
#include "init/place.h"
#include "util/error.h"

/* Prints the answers. Returns 0 if all is allowed, 1 if anything is blocked, or -errno with *error filled. */
int explain(
	const struct config *config, const struct place *place, char *const *questions, struct error *error);

#endif
