/* Changes under a running agent: `secure-init allow`, `deny`, `reload` and `list`, asked of the warden. */
#ifndef INIT_CHANGE_H
#define INIT_CHANGE_H

#include "init/config.h"
#include "util/error.h"

/* arguments: the word and what follows it. Returns the exit status, or -errno with *error filled. */
int change(const struct config *config, char *const *arguments, struct error *error);

#endif
