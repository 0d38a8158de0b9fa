/*
 * stamp: puts marks on a start.
 *
 *   stamp contain FILE COMMAND...  runs COMMAND as PID 1 of a new PID namespace; marks its end
 *   stamp start FILE COMMAND...    marks, then becomes COMMAND
 *   stamp agent FILE               marks, and ends at once: an agent that only says when it began
 *
 * A mark is one line at the end of FILE: the mode, CLOCK_MONOTONIC in ns, and CPU time in ns: user and
 * system, of this process and all it has waited for. That of "contain" counts the child alone, adds its exit
 * status, and comes after a line "pid PID" from its beginning.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "stamp: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t cpu_ns(const struct rusage *usage)
{
	return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000 +
	       ((int64_t)usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static int64_t own_cpu_ns(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return cpu_ns(&self) + cpu_ns(&children);
}

static void put(const char *path, const char *line, int length)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, line, (size_t)length) != length)
		die(path);
	close(fd);
}

static int contain(const char *path, char *command[])
{
	struct rusage usage;
	char line[128];
	pid_t child;
	int how, status;

	if (unshare(CLONE_NEWPID) < 0)
		die("cannot make a PID namespace");
	child = fork();
	if (child < 0)
		die("cannot fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(command[0], command);
		die(command[0]);
	}
	put(path, line, snprintf(line, sizeof(line), "pid %d\n", (int)child));
	while (wait4(child, &how, 0, &usage) < 0)
		if (errno != EINTR)
			die("cannot wait");
	status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	put(path, line,
		snprintf(line, sizeof(line), "contain %lld %lld %d\n", (long long)now_ns(),
			(long long)cpu_ns(&usage), status));
	return status;
}

int main(int argc, char *argv[])
{
	const int64_t now = now_ns();
	char line[128];

	if (argc > 3 && strcmp(argv[1], "contain") == 0)
		return contain(argv[2], argv + 3);
	if (argc < 3 || (strcmp(argv[1], "agent") != 0 && (strcmp(argv[1], "start") != 0 || argc == 3))) {
		fputs("Usage: stamp contain|start FILE COMMAND... | stamp agent FILE\n", stderr);
		return 125;
	}
	if (strcmp(argv[1], "start") == 0) {
		const int64_t cpu = own_cpu_ns();

		put(argv[2], line,
			snprintf(line, sizeof(line), "start %lld %lld\n", (long long)now_ns(),
				(long long)cpu));
		execvp(argv[3], argv + 3);
		die(argv[3]);
	}
	put(argv[2], line,
		snprintf(line, sizeof(line), "agent %lld %lld\n", (long long)now, (long long)own_cpu_ns()));
	return 0;
}
