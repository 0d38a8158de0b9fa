/* One loop around one blocking wait; see the header. */
#include "init/serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/pages.h"

#define GRACE_SECONDS 2

/* After a SIGKILL to all: how long the kernel may take to hand them to us. */
#define KILLED_MS 1000

/* What the guard may take to end. */
#define GUARD_END_MS 1000

void serving_default(struct serving *serving)
{
	*serving = (struct serving){.grace = GRACE_SECONDS};
	for (int number = 0; number <= SIGNALS; number++)
		serving->rewrite[number] = (uint8_t)number;
}

/*
 * The guard is there as long as the agent is. What the firewall enforces stays without it; with the resolver,
 * DNS is gone. True if the agent must end for it.
 */
static bool say_loss(enum guard_role role, int how, const struct serving *serving)
{
	const bool tampered =
		role == GUARD_WARDEN && WIFEXITED(how) && WEXITSTATUS(how) == GUARD_EXIT_TAMPERED;

	if (!tampered)
		log_error("the guard's %s has ended (%s %d): the firewall stands as it is%s",
			guard_role_names[role], WIFEXITED(how) ? "status" : "signal",
			WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how),
			role == GUARD_FETCHER ? "" : ", DNS is closed, and names that move are lost");
	if (tampered || serving->stop_on_loss)
		log_error("the agent is ended (%s=stop)", tampered ? "PARA_ON_TAMPER" : "PARA_ON_GUARD_LOSS");
	return tampered || serving->stop_on_loss;
}

/* What was found among those that ended. */
struct reaped {
	bool agent;
	int status; /* the agent's exit status */
	bool stop;  /* the guard is gone, and the agent must not go on without it */
};

/* Reaps all that has ended. */
static struct reaped reap(pid_t agent, const struct serving *serving, struct guard *guard)
{
	struct reaped reaped = {0};
	pid_t pid;
	int how;

	/* as long as there is one: many that end together are one SIGCHLD */
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		const int code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
		const enum guard_role role = pid > 0 ? guard_lost(guard, pid) : GUARD_ROLES;

		if (role != GUARD_ROLES) {
			/* once it was told to end, it is no loss */
			if (guard->lifeline >= 0 && say_loss(role, how, serving))
				reaped.stop = true;
		} else if (pid == agent) {
			reaped.agent = true;
			reaped.status = code;
		} else if (serving->say_reaped && pid > 0) {
			log_warn("reaped the orphan process %d, whose status was %d", pid, code);
		}
	}
	return reaped;
}

/* True if there are children left, ours by birth or as orphans. */
static bool have_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Waits until no child is left, or the time is over. */
static void reap_all(const struct serving *serving, struct guard *guard, int wait_ms)
{
	const int64_t until = clock_ms() + wait_ms;
	int64_t left = wait_ms;
	siginfo_t info;

	reap(0, serving, guard);
	while (have_children() && left > 0) {
		signals_take(SIGNAL_ALL, (int)left, &info);
		reap(0, serving, guard);
		left = until - clock_ms();
	}
}

/* True as long as one of the guard's processes is there. */
static bool have_guard(const struct guard *guard)
{
	for (int role = 0; role < GUARD_ROLES; role++)
		if (guard->pids[role] != 0)
			return true;
	return false;
}

/* Lets the guard say what it has to say at the end. */
static void end_guard(const struct serving *serving, struct guard *guard)
{
	const int64_t until = clock_ms() + GUARD_END_MS;
	siginfo_t info;

	guard_end(guard);
	for (int64_t left = GUARD_END_MS; have_guard(guard) && left > 0; left = until - clock_ms()) {
		reap(0, serving, guard);
		if (have_guard(guard))
			signals_take(SIGNAL_ALL, (int)left, &info);
	}
}

/*
 * What the agent left behind gets SIGTERM and time to follow it. Our own end would kill all of it at once, so
 * this is for PID 1 alone; elsewhere "all processes" would be somebody else's.
 */
static void end_the_rest(const struct serving *serving, struct guard *guard)
{
	if (getpid() != 1 || serving->grace == 0 || !have_children())
		return;
	kill(-1, SIGTERM);
	/* a stopped process acts on it only once it is continued */
	kill(-1, SIGCONT);
	reap_all(serving, guard, (int)serving->grace * 1000);
	if (have_children() && kill(-1, SIGKILL) == 0)
		reap_all(serving, guard, KILLED_MS);
}

int serve(pid_t agent, const struct serving *serving, struct guard *guard)
{
	const pid_t to = serving->group ? -agent : agent;
	bool stopped = false; /* by us, for the guard */
	int64_t kill_at = -1; /* when the agent's own grace is over; -1: it has none */

	pages_give_back();
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

		/* also where signals never end: the agent can send them to us */
		if (kill_at >= 0 && clock_ms() >= kill_at) {
			log_warn("the agent did not end within %u s of SIGTERM (PARA_KILL_GRACE): it is "
				 "killed",
				serving->grace);
			kill(to, SIGKILL);
			kill_at = -1;
		}
		if (number == SIGCHLD) {
			const struct reaped reaped = reap(agent, serving, guard);

			if (reaped.agent) {
				end_guard(serving, guard);
				end_the_rest(serving, guard);
				if (stopped)
					return FAIL_GUARD;
				return reaped.status < 256 && serving->to_zero[reaped.status] ? 0
											      : reaped.status;
			}
			stopped = stopped || reaped.stop;
			if (reaped.stop && kill_at < 0) {
				kill(to, SIGTERM);
				kill(to, SIGCONT);
				kill_at = clock_ms() + (int64_t)serving->grace * 1000;
			}
			continue;
		}
		/* these two came because we, in the background, used the terminal; the agent gets its own */
		if (number == 0 || number == SIGTTIN || number == SIGTTOU || serving->rewrite[number] == 0)
			continue;
		signals_pass_on(to, serving->rewrite[number], &info);
		if (number == SIGTERM && serving->grace_for_agent && kill_at < 0)
			kill_at = clock_ms() + (int64_t)serving->grace * 1000;
	}
}
