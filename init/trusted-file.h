/*
 * Reading a file that decides over the agent: one that nobody but root can have written or put in place,
 * since the agent of an earlier run may have tried. Knows nothing of what the file says.
 */
#ifndef INIT_TRUSTED_FILE_H
#define INIT_TRUSTED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

struct trusted_file {
	char *text; /* and a NUL behind it */
	size_t length;
	bool writable; /* its file system can be written, by root at least */
};

/*
 * Reads a regular file of at most max bytes. It and every directory on its path must belong to root (uid 0 of
 * this user namespace) and be writable by nobody else, and none may be a symbolic link. variable is the name
 * to blame in messages. Returns 0, or -errno with *error filled; the caller frees file->text.
 */
int trusted_file_read(
	const char *variable, const char *path, size_t max, struct trusted_file *file, struct error *error);

#endif
