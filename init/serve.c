/* One loop around one blocking wait. */
#include "init/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

/* Reaps all that has ended. True once the agent is among it; *status is then its exit status. */
static bool reap(pid_t agent, int *status)
{
	bool ended = false;
	pid_t pid;
	int how;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		if (pid != agent)
			continue;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
		ended = true;
	}
	return ended;
}

int serve(pid_t agent)
{
	sigset_t all;
	int status = 0;

	sigfillset(&all);
	/* an end before the first wait has left its SIGCHLD pending, since the signal was blocked all along
	 */
	for (;;) {
		siginfo_t info;
		int number = sigwaitinfo(&all, &info);

		if (number == SIGCHLD && reap(agent, &status))
			return status;
		/* ours came because a background process wrote to the terminal; the agent's has its own */
		if (number > 0 && number != SIGCHLD && number != SIGTTIN && number != SIGTTOU)
			kill(agent, number);
	}
}
