/* rt_sigprocmask(2), rt_sigtimedwait(2) and rt_sigqueueinfo(2) with the kernel's own mask of 8 bytes. */
#include "init/signals.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "util/clock.h"
#include "util/number.h"

/* Both calls fail only for a bad address or size. */
signal_mask signals_masked(void)
{
	signal_mask mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

void signals_mask(signal_mask mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

int signals_take(signal_mask set, int wait_ms, siginfo_t *info)
{
	const int64_t until = clock_ms() + wait_ms;

	for (;;) {
		const int64_t left = until - clock_ms();
		const struct timespec limit = {.tv_sec = left > 0 ? left / 1000 : 0,
			.tv_nsec = left > 0 ? left % 1000 * 1000000 : 0};
		long number =
			syscall(SYS_rt_sigtimedwait, &set, info, wait_ms < 0 ? NULL : &limit, sizeof(set));

		if (number > 0)
			return (int)number;
		/* EINTR: stopped and continued, or traced */
		if (errno != EINTR)
			return 0;
	}
}

void signals_pass_on(pid_t pid, int number, const siginfo_t *info)
{
	/* a real-time signal may carry a value, and each one counts; a group cannot be given values */
	if (info->si_code == SI_QUEUE && pid > 0 && sigqueue(pid, number, info->si_value) == 0)
		return;
	kill(pid, number);
}

int signals_parse(const char *text)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{"HUP", SIGHUP},
		{"INT", SIGINT},
		{"QUIT", SIGQUIT},
		{"ILL", SIGILL},
		{"TRAP", SIGTRAP},
		{"ABRT", SIGABRT},
		{"BUS", SIGBUS},
		{"FPE", SIGFPE},
		{"KILL", SIGKILL},
		{"USR1", SIGUSR1},
		{"SEGV", SIGSEGV},
		{"USR2", SIGUSR2},
		{"PIPE", SIGPIPE},
		{"ALRM", SIGALRM},
		{"TERM", SIGTERM},
		{"CHLD", SIGCHLD},
		{"CONT", SIGCONT},
		{"STOP", SIGSTOP},
		{"TSTP", SIGTSTP},
		{"TTIN", SIGTTIN},
		{"TTOU", SIGTTOU},
		{"URG", SIGURG},
		{"XCPU", SIGXCPU},
		{"XFSZ", SIGXFSZ},
		{"VTALRM", SIGVTALRM},
		{"PROF", SIGPROF},
		{"WINCH", SIGWINCH},
		{"IO", SIGIO},
		{"PWR", SIGPWR},
		{"SYS", SIGSYS},
	};
	uint64_t number;

	if (number_parse(text, 0, SIGNALS, &number) == 0)
		return (int)number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(text, names[i].name) == 0)
			return names[i].number;
	return -EINVAL;
}
