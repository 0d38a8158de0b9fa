/* init/fence.h, util/seccomp.h: the filters, run here, call by call; those of another numbering too. */
#include "tests/unit/unit.h"

#include "tests/unit/bpf.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

#include "init/fence.h"
#include "util/seccomp.h"

#if defined(__x86_64__)
#define OURS   AUDIT_ARCH_X86_64
#define OTHERS AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64
#else
#define OURS   AUDIT_ARCH_AARCH64
#define OTHERS AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64
#endif

#define ERR(err) (SECCOMP_RET_ERRNO | (uint32_t)(err))
#define KILL	 SECCOMP_RET_KILL_PROCESS
#define OK	 SECCOMP_RET_ALLOW

static const uint64_t nothing[6];

/* Filters on their way to the kernel, which do not get there; failing: the errno of its answer. */
static bool catching;
static unsigned int caught;
static int failing;

/*
 * In place of the libc's, for this program's own calls; the others of units.c get through. It takes more
 * words than a caller may have given, as the libc's does.
 */
__attribute__((no_sanitize_address)) long syscall(long number, ...)
{
	long (*real)(long, ...), words[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	if (!catching) {
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
		return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
	}
	must(number == SYS_seccomp && (unsigned int)words[0] == SECCOMP_SET_MODE_FILTER &&
			(unsigned int)words[1] == 0,
		"system call %ld, operation %ld, flags %ld", number, words[0], words[1]);
	if (failing != 0) {
		errno = failing;
		return -1;
	}
	bpf_take((const struct sock_fprog *)words[2]);
	caught++;
	return 0;
}

static void put(struct fence fence)
{
	caught = 0;
	failing = 0;
	assert_int_equal(fence_put(&fence), 0);
	assert_int_equal(caught, 1);
}

/* A call with one argument of note. */
static uint32_t with(long number, unsigned int argument, uint64_t value)
{
	uint64_t arguments[6] = {0};

	arguments[argument] = value;
	return bpf_run(OURS, (uint32_t)number, arguments);
}

/* With all the bits that a program may leave in the upper half, which the kernel does not look at either. */
static uint32_t with_rubbish(long number, unsigned int argument, uint64_t value)
{
	return with(number, argument, value | UINT64_C(0xffffffff00000000));
}

static void must_be(const char *row, uint32_t is, uint32_t should)
{
	must(is == should, "%s: %#x, not %#x", row, is, should);
}

static void no_fence(void **state)
{
	const struct fence down = {.up = false, .io_uring = true};

	(void)state;
	caught = 0;
	failing = 0;
	assert_int_equal(fence_put(&down), 0);
	assert_int_equal(caught, 0);
}

static void a_kernel_without_filters(void **state)
{
	const struct fence up = {.up = true};

	(void)state;
	caught = 0;
	failing = 0;
	failing = EINVAL;
	assert_int_equal(fence_put(&up), -EINVAL);
	failing = ENOSYS;
	assert_int_equal(fence_put(&up), -ENOSYS);
	assert_int_equal(caught, 0);
}

/* What a program needs from day to day. */
static void what_is_allowed(void **state)
{
	static const long rows[] = {SYS_read, SYS_write, SYS_openat, SYS_close, SYS_execve, SYS_exit_group,
		SYS_mmap, SYS_futex, SYS_connect, SYS_sendto, SYS_bind, SYS_ptrace, SYS_prctl, SYS_seccomp,
		SYS_setsockopt, SYS_kill, SYS_wait4, SYS_chroot, SYS_landlock_restrict_self, 0, 0x3fffffff};

	(void)state;
	put((struct fence){.up = true});
	for (size_t i = 0; i < LENGTH(rows); i++)
		must(with(rows[i], 0, 0) == OK, "call %ld: %#x", rows[i], with(rows[i], 0, 0));
}

#define ROW(name, answer)                      \
	{                                      \
#name, SYS_##name, ERR(answer) \
	}

/* Each whole, whatever its arguments are. */
static void what_is_refused(void **state)
{
	static const struct {
		const char *name;
		long number;
		uint32_t answer;
	} rows[] = {ROW(bpf, EPERM), ROW(perf_event_open, EPERM), ROW(userfaultfd, EPERM),
		ROW(add_key, EPERM), ROW(request_key, EPERM), ROW(keyctl, EPERM), ROW(mount, EPERM),
		ROW(umount2, EPERM), ROW(pivot_root, EPERM), ROW(open_tree, EPERM), ROW(move_mount, EPERM),
		ROW(fsopen, EPERM), ROW(fsconfig, EPERM), ROW(fsmount, EPERM), ROW(fspick, EPERM),
		ROW(mount_setattr, EPERM), ROW(setns, EPERM), ROW(open_by_handle_at, EPERM),
		ROW(kexec_load, EPERM), ROW(init_module, EPERM), ROW(finit_module, EPERM),
		ROW(delete_module, EPERM),
		/* the libc falls back */
		ROW(clone3, ENOSYS), ROW(io_uring_setup, ENOSYS), ROW(io_uring_enter, ENOSYS),
		ROW(io_uring_register, ENOSYS)};
	const uint64_t all[6] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};

	(void)state;
	put((struct fence){.up = true});
	for (size_t i = 0; i < LENGTH(rows); i++) {
		must_be(rows[i].name, bpf_run(OURS, (uint32_t)rows[i].number, nothing), rows[i].answer);
		must_be(rows[i].name, bpf_run(OURS, (uint32_t)rows[i].number, all), rows[i].answer);
	}
}

