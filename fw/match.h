/* Which entries of the lists a name falls under that DNS is asked for. Talks to nobody. */
#ifndef FW_MATCH_H
#define FW_MATCH_H

#include <stdbool.h>

#include "fw/policy.h"
#include "fw/resolv.h"

enum name_verdict {
	NAME_UNLISTED, /* no list speaks of it */
	NAME_ALLOWED,  /* the allowed or the inbound list does, which comes before the blocked one */
	NAME_BLOCKED,
	/*
	 * A wildcard's name with a search domain of resolv.conf behind it, as the libc tries them in turn: it
	 * stands for a name that is allowed, and itself is none. To be answered "no such name", unasked.
	 */
	NAME_VAIN,
};

/*
 * True if the name (lower case, no trailing dot) is the entry's: the same, below the wildcard, or the same
 * with a search domain behind it, since what the libc finds there it takes for the name's.
 */
bool match_entry(const struct entry *entry, const struct resolv *resolv, const char *name);

enum name_verdict match_name(const struct policy *policy, const struct resolv *resolv, const char *name);

#endif
