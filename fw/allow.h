/* From what the operator named and what was learnt of it to what the sets shall hold. */
#ifndef FW_ALLOW_H
#define FW_ALLOW_H

#include "fw/lookup.h"
#include "fw/policy.h"
#include "fw/set.h"
#include "util/error.h"

/* Puts every name that must be looked up into lookup: the policy's, and what GitHub's ranges need. */
int allow_targets(const struct policy *policy, struct lookup *lookup, struct error *error);

/* The one hole that is needed before the sets are known: HTTPS to GitHub's API. The caller frees contents. */
int allow_github_api(const struct lookup *lookup, struct contents *contents, struct error *error);

/*
 * What each list of the policy holds, settled: each entry's address, network or looked-up addresses, and with
 * a name of GitHub the ranges, on that name's ports. The caller frees the contents.
 */
int allow_contents(const struct policy *policy, const struct lookup *lookup, const struct prefixes *ranges,
	struct contents contents[LISTS], struct error *error);

#endif