static void io_uring_where_it_is_wanted(void **state)
{
	(void)state;
	put((struct fence){.up = true, .io_uring = true});
	must_be("io_uring_setup", with(SYS_io_uring_setup, 0, 0), OK);
	must_be("io_uring_enter", with(SYS_io_uring_enter, 0, 0), OK);
	must_be("io_uring_register", with(SYS_io_uring_register, 0, 0), OK);
	/* and nothing else */
	must_be("bpf", with(SYS_bpf, 0, 0), ERR(EPERM));
	must_be("clone3", with(SYS_clone3, 0, 0), ERR(ENOSYS));
	must_be("AF_PACKET", with(SYS_socket, 0, AF_PACKET), ERR(EAFNOSUPPORT));
}

/* What netfilter sees, and what stays on this host. */
static void families(void **state)
{
	static const long calls[] = {SYS_socket, SYS_socketpair};

	(void)state;
	put((struct fence){.up = true});
	for (size_t i = 0; i < LENGTH(calls); i++) {
		for (uint64_t family = 0; family < 100; family++) {
			const bool allowed = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
					     family == AF_NETLINK;
			char row[40];

			snprintf(row, sizeof(row), "call %ld, family %u", calls[i], (unsigned int)family);
			must_be(row, with(calls[i], 0, family), allowed ? OK : ERR(EAFNOSUPPORT));
			must_be(row, with_rubbish(calls[i], 0, family), allowed ? OK : ERR(EAFNOSUPPORT));
		}
		must_be("family -1", with(calls[i], 0, UINT32_MAX), ERR(EAFNOSUPPORT));
	}
}

/* Of netlink, what cannot change the firewall, nor listen to it. */
static void netlink(void **state)
{
	(void)state;
	put((struct fence){.up = true});
	for (uint64_t protocol = 0; protocol < 64; protocol++) {
		const bool allowed = protocol == NETLINK_ROUTE || protocol == NETLINK_USERSOCK ||
				     protocol == NETLINK_SOCK_DIAG || protocol == NETLINK_KOBJECT_UEVENT ||
				     protocol == NETLINK_GENERIC;
		const uint64_t arguments[6] = {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol};
		const uint64_t inet[6] = {AF_INET, SOCK_STREAM, protocol};
		char row[40];

		snprintf(row, sizeof(row), "netlink %u", (unsigned int)protocol);
		must_be(row, bpf_run(OURS, SYS_socket, arguments), allowed ? OK : ERR(EPROTONOSUPPORT));
		/* of the others any */
		must_be(row, bpf_run(OURS, SYS_socket, inet), OK);
	}
}

