/* One loop around one blocking wait; see the header. */
#include "init/serve.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/log.h"

#define GRACE_SECONDS 2

/* After a SIGKILL to all: how long the kernel may take to hand them to us. */
#define KILLED_MS 1000

void serving_default(struct serving *serving)
{
	*serving = (struct serving){.grace = GRACE_SECONDS};
	for (int number = 0; number <= SIGNALS; number++)
		serving->rewrite[number] = (uint8_t)number;
}

/* Reaps all that has ended. True once the agent is among it; *status is then its exit status. */
static bool reap(pid_t agent, const struct serving *serving, int *status)
{
	bool ended = false;
	pid_t pid;
	int how;

	/* as long as there is one: many that end together are one SIGCHLD */
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		const int code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);

		if (pid == agent) {
			*status = code;
			ended = true;
		} else if (serving->say_reaped && pid > 0) {
			log_warn("reaped the orphan process %d, whose status was %d", pid, code);
		}
	}
	return ended;
}

/* True if there are children left, ours by birth or as orphans. */
static bool have_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Waits until no child is left, or the time is over. */
static void reap_all(const struct serving *serving, int wait_ms)
{
	const int64_t until = clock_ms() + wait_ms;
	int64_t left = wait_ms;
	siginfo_t info;
	int ignored;

	reap(0, serving, &ignored);
	while (have_children() && left > 0) {
		signals_take(SIGNAL_ALL, (int)left, &info);
		reap(0, serving, &ignored);
		left = until - clock_ms();
	}
}

/*
 * What the agent left behind gets SIGTERM and time to follow it. Our own end would kill all of it at once, so
 * this is for PID 1 alone; elsewhere "all processes" would be somebody else's.
 */
static void end_the_rest(const struct serving *serving)
{
	if (getpid() != 1 || serving->grace == 0 || !have_children())
		return;
	kill(-1, SIGTERM);
	/* a stopped process acts on it only once it is continued */
	kill(-1, SIGCONT);
	reap_all(serving, (int)serving->grace * 1000);
	if (have_children() && kill(-1, SIGKILL) == 0)
		reap_all(serving, KILLED_MS);
}

/*
 * Gives back the pages of code and constants that only the set-up needed. They come back from the file by
 * themselves when they are touched; those that can be written hold what was made at run time, and stay.
 */
static int give_back(struct dl_phdr_info *program, size_t size, void *data)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)data;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &program->dlpi_phdr[i];
		const uintptr_t start = (program->dlpi_addr + part->p_vaddr) & ~(page - 1);
		const uintptr_t end = program->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
			/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 1;
}

int serve(pid_t agent, const struct serving *serving)
{
	const pid_t to = serving->group ? -agent : agent;
	int64_t kill_at = -1; /* when the agent's own grace is over; -1: it has none */
	int status = 0;

	dl_iterate_phdr(give_back, NULL);
	/* an end before the first wait has left its SIGCHLD pending, since the signal was blocked all along
	 */
	for (;;) {
		const int64_t left = kill_at - clock_ms();
		siginfo_t info;
		const int number = signals_take(SIGNAL_ALL,
			kill_at < 0 ? -1
			: left > 0  ? (int)left
				    : 0,
			&info);

		if (number == 0 && kill_at >= 0) {
			log_warn("the agent did not end within %u s of SIGTERM (PARA_KILL_GRACE): it is "
				 "killed",
				serving->grace);
			kill(to, SIGKILL);
			kill_at = -1;
		}
		if (number == SIGCHLD) {
			if (!reap(agent, serving, &status))
				continue;
			end_the_rest(serving);
			return status >= 0 && status < 256 && serving->to_zero[status] ? 0 : status;
		}
		/* these two came because we, in the background, used the terminal; the agent gets its own */
		if (number == 0 || number == SIGTTIN || number == SIGTTOU || serving->rewrite[number] == 0)
			continue;
		signals_pass_on(to, serving->rewrite[number], &info);
		if (number == SIGTERM && serving->grace_for_agent && kill_at < 0)
			kill_at = clock_ms() + (int64_t)serving->grace * 1000;
	}
}
