/* Resolving names with c-ares. Runs in the lookup's child: it parses what the network sends. */
#ifndef FW_NAMES_H
#define FW_NAMES_H

#include "fw/lookup.h"

/* The files that are asked; NULL: those of /etc, as they are now. They stay as they are. */
struct name_files {
	char *resolv_conf, *hosts;
};

/*
 * Resolves every target, both families, many at a time, and sends what comes of each to socket as
 * LOOKUP_ADDRESS and LOOKUP_FAILED. Optional ones get hardly longer than the others need. /etc/hosts is asked
 * first; the search list of resolv.conf only for names of one label. Returns 0, or -errno if not even asking
 * was possible.
 */
int names_resolve(const struct target *targets, size_t n, const struct name_files *files, int socket);

#endif
