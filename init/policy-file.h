/*
 * The policy file (PARA_POLICY): the policy's settings as JSON, in our own words, para's or claude-cage's
 * (docs/policy-file.md). Knows what may stand where in the file; what the values mean is init/settings.h's.
 */
#ifndef INIT_POLICY_FILE_H
#define INIT_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "init/settings.h"
#include "util/error.h"

/*
 * Reads the file and takes what it says into *settings, which keeps path. *writable: a root agent could write
 * to it. Returns 0 or -errno with *error filled.
 */
int policy_file_take(const char *path, struct settings *settings, bool *writable, struct error *error);

/* The same of the file's text: length bytes and a NUL. path is the name to blame in messages. */
int policy_file_read(
	const char *path, const char *text, size_t length, struct settings *settings, struct error *error);

#endif
