/* What secure-init says when it is asked, and not told to run an agent: none of it changes anything. */
#ifndef INIT_ANSWERS_H
#define INIT_ANSWERS_H

#include <stdbool.h>

#include "init/config.h"
#include "init/user.h"
#include "util/error.h"

/* True if the command line asks for such an answer. */
bool answer_wanted(const struct config *config);

/* Prints the answer. Returns the exit status, or -errno with *error filled. */
int answer(const struct config *config, const struct user *user, struct error *error);

#endif
