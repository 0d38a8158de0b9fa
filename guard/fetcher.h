/*
 * The fetcher: asks for GitHub's ranges once a day, where a name of GitHub is on a list, and hands them to
 * the warden. It holds no capability; what parses is a child of its own that ends with each fetch. An agent
 * that is root can rewrite the files of /etc: whom to ask, and whose certificates to believe, is as it was at
 * the start.
 */
#ifndef GUARD_FETCHER_H
#define GUARD_FETCHER_H

#include <stdint.h>

#include "util/error.h"

/* Between two fetches; after one that failed the first wait, which doubles up to the day. In seconds. */
#define FETCH_SECONDS	    86400
#define FETCH_SECONDS_AGAIN 900

/* Copies of resolv.conf, hosts and the certificates (util/kept.h): descriptors, open for good. */
struct fetcher {
	int resolv_conf, hosts, certificates;
};

/* Before the agent runs. Returns 0, or -errno with *error filled. */
int fetcher_open(struct fetcher *fetcher, struct error *error);

/*
 * Serves until the lifeline is closed (returns 0) or the warden is gone (-EPIPE). warden is its end of a
 * socket pair for struct message.
 */
int fetcher_run(const struct fetcher *fetcher, int warden, int lifeline);

#endif
