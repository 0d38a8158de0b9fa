/*
 * inmate: what bench/init.py runs under an init, and the container around both.
 *
 *   inmate contain COMMAND...  runs COMMAND as PID 1 of new PID and mount namespaces, with a /proc of its own
 *   inmate start               ends at once
 *   inmate signal              waits for SIGUSR1, again and again
 *   inmate reap N              leaves N orphans that end together; ends when all are reaped
 *   inmate rest                sleeps
 *
 * Prints CLOCK_MONOTONIC in ns, a line each: "contain" right before the exec, "start" and "signal" at once,
 * "reap" when the orphans begin to end, and when none is left. "contain" prints the host's pid first.
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
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "inmate: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void mark(int64_t number)
{
	char line[32];
	const int length = snprintf(line, sizeof(line), "%lld\n", (long long)number);

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		die("cannot write");
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int contain(char *command[])
{
	int hold[2], how;
	pid_t child;
	char byte;

	if (pipe2(hold, O_CLOEXEC) < 0)
		die("no pipe");
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("cannot make namespaces (root?)");
	child = fork();
	if (child < 0)
		die("cannot fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(hold[1]);
		if (read(hold[0], &byte, 1) != 0)
			die("cannot read");
		if (mount("proc", "/proc", "proc", 0, NULL) < 0)
			die("cannot mount /proc");
		mark(now_ns());
		execvp(command[0], command);
		die(command[0]);
	}
	mark(child);
	close(hold[1]);
	while (waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			die("cannot wait");
	return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static int signals(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	mark(now_ns());
	while (sigwait(&set, &number) == 0)
		mark(now_ns());
	return 1;
}

static int reap(int orphans)
{
	int gate[2];
	char byte;

	if (pipe(gate) < 0)
		die("no pipe");
	if (fork() == 0) {
		close(gate[1]);
		for (int i = 0; i < orphans; i++) {
			const pid_t child = fork();

			if (child < 0)
				die("cannot fork so often (pid limit?)");
			if (child == 0)
				/* ends with the gate's other side */
				_exit(read(gate[0], &byte, 1) == 0 ? 7 : 8);
		}
		_exit(0);
	}
	close(gate[0]);
	wait(NULL);
	mark(now_ns());
	close(gate[1]);
	/* signal 0 to all but ourselves and PID 1 (kill(2)): found are the not yet reaped, too */
	while (kill(-1, 0) == 0 || errno != ESRCH)
		usleep(500);
	mark(now_ns());
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc > 2 && strcmp(argv[1], "contain") == 0)
		return contain(argv + 2);
	if (argc == 3 && strcmp(argv[1], "reap") == 0)
		return reap(atoi(argv[2]));
	if (argc == 2 && strcmp(argv[1], "start") == 0) {
		mark(now_ns());
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "signal") == 0)
		return signals();
	if (argc == 2 && strcmp(argv[1], "rest") == 0)
		return pause();
	fputs("Usage: inmate contain COMMAND... | start | signal | reap N | rest\n", stderr);
	return 125;
}
