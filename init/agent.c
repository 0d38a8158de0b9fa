/* fork, the terminal, exec. What the child has to say goes through a pipe that a successful exec closes. */
#include "init/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "util/cleanup.h"

/* True if we lead the session whose terminal is standard input, as the first process of `docker run -t` does.
 */
static bool leads_terminal(void)
{
	return getsid(0) == getpid() && tcgetsid(STDIN_FILENO) == getpid();
}

/*
 * Lets go of our terminal, for the agent's session to take. The kernel tells the group in front of it, which
 * is ours, by SIGHUP and SIGCONT (tty_ioctl(4), TIOCNOTTY): these two are not the agent's.
 */
static void let_go_of_terminal(void)
{
	const signal_mask told = (signal_mask)1 << (SIGHUP - 1) | (signal_mask)1 << (SIGCONT - 1);
	siginfo_t info;

	if (ioctl(STDIN_FILENO, TIOCNOTTY) < 0)
		return;
	for (int i = 0; i < 2; i++)
		signals_take(told, 0, &info);
}

/*
 * Puts the agent in front of its terminal, so that the keys' signals reach it and it may read. What fails
 * here (no terminal, or not ours to take) the agent does without. Signals are still blocked: taking a
 * terminal from the background would else stop us (SIGTTOU).
 */
static void take_terminal(bool own_session)
{
	if (own_session) {
		setsid();
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	} else if (tcgetpgrp(STDIN_FILENO) >= 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpgrp());
	} else {
		/*
		 * No terminal. A session of its own is also a scheduling group of its own (sched(7),
		 * autogroup): process 1 gets its share to reap in, however many there are.
		 */
		setsid();
	}
}

/* What kept the child from becoming the agent. */
struct failure_report {
	int err; /* 0: nothing did */
	bool of_fence;
};

static _Noreturn void child(
	char *const *command, signal_mask mask, const struct fence *fence, bool own_session, int report)
{
	struct failure_report failed = {.of_fence = true};

	take_terminal(own_session);
	signals_mask(mask);
	failed.err = -fence_put(fence);
	if (failed.err == 0) {
		execvp(command[0], command);
		failed = (struct failure_report){.err = errno};
	}
	if (write(report, &failed, sizeof(failed)) != sizeof(failed))
		_exit(FAIL_SYSTEM);
	_exit(FAIL_AGENT_RUN);
}

static int say_failure(const struct failure_report *failed, const char *command, struct error *error)
{
	const int err = failed->err;

	if (failed->of_fence)
		return error_set(error, FAIL_DROP, err,
			"the agent's seccomp filter could not be put in place: %s; a kernel without them "
			"runs it "
			"unfenced, "
			"with PARA_SECCOMP=off",
			strerror(err));
	if (err == ENOENT || err == ENOTDIR)
		return error_set(error, FAIL_AGENT_FIND, err,
			"the agent's command was not found: '%.200s' (or the interpreter that it names)",
			command);
	return error_set(error, FAIL_AGENT_RUN, err, "the agent's command could not be run: '%.200s': %s",
		command, strerror(err));
}

pid_t agent_start(char *const *command, signal_mask mask, const struct fence *fence, struct error *error)
{
	cleanup_fd int reads = -1;
	const bool own_session = leads_terminal();
	struct failure_report failed = {0};
	int report[2], err = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_set(error, FAIL_SYSTEM, errno, "no pipe to the agent: %s", strerror(errno));
	reads = report[0];
	if (own_session)
		let_go_of_terminal();
	pid = fork();
	if (pid == 0)
		child(command, mask, fence, own_session, report[1]);
	err = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid < 0)
		return error_set(error, FAIL_SYSTEM, err, "no process for the agent: %s", strerror(err));
	/* the agent runs, with a group of its own, once this pipe is closed: no signal to the group is early
	 */
	while (read(reads, &failed, sizeof(failed)) < 0 && errno == EINTR)
		;
	if (failed.err == 0)
		return pid;
	waitpid(pid, NULL, 0);
	return say_failure(&failed, command[0], error);
}
