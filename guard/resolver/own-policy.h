/* The resolver's own copy of the policy, which live changes change. */
#ifndef GUARD_RESOLVER_OWN_POLICY_H
#define GUARD_RESOLVER_OWN_POLICY_H

#include "fw/policy.h"

/* policy_free gives *copy back, also after -ENOMEM. Returns 0 or -ENOMEM. */
int own_policy_copy(const struct policy *policy, struct policy *copy);

/* Adds an entry, unless it is there. Returns 0 or -ENOMEM. */
int own_policy_add(struct policy *policy, enum list list, const struct entry *entry);

/* Removes the entry that says the same, if there is one. */
void own_policy_remove(struct policy *policy, enum list list, const struct entry *entry);

#endif
