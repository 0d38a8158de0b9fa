/* fork, the terminal, exec. What the child has to say goes through a pipe that a successful exec closes. */
#include "init/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "util/cleanup.h"

/* Puts our group in front, so that the terminal's keys reach the agent and it may read. */
static void take_terminal(void)
{
	sigset_t stop, before;

	/* a group in the background that does this is stopped by SIGTTOU, unless it blocks it */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &before);
	/* no terminal (ENOTTY), or not ours to take (EPERM): the agent does without */
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static _Noreturn void child(char *const *command, const sigset_t *mask, int report)
{
	int err = 0;

	setpgid(0, 0);
	if (isatty(STDIN_FILENO))
		take_terminal();
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(FAIL_SYSTEM);
	_exit(err == ENOENT || err == ENOTDIR ? FAIL_AGENT_FIND : FAIL_AGENT_RUN);
}

pid_t agent_start(char *const *command, const sigset_t *mask, struct error *error)
{
	cleanup_fd int reads = -1;
	int report[2], err = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_set(error, FAIL_SYSTEM, errno, "no pipe to the agent: %s", strerror(errno));
	reads = report[0];
	pid = fork();
	if (pid == 0)
		child(command, mask, report[1]);
	err = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid < 0)
		return error_set(error, FAIL_SYSTEM, err, "no process for the agent: %s", strerror(err));
	/* also here, or a signal to the group could come before the child has made it */
	setpgid(pid, pid);
	while (read(reads, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	if (err == 0)
		return pid;
	waitpid(pid, NULL, 0);
	if (err == ENOENT || err == ENOTDIR)
		return error_set(error, FAIL_AGENT_FIND, err,
			"the agent's command was not found: '%.200s' (or the interpreter that it names)",
			command[0]);
	return error_set(error, FAIL_AGENT_RUN, err, "the agent's command could not be run: '%.200s': %s",
		command[0], strerror(err));
}
