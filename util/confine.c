/* Confinement of the children that parse. Sources: prctl(2), landlock(7), linux/landlock.h. */
#include "util/confine.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/landlock.h>

#include "util/caps.h"
#include "util/seccomp.h"

/* Everything of Landlock's first version (5.13) that changes a file system: all but execute and the two
 * reads. */
#define LANDLOCK_CHANGES                                                                                   \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                              \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* No rule allows what the ruleset handles, so all of it is denied. A kernel without Landlock denies nothing.
 */
static int deny_changes(void)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_CHANGES | LANDLOCK_ACCESS_FS_EXECUTE};
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int ret = 0;

	if (fd < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		ret = -errno;
	close((int)fd);
	return ret;
}

/* What cannot be dropped (one that this kernel does not know, or that is not there) does not matter, if none
 * is left. */
static int empty_bounding(void)
{
	for (unsigned long number = 0; number < CAPABILITIES_MAX; number++)
		prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
	for (unsigned long number = 0; number < CAPABILITIES_MAX; number++)
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
			return -EACCES; /* EPERM says that the user cannot be had */
	return 0;
}

static int become(unsigned int uid)
{
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

/* What the kernel says after all that was done: the user, its group, and these capabilities alone. */
static int read_back(unsigned int uid, const struct caps *meant)
{
	uid_t uids[3];
	gid_t gids[3];
	struct caps caps;

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != uid)
			return -EACCES;
	if (getgroups(0, NULL) != 0 || caps_get(&caps) < 0 || caps.effective != meant->effective ||
		caps.permitted != meant->permitted || caps.inheritable != meant->inheritable)
		return -EACCES;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
		       ? 0
		       : -EACCES;
}

int confine_as(unsigned int uid, uint64_t capabilities)
{
	const struct caps caps = {.effective = capabilities, .permitted = capabilities};
	const struct rlimit zero = {0, 0};
	int ret;

	/* what is permitted outlives the change of user, to be cut down after it (capabilities(7)) */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	ret = empty_bounding();
	if (ret == 0)
		ret = become(uid);
	if (ret == 0)
		ret = caps_set(&caps);
	if (ret < 0)
		return ret;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &zero) < 0)
		return -errno;
	ret = read_back(uid, &caps);
	return ret == 0 ? deny_changes() : ret;
}

/* What asking DNS, HTTPS and reading what comes back take, with c-ares, curl and mbedTLS. */
static int allow_parsers_calls(void)
{
	static const struct seccomp_call calls[] = {
		/* files, to read (Landlock sees to it) */
		{.number = SYS_openat},
		{.number = SYS_read},
		{.number = SYS_readv},
		{.number = SYS_lseek},
		{.number = SYS_fstat},
		{.number = SYS_newfstatat},
		{.number = SYS_faccessat},
		{.number = SYS_statx},
#ifdef SYS_open
		{.number = SYS_open},
		{.number = SYS_stat},
		{.number = SYS_access},
		{.number = SYS_poll},
		{.number = SYS_pipe},
		{.number = SYS_time},
#endif
		{.number = SYS_close},
		{.number = SYS_fcntl},
		/* sockets: the two families that have addresses, and what if_nametoindex(3) asks by */
		{SYS_socket, 0, UINT32_MAX, AF_INET},
		{SYS_socket, 0, UINT32_MAX, AF_INET6},
		{SYS_socket, 0, UINT32_MAX, AF_UNIX},
		{SYS_socketpair, 0, UINT32_MAX, AF_UNIX},
		{.number = SYS_pipe2},
		{.number = SYS_connect},
		{.number = SYS_bind},
		{.number = SYS_sendto},
		{.number = SYS_sendmsg},
		{.number = SYS_recvfrom},
		{.number = SYS_recvmsg},
		{.number = SYS_getsockname},
		{.number = SYS_getpeername},
		{.number = SYS_getsockopt},
		{.number = SYS_setsockopt},
		{.number = SYS_shutdown},
		{SYS_ioctl, 1, UINT32_MAX, FIONBIO},
		{SYS_ioctl, 1, UINT32_MAX, SIOCGIFINDEX},
		{.number = SYS_ppoll},
		/* what it says */
		{.number = SYS_write},
		{.number = SYS_writev},
		/* memory, of which none becomes code */
		{SYS_mmap, 2, PROT_EXEC, 0},
		{SYS_mprotect, 2, PROT_EXEC, 0},
		{.number = SYS_mremap},
		{.number = SYS_munmap},
		{.number = SYS_madvise},
		{.number = SYS_brk},
		/* who, when, at random */
		{.number = SYS_getpid},
		{.number = SYS_gettid},
		{.number = SYS_getuid},
		{.number = SYS_geteuid},
		{.number = SYS_getgid},
		{.number = SYS_getegid},
		{.number = SYS_uname},
		{.number = SYS_getrandom},
		{.number = SYS_clock_gettime},
		{.number = SYS_gettimeofday},
		{.number = SYS_nanosleep},
		{.number = SYS_clock_nanosleep},
		/* of the C library around signals, and the end */
		{.number = SYS_rt_sigaction},
		{.number = SYS_rt_sigprocmask},
		{.number = SYS_rt_sigreturn},
		{.number = SYS_restart_syscall},
		{.number = SYS_exit},
		{.number = SYS_exit_group},
	};
	const int ret = seccomp_allow(calls, sizeof(calls) / sizeof(calls[0]));

	/* a kernel without filters has none for us either */
	return ret == -ENOSYS || ret == -EINVAL ? 0 : ret;
}

int confine_parser(void)
{
	const struct caps none = {0};
	const struct rlimit zero = {0, 0};
	int ret;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (setrlimit(RLIMIT_NPROC, &zero) < 0 || setrlimit(RLIMIT_CORE, &zero) < 0)
		return -errno;
	if (caps_set(&none) < 0)
		return -EPERM;
	ret = deny_changes();
	return ret == 0 ? allow_parsers_calls() : ret;
}
