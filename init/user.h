/* Who the agent is to be: USER[:GROUP] looked up in the image's /etc/passwd and /etc/group, strictly. */
#ifndef INIT_USER_H
#define INIT_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"

#define USER_GROUPS_MAX 64
#define USER_TEXT	256

struct user {
	bool change; /* false: stay who we are, the rest says nothing */
	uid_t uid;
	gid_t gid;
	unsigned int n_groups; /* supplementary */
	gid_t groups[USER_GROUPS_MAX];
	char name[USER_TEXT]; /* "" if /etc/passwd does not know the uid */
	char home[USER_TEXT];
};

/*
 * Reads a specification: a name or number, and after a colon the name or number of a group. A group that is
 * given is the only one; else the user's own of passwd and those of group that list the name. Root only where
 * it says "root" or "0". NULL: no change. passwd and group are paths. Returns 0 or -errno with *error filled.
 */
int user_find(
	const char *spec, const char *passwd, const char *group, struct user *user, struct error *error);

/* Puts HOME, USER and LOGNAME of a changed user into our environment, for the agent. Returns 0 or -errno. */
int user_environment(const struct user *user, struct error *error);

#endif
