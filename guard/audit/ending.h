/* What is said when a run ends: how much was refused, what most of it was, and what would have allowed it. */
#ifndef GUARD_AUDIT_ENDING_H
#define GUARD_AUDIT_ENDING_H

#include <stdbool.h>

#include "guard/audit/sink.h"
#include "guard/audit/tally.h"

/* learn: say the entries, too. Nothing is opened by that. */
void ending_say(const struct tally *tally, struct sink *sink, bool learn);

#endif