/* A new user namespace holds all capabilities, a new network one has no firewall. */
static void namespaces(void **state)
{
	static const struct {
		const char *name;
		uint64_t bit;
	} rows[] = {{"user", CLONE_NEWUSER}, {"net", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
		{"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
		{"cgroup", CLONE_NEWCGROUP}};
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	(void)state;
	put((struct fence){.up = true});
	for (size_t i = 0; i < LENGTH(rows); i++) {
		must_be(rows[i].name, with(SYS_clone, 0, rows[i].bit), ERR(EPERM));
		must_be(rows[i].name, with(SYS_clone, 0, rows[i].bit | thread | 17), ERR(EPERM));
		must_be(rows[i].name, with_rubbish(SYS_clone, 0, rows[i].bit), ERR(EPERM));
		must_be(rows[i].name, with(SYS_unshare, 0, rows[i].bit), ERR(EPERM));
		must_be(rows[i].name, with_rubbish(SYS_unshare, 0, rows[i].bit | CLONE_FILES), ERR(EPERM));
	}
	/* a time namespace has its bit where clone has the signal to the parent */
	must_be("time", with(SYS_unshare, 0, 0x80), ERR(EPERM));
	must_be("a signal", with(SYS_clone, 0, 0x80), OK);
	/* threads and processes */
	must_be("fork", with(SYS_clone, 0, 17), OK);
	must_be("vfork", with(SYS_clone, 0, CLONE_VM | CLONE_VFORK | 17), OK);
	must_be("thread", with(SYS_clone, 0, thread), OK);
	must_be("unshare", with(SYS_unshare, 0, CLONE_FILES | CLONE_FS), OK);
}

/* What types for whoever uses the terminal next. */
static void terminals(void **state)
{
	(void)state;
	put((struct fence){.up = true});
	must_be("TIOCSTI", with(SYS_ioctl, 1, 0x5412), ERR(EPERM));
	must_be("TIOCSTI", with_rubbish(SYS_ioctl, 1, 0x5412), ERR(EPERM));
	must_be("TIOCLINUX", with(SYS_ioctl, 1, 0x541c), ERR(EPERM));
	must_be("TIOCGWINSZ", with(SYS_ioctl, 1, TIOCGWINSZ), OK);
	must_be("FIONREAD", with(SYS_ioctl, 1, FIONREAD), OK);
	must_be("fd 0x5412", with(SYS_ioctl, 0, 0x5412), OK);
}

/* The same numbers mean other calls there: none of them is let through. */
static void other_numberings(void **state)
{
	static const uint32_t others[] = {0, UINT32_MAX, OTHERS};

	(void)state;
	put((struct fence){.up = true, .io_uring = true});
	for (uint32_t number = 0; number < 500; number++) {
		for (size_t i = 0; i < LENGTH(others); i++)
			must(bpf_run(others[i], number, nothing) == ERR(ENOSYS), "call %u of %#x", number,
				others[i]);
		must(bpf_run(OURS, number | 0x40000000U, nothing) == ERR(ENOSYS), "call %u of x32", number);
	}
	must_be("call -1", bpf_run(OURS, UINT32_MAX, nothing), ERR(ENOSYS));
}

/* The other filter lets nothing through but what it names. */
static void a_list_of_what_is_allowed(void **state)
{
	static const struct seccomp_call calls[] = {{.number = SYS_read}, {.number = SYS_exit_group},
		/* one call, two ways, by another argument each */
		{.number = SYS_fcntl, .argument = 1, .mask = UINT32_MAX, .value = 3},
		{.number = SYS_fcntl, .argument = 2, .mask = 0xf0, .value = 0x20}};

	(void)state;
	caught = 0;
	failing = 0;
	assert_int_equal(seccomp_allow(calls, LENGTH(calls)), 0);
	assert_int_equal(caught, 1);
	for (uint32_t number = 0; number < 500; number++) {
		const bool allowed = number == SYS_read || number == SYS_exit_group;
		char row[20];

		snprintf(row, sizeof(row), "call %u", number);
		must_be(row, bpf_run(OURS, number, nothing), allowed ? OK : KILL);
		must_be("x32", bpf_run(OURS, number | 0x40000000U, nothing), KILL);
		must_be("no architecture", bpf_run(0, number, nothing), KILL);
	}
	must_be("fcntl 3", with(SYS_fcntl, 1, 3), OK);
	must_be("fcntl 3 and more", with_rubbish(SYS_fcntl, 1, 3), OK);
	must_be("fcntl 4", with(SYS_fcntl, 1, 4), KILL);
	must_be("argument 0x20", with(SYS_fcntl, 2, 0x20), OK);
	must_be("argument 0x2f", with(SYS_fcntl, 2, 0xffff2f), OK);
	must_be("argument 0x30", with(SYS_fcntl, 2, 0x30), KILL);
	must_be("argument 0", with(SYS_fcntl, 0, 0x20), KILL);
}

static void lists_of_every_length(void **state)
{
	struct seccomp_call calls[SECCOMP_CALLS_MAX + 1];

	(void)state;
	for (int i = 0; i <= SECCOMP_CALLS_MAX; i++)
		calls[i] = (struct seccomp_call){.number = i, .argument = 5, .mask = 1, .value = 1};
	caught = 0;
	failing = 0;
	assert_int_equal(seccomp_allow(calls, SECCOMP_CALLS_MAX + 1), -E2BIG);
	assert_int_equal(caught, 0);
	/* of none, nothing; of the most, the last as well */
	assert_int_equal(seccomp_allow(calls, 0), 0);
	must_be("none", with(0, 5, 1), KILL);
	assert_int_equal(seccomp_allow(calls, SECCOMP_CALLS_MAX), 0);
	must_be("the first", with(0, 5, 1), OK);
	must_be("the last", with(SECCOMP_CALLS_MAX - 1, 5, 1), OK);
	must_be("the last, otherwise", with(SECCOMP_CALLS_MAX - 1, 5, 2), KILL);
	must_be("one more", with(SECCOMP_CALLS_MAX, 5, 1), KILL);
	failing = EINVAL;
	assert_int_equal(seccomp_allow(calls, 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fence),
		cmocka_unit_test(a_kernel_without_filters),
		cmocka_unit_test(what_is_allowed),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(io_uring_where_it_is_wanted),
		cmocka_unit_test(families),
		cmocka_unit_test(netlink),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(terminals),
		cmocka_unit_test(other_numberings),
		cmocka_unit_test(a_list_of_what_is_allowed),
		cmocka_unit_test(lists_of_every_length),
	};

	catching = true;
	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
