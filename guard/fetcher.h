/*
 * The fetcher: asks for GitHub's ranges once a day, where a name of GitHub is on a list, and hands them to
 * the warden. It holds no capability; what parses is a child of its own that ends with each fetch.
 */
#ifndef GUARD_FETCHER_H
#define GUARD_FETCHER_H

#include <stdint.h>

/* Between two fetches; after one that failed the first wait, which doubles up to the day. In seconds. */
#define FETCH_SECONDS	    86400
#define FETCH_SECONDS_AGAIN 900

/*
 * Serves until the lifeline is closed (returns 0) or the warden is gone (-EPIPE). warden is its end of a
 * socket pair for struct message.
 */
int fetcher_run(int warden, int lifeline);

#endif
