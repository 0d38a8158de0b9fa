/* Which connections that the kernel tracks the rules and sets, as they are now, would not let begin. */
#ifndef GUARD_WARDEN_FLOWS_H
#define GUARD_WARDEN_FLOWS_H

#include <stdbool.h>
#include <stddef.h>

#include "guard/warden/ward.h"

/*
 * Forgets those, so that none of them goes on as established. guards: what a rule lets through by its sender
 * is the guard's, and lives on; without it, it is forgotten, too, since the table does not say whose it is.
 * *n counts them. Returns 0 or -errno.
 */
int flows_forget(struct ward *ward, bool guards, size_t *n);

/*
 * After a change of ours: forgets what it does not allow, and says so. flows_end_blocked: of that only what
 * is with an address that a blocked name is lent; what is no longer lent to an allowed one lives on.
 */
void flows_end(struct ward *ward);
void flows_end_blocked(struct ward *ward);

#endif
