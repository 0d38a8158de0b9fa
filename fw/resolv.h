/*
 * Who answers DNS here: the servers of /etc/resolv.conf, and where Docker's own resolver passes questions on.
 * Only what the rules need; asking is fw/names.c's part.
 */
#ifndef FW_RESOLV_H
#define FW_RESOLV_H

#include <stdbool.h>

#include "fw/entry.h"
#include "fw/prefix.h"
#include "util/error.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* resolv.conf(5), MAXNS: the libc asks no more than three. */
#define RESOLV_SERVERS_MAX 3
/* Upstreams of Docker's resolver that we make rules for. */
#define RESOLV_UPSTREAMS_MAX 8
/* resolv.conf(5) knew six search domains at most until glibc 2.26; more than these are passed over. */
#define RESOLV_SEARCH_MAX 8

struct resolv {
	unsigned int n_servers;
	struct prefix servers[RESOLV_SERVERS_MAX];
	/*
	 * Docker's resolver, 127.0.0.11, sends its questions on from this network namespace, out of a socket
	 * of uid 0. Newer ones name where to, in a comment "# ExtServers: [192.0.2.53 host(127.0.0.53)]";
	 * those in host(…) are asked from the host's namespace and need no rule.
	 */
	bool docker;
	bool upstreams_named;
	unsigned int n_upstreams;
	struct prefix upstreams[RESOLV_UPSTREAMS_MAX];
	/* the interface that a link-local server is on (if_nametoindex(3)); 0: none was named */
	unsigned int scopes[RESOLV_SERVERS_MAX];
	/* what the libc appends to a name in turn; lower case, no dot at either end */
	unsigned int n_search;
	char search[RESOLV_SEARCH_MAX][NAME_TEXT];
};

/*
 * Reads a file in the form of resolv.conf(5). A file that is not there means the libc's default, a server on
 * this host. Returns 0 or -errno with *error filled.
 */
int resolv_read(const char *path, struct resolv *resolv, struct error *error);

/* The same from one line of such a file, for tests and fuzzers. Changes line. */
void resolv_read_line(char *line, struct resolv *resolv);

#endif
