/* Confinement of the children that parse. Sources: prctl(2), landlock(7), linux/landlock.h. */
#include "util/confine.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/landlock.h>

#include "util/caps.h"

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

int confine_parser(void)
{
	const struct caps none = {0};
	const struct rlimit zero = {0, 0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (setrlimit(RLIMIT_NPROC, &zero) < 0 || setrlimit(RLIMIT_CORE, &zero) < 0)
		return -errno;
	if (caps_set(&none) < 0)
		return -EPERM;
	return deny_changes();
}
