/* The checks before the first change: see the header. */
#include "init/preflight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <linux/capability.h>

#include "guard/guard.h"
#include "init/inherited.h"
#include "init/status.h"
#include "util/caps.h"
#include "util/cleanup.h"
#include "util/lines.h"
#include "util/number.h"

static int check_pid(struct error *error)
{
	if (getpid() == 1)
		return 0;
	return error_set(error, FAIL_PRIVILEGE, EPERM,
		"network isolation is set up by the first process of a container, and this is process %d; "
		"make "
		"secure-init the ENTRYPOINT, and leave out docker run's --init and --pid",
		getpid());
}

/*
 * Sysctls that the kernel shows in its first network namespace alone (net/core/sysctl_net_core.c:
 * net_core_table against netns_core_table); somaxconn it shows in each, which proves that we look at the
 * right place.
 */
static int check_network(struct error *error)
{
	static const char *const hosts_own[] = {"netdev_max_backlog", "dev_weight"};

	if (access("/proc/sys/net/core/somaxconn", F_OK) != 0)
		return error_set(error, FAIL_PRIVILEGE, errno,
			"/proc/sys/net is not there, so the host's network cannot be told from a "
			"container's; mount "
			"/proc");
	for (size_t i = 0; i < sizeof(hosts_own) / sizeof(hosts_own[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/sys/net/core/%s", hosts_own[i]);
		if (access(path, F_OK) == 0)
			return error_set(error, FAIL_PRIVILEGE, EPERM,
				"this is the host's own network (--network host?), and isolating the agent "
				"would cut "
				"off the host; leave out --network host, or set "
				"PARA_NETWORK_ISOLATION=false");
		if (errno != ENOENT)
			return error_set(error, FAIL_PRIVILEGE, errno, "%s cannot be looked up: %s", path,
				strerror(errno));
	}
	return 0;
}

/* Why a process lacks a capability, and where to get it. */
static int missing(const char *name, unsigned int capability, const char *what, struct error *error)
{
	char hint[300];

	if (getuid() == 0 || prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1)
		snprintf(hint, sizeof(hint), "start the container with --cap-add %s", name);
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		snprintf(hint, sizeof(hint),
			"no-new-privileges (--security-opt) takes file capabilities away from user %u; leave "
			"it out, "
			"or start as root: --user root -e PARA_RUN_AS=%u",
			getuid(), getuid());
	else
		snprintf(hint, sizeof(hint),
			"user %u gets it only from the program's file (setcap "
			"cap_net_admin,cap_setpcap,cap_setuid,cap_setgid=p, and as process 1); else start as "
			"root: --user root -e PARA_RUN_AS=%u",
			getuid(), getuid());
	return error_set(error, FAIL_PRIVILEGE, EPERM, "CAP_%s is missing, which is needed to %s; %s", name,
		what, hint);
}

/* user: whom the agent will be; NULL: there is no agent. */
static int check_capabilities(const struct user *user, bool guarded, struct error *error)
{
	static const char guard[] = "give the guard users of its own (PARA_GUARD=off does without the guard)";
	const struct {
		unsigned int capability;
		bool needed;
		const char *name, *what;
	} table[] = {
		{CAP_NET_ADMIN, true, "NET_ADMIN", "set up the firewall"},
		{CAP_SETPCAP, user != NULL, "SETPCAP", "empty the capability bounding set"},
		{CAP_SETUID, user != NULL && user->change, "SETUID", "become the agent's user"},
		{CAP_SETGID, user != NULL && user->change, "SETGID", "become the agent's user"},
		{CAP_SETUID, guarded, "SETUID", guard},
		{CAP_SETGID, guarded, "SETGID", guard},
	};
	struct caps caps;
	int ret = caps_get(&caps);

	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret, "capget: %s", strerror(-ret));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].needed && !(caps.effective & CAP_BIT(table[i].capability)))
			return missing(table[i].name, table[i].capability, table[i].what, error);
	return 0;
}

/* "0 1000 65536": the first number here, and how many from there on there are (user_namespaces(7)). */
static bool range_holds(char *line, uint64_t id)
{
	char *rest = line;
	const char *first = strtok_r(rest, " ", &rest), *outside = strtok_r(rest, " ", &rest);
	const char *count = strtok_r(rest, " ", &rest);
	uint64_t low, n;

	return first != NULL && outside != NULL && count != NULL &&
	       number_parse(first, 0, UINT32_MAX, &low) == 0 && number_parse(count, 0, UINT32_MAX, &n) == 0 &&
	       id >= low && id - low < n;
}

/* True also where nobody can tell. */
static bool is_mapped(const char *map, uint64_t id)
{
	cleanup_file FILE *file = fopen(map, "re");
	bool mapped = file == NULL;
	char line[128];

	while (!mapped && lines_next(file, line, sizeof(line)))
		mapped = range_holds(line, id);
	return mapped;
}

static bool is_guards(unsigned int uid)
{
	return uid == GUARD_UID_RESOLVER || uid == GUARD_UID_WARDEN;
}

/*
 * Whoever has one of the guard's users could pass for it: the agent, and who comes later by docker exec,
 * which is the user that this started as. And they must be there to be had.
 */
static int check_user(const struct user *user, struct error *error)
{
	static const unsigned int uids[] = {GUARD_UID_RESOLVER, GUARD_UID_WARDEN};
	const unsigned int uid = user->change && !is_guards(getuid()) ? user->uid : getuid();

	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
		if (!is_mapped("/proc/self/uid_map", uids[i]) || !is_mapped("/proc/self/gid_map", uids[i]))
			return error_set(error, FAIL_PRIVILEGE, EINVAL,
				"this container's user namespace has no user %u, which is the guard's; map "
				"at least 65536 users "
				"(/etc/subuid), or set PARA_GUARD=off",
				uids[i]);
	if (!is_guards(uid))
		return 0;
	return error_set(error, FAIL_CONFIG, EINVAL,
		"the agent's user is %u, which is the guard's; choose another one (docker run --user, "
		"PARA_RUN_AS), or "
		"PARA_GUARD=off",
		uid);
}

int preflight(const struct user *user, bool guarded, struct error *error)
{
	int ret = check_pid(error);

	if (ret == 0)
		ret = check_network(error);
	if (ret == 0)
		ret = inherited_check(error);
	if (ret == 0 && guarded)
		ret = check_user(user, error);
	return ret == 0 ? check_capabilities(user, guarded, error) : ret;
}

int preflight_setup(struct error *error)
{
	int ret;

	if (status_guarded())
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"process 1 of this container is a secure-init already, which set the network up when "
			"it "
			"started; to change what is open, start the container anew");
	ret = check_network(error);
	return ret == 0 ? check_capabilities(NULL, false, error) : ret;
}
