/* Entries that contradict each other, or say nothing that another one has not said: nobody should be
 * surprised. */
#ifndef FW_CONFLICT_H
#define FW_CONFLICT_H

#include "fw/policy.h"
#include "fw/resolv.h"

/* Says each, a line a conflict. Names are compared as names; what they resolve to is not looked at. */
void conflicts_say(const struct policy *policy, const struct resolv *resolv, void (*say)(const char *line));

/* True if all that the inner entry says, the outer says too. */
bool entry_covers(const struct entry *outer, const struct entry *inner);

#endif
