/*
 * Everything that is learnt from the network before the agent starts: the addresses of names, and GitHub's
 * ranges. A child process that holds no capability does the asking and parsing (fw/names.c, fw/github.c) and
 * hands back fixed-size messages; this side trusts none of them, and judges every address again.
 */
#ifndef FW_LOOKUP_H
#define FW_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fw/entry.h"
#include "fw/prefix.h"
#include "util/error.h"

#define GITHUB_API_HOST "api.github.com"

/* What a name is wanted for, as bits, of which a name on two lists has both. */
#define NEED_PROBE 0U /* not the operator's: it may fail, and may be anything */
#define NEED_BLOCK 1U /* it may be without an address, but of both families, and only if DNS says so */
#define NEED_ALLOW 2U /* it must have an address, of one family at least, and of a kind to believe */

/* One name to be resolved, and what came of it. */
struct target {
	char name[NAME_TEXT];
	unsigned int need; /* NEED_… */
	bool failed;
	bool fixed; /* /etc/hosts says so, and DNS is not to be asked */
	struct prefixes addresses;
};

/* {0} has none; lookup_end gives all of it back. */
struct lookup {
	struct target *targets;
	size_t n, room;
	int socket; /* to the child; -1: none was needed */
	pid_t child;
};

/* Adds a name unless it is there, and gives its place among the targets. Returns 0 or -ENOMEM. */
int lookup_add(struct lookup *lookup, const char *name, unsigned int need, size_t *place);

/*
 * Starts the child on the names. seconds: how long all of it may take at most. Returns 0 or -errno with
 * *error filled.
 */
int lookup_start(struct lookup *lookup, unsigned int seconds, struct error *error);

/* Waits until all names are resolved. Any that is not, or to an address that nobody can mean, is an error. */
int lookup_names(struct lookup *lookup, struct error *error);

/* Lets the child fetch GitHub's ranges (the way there must be open), and adds them, aggregated, to ranges. */
int lookup_github(struct lookup *lookup, struct prefixes *ranges, struct error *error);

/*
 * Whether GitHub's ranges can be right, which come from the network: aggregates them, and refuses all if one
 * is too wide or no public network. Returns 0 or -EBADMSG with *error filled.
 */
int lookup_check_ranges(struct prefixes *ranges, struct error *error);

/* More ranges than any honest answer of GitHub, so that a hostile one cannot fill our memory. */
#define LOOKUP_RANGES_MAX 65536

/* The target of that name; NULL if there is none. */
const struct target *lookup_find(const struct lookup *lookup, const char *name);

/* The addresses of a name, as far as they are known; none if it is not among the targets. */
const struct prefixes *lookup_addresses(const struct lookup *lookup, const char *name);

/* Ends the child and frees all. Safe to call at any time after {0}, and twice. */
void lookup_end(struct lookup *lookup);

#endif
