/* util/seccomp.h and guard/resolver/calls.h: what is not on the list ends the process. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "guard/resolver/calls.h"
#include "util/seccomp.h"

/* By system calls alone, since a sanitizer's library would make others. */
static void end(long status)
{
	syscall(SYS_exit_group, status);
}

/* How a child ends that is confined, and then does something: 0, or the signal. */
static int ending(int (*confine)(void), void (*act)(void))
{
	const struct rlimit zero = {0, 0};
	const pid_t child = fork();
	int status;

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &zero);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine() < 0)
			end(99);
		act();
		end(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

static int confine_little(void)
{
	static const struct seccomp_call calls[] = {
		{.number = SYS_exit_group},
		{SYS_socket, 0, UINT32_MAX, AF_INET},
		{SYS_socket, 0, UINT32_MAX, AF_INET6},
		{SYS_mmap, 2, PROT_EXEC, 0},
		{.number = SYS_close},
	};

	return seccomp_allow(calls, LENGTH(calls));
}

static void nothing(void)
{
}

static void ask_for_pid(void)
{
	syscall(SYS_getpid);
}

static void close_one(void)
{
	syscall(SYS_close, 1000);
}

static void socket_inet(void)
{
	syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
}

static void socket_netlink(void)
{
	syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
}

static void socket_packet(void)
{
	syscall(SYS_socket, AF_PACKET, SOCK_DGRAM, 0);
}

static void socket_unix(void)
{
	syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static void map(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void map_code(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void open_file(void)
{
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void execute(void)
{
	char *const arguments[] = {NULL};

	syscall(SYS_execve, "/bin/true", arguments, arguments);
}

static void trace(void)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void make_process(void)
{
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void a_list(void **state)
{
	(void)state;
	assert_int_equal(ending(confine_little, nothing), 0);
	assert_int_equal(ending(confine_little, close_one), 0);
	assert_int_equal(ending(confine_little, socket_inet), 0);
	assert_int_equal(ending(confine_little, map), 0);
	assert_int_equal(ending(confine_little, ask_for_pid), SIGSYS);
	assert_int_equal(ending(confine_little, socket_netlink), SIGSYS);
	assert_int_equal(ending(confine_little, map_code), SIGSYS);
}

static void the_resolver(void **state)
{
	static void (*const forbidden[])(void) = {ask_for_pid, socket_netlink, socket_packet, socket_unix,
		map_code, open_file, execute, trace, make_process};
	static void (*const allowed[])(void) = {nothing, close_one, socket_inet, map};

	(void)state;
	for (size_t i = 0; i < LENGTH(allowed); i++)
		must(ending(calls_confine, allowed[i]) == 0, "what is allowed, %zu, kills", i);
	for (size_t i = 0; i < LENGTH(forbidden); i++)
		must(ending(calls_confine, forbidden[i]) == SIGSYS, "what is forbidden, %zu, does not kill",
			i);
}

#ifdef __x86_64__
static void call_as_32_bit(void)
{
	long result;

	/* 20 is getpid there, and writev, which is allowed, here */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
}

static void call_as_x32(void)
{
	syscall(0x40000000 | SYS_close, 1000);
}

static void other_numberings(void **state)
{
	const int as_32_bit = ending(calls_confine, call_as_32_bit);

	(void)state;
	/* a kernel that knows no 32-bit programs has its own way to end it */
	assert_true(as_32_bit == SIGSYS || as_32_bit == SIGSEGV);
	assert_int_equal(ending(calls_confine, call_as_x32), SIGSYS);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list),
		cmocka_unit_test(the_resolver),
#ifdef __x86_64__
		cmocka_unit_test(other_numberings),
#endif
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
