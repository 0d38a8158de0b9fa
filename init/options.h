/* The command line: our own options, and those of tini, whose place we can take. */
#ifndef INIT_OPTIONS_H
#define INIT_OPTIONS_H

#include "init/config.h"
#include "util/error.h"

/*
 * Reads the options into *config, over what is there already, and where the agent's own command line begins.
 * *louder counts -v. Returns 0 or -EINVAL with *error filled.
 */
int options_read(struct config *config, int argc, char *const argv[], int *louder, struct error *error);

/* The text of --help. */
extern const char options_help[];

#endif
