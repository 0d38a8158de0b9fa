/*
 * `secure-init allow|deny|reload|list`: a live change of a running container's policy, asked of its warden
 * (guard/warden/control.h). What the caller writes is read here; the warden gets no words.
 */
#ifndef INIT_CHANGE_H
#define INIT_CHANGE_H

#include "init/config.h"
#include "util/error.h"

/*
 * Does what arguments say (NULL-terminated, the word of the change first), and prints how it went. Of config
 * only reload needs the policy. The caller must have NET_ADMIN of its own. Returns 0 or -errno with *error
 * filled.
 */
int change(const struct config *config, char *const *arguments, struct error *error);

/* "30s", "10m", "2h", "1d" in seconds, at most LEASE_SECONDS_MAX. Returns 0 or -EINVAL with *error filled. */
int change_seconds(const char *text, uint32_t *seconds, struct error *error);

#endif
