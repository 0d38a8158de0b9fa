/*
 * The drop, in the order in which each step still has the right to be taken.
 * Sources: capabilities(7), prctl(2), setresuid(2).
 */
#include "init/privileges.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <linux/capability.h>

#include "util/caps.h"

static int failed(struct error *error, const char *what, int err)
{
	return error_set(error, FAIL_DROP, err,
		"a privilege could not be given up: %s: %s; the agent was not started", what, strerror(err));
}

static int empty_bounding(bool must, struct error *error)
{
	for (unsigned long number = 0; number < CAPABILITIES_MAX; number++) {
		int there = prctl(PR_CAPBSET_READ, number, 0, 0, 0);

		if (there < 0)
			return 0; /* EINVAL: past the last one that this kernel knows */
		if (there == 1 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0 && (must || errno != EPERM))
			return failed(error, "the capability bounding set", errno);
	}
	return 0;
}

int privileges_take_up(struct error *error)
{
	struct caps caps;
	int ret = 0;

	if (getpid() != 1 && getauxval(AT_SECURE) != 0) {
		const struct caps none = {0};

		if (setresgid(getgid(), getgid(), getgid()) < 0 ||
			setresuid(getuid(), getuid(), getuid()) < 0)
			return failed(error, "the rights of the program's file", errno);
		ret = caps_set(&none);
		return ret < 0 ? failed(error, "the capabilities of the program's file", -ret) : 0;
	}
	ret = caps_get(&caps);
	if (ret == 0 && caps.effective != caps.permitted) {
		caps.effective = caps.permitted;
		ret = caps_set(&caps);
	}
	return ret < 0 ? error_set(error, FAIL_SYSTEM, -ret, "capabilities: %s", strerror(-ret)) : 0;
}

int privileges_become(const struct user *user, struct error *error)
{
	if (!user->change)
		return 0;
	/* with a group given there are no others: the list is that one alone */
	if (setgroups(user->n_groups, user->groups) < 0)
		return failed(error, "the supplementary groups", errno);
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return failed(error, "the group", errno);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return failed(error, "the user", errno);
	return 0;
}

static int still_there(struct error *error, const char *what)
{
	return error_set(error, FAIL_DROP, EPERM,
		"%s after it was given up, says the kernel; the agent was not started", what);
}

static int verify_capabilities(bool must_bound, struct error *error)
{
	struct caps caps;

	if (caps_get(&caps) < 0 || (caps.effective | caps.permitted | caps.inheritable) != 0)
		return still_there(error, "a capability is still held");
	for (unsigned long number = 0; number < CAPABILITIES_MAX; number++) {
		int bounding = prctl(PR_CAPBSET_READ, number, 0, 0, 0);

		if (bounding < 0)
			break;
		if (bounding == 1 && must_bound)
			return still_there(error, "a capability is still in the bounding set");
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
			return still_there(error, "a capability is still ambient");
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return still_there(error, "new privileges can still be had (no_new_privs is off)");
	return 0;
}

static int verify_user(const struct user *user, struct error *error)
{
	uid_t uids[3];
	gid_t gids[3], groups[USER_GROUPS_MAX + 1];
	int n;

	if (!user->change)
		return 0;
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return failed(error, "reading the user back", errno);
	for (int i = 0; i < 3; i++)
		if (uids[i] != user->uid || gids[i] != user->gid)
			return still_there(error, "another user or group is still there");
	n = getgroups(USER_GROUPS_MAX + 1, groups);
	if (n < 0 || (unsigned int)n != user->n_groups)
		return still_there(error, "another supplementary group is still there");
	/* the kernel sorts them, so each is looked for */
	for (int i = 0; i < n; i++) {
		unsigned int j = 0;

		while (j < user->n_groups && user->groups[j] != groups[i])
			j++;
		if (j == user->n_groups)
			return still_there(error, "another supplementary group is still there");
	}
	return 0;
}

int privileges_drop(const struct user *user, bool must_bound, struct error *error)
{
	const struct caps none = {0};
	int ret;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return failed(error, "the ambient capabilities", errno);
	ret = empty_bounding(must_bound, error);
	if (ret == 0)
		ret = privileges_become(user, error);
	if (ret < 0)
		return ret;
	ret = caps_set(&none);
	if (ret < 0)
		return failed(error, "the capabilities", -ret);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(error, "no_new_privs", errno);
	ret = verify_capabilities(must_bound, error);
	return ret == 0 ? verify_user(user, error) : ret;
}
