/*
 * Proof that the agent's DNS leads to the guard: a question to a server that does not exist is answered, with
 * what only the guard says.
 */
#ifndef VERIFY_DETOUR_H
#define VERIFY_DETOUR_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Asks by IPv4 and by IPv6; best called as the agent's user. *proved is false if this namespace has no way
 * out by either, so that nothing could be sent. Returns 0, or -errno with *error filled if an answer did not
 * come, or came from somebody else.
 */
int verify_detour(bool *proved, struct error *error);

#endif
