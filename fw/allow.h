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
 * Why DNS alone may not open an address on a list with these entries: nobody can mean it, or it is a metadata
 * service's, or under the strict profile a private one, and no entry names it or its network. NULL: it may.
 */
const char *allow_refusal(
	const struct policy *policy, const struct entries *entries, const struct prefix *address);

/*
 * The same of a name on the block list, where a sinkhole's answer says nothing: false for such a one. IPv4
 * inside IPv6 becomes IPv4.
 */
bool allow_to_block(struct prefix *address);

/*
 * What stands on a list for good, settled: each entry's address or network, the looked-up addresses of names,
 * and with a name of GitHub the ranges, on that name's ports. With a guard what DNS said of a name is lent
 * (guard/warden/leases.h), and not in here. The caller frees the contents, also after a failure.
 */
int allow_list(const struct policy *policy, const struct entries *entries, const struct lookup *lookup,
	const struct prefixes *ranges, struct contents *contents, struct error *error);

/*
 * What each list of the policy opens as of the lookup, for good or lent, once all that DNS said has been
 * judged. The caller frees the contents.
 */
int allow_contents(const struct policy *policy, const struct lookup *lookup, const struct prefixes *ranges,
	struct contents contents[LISTS], struct error *error);

#endif
