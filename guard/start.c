/* Forking, and taking away: see the header. */
#include "guard/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>

#include "fw/policy.h"
#include "guard/audit/audit.h"
#include "guard/resolver/calls.h"
#include "guard/fetcher.h"
#include "guard/resolver/resolver.h"
#include "guard/warden/warden.h"
#include "util/caps.h"
#include "util/confine.h"
#include "util/log.h"
#include "util/pages.h"

/* The usual limit of open files (RLIMIT_NOFILE) of the time before close_range(2). */
#define OPEN_MAX_BEFORE 65536

const char *const guard_role_names[GUARD_ROLES] = {"resolver", "warden", "fetcher"};

/* Everything the children are born with; each closes what is not its own. */
struct birth {
	const struct guard_start *start;
	int lifeline[2]; /* read end, write end */
	int ready[2];	 /* struct error, whose kind is 0 if all is well */
	int resolver[2]; /* the resolver's end, the warden's end */
	int fetcher[2];	 /* the fetcher's end, the warden's end; -1: there is no fetcher */
};

static void close_both(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int failed(struct error *error, const char *what, int err)
{
	return error_set(
		error, FAIL_SYSTEM, err, "the guard could not be started: %s: %s", what, strerror(err));
}

static int confine(enum guard_role role, struct error *error)
{
	const bool warden = role == GUARD_WARDEN;
	const unsigned int uid = warden ? GUARD_UID_WARDEN : GUARD_UID_RESOLVER;
	int ret = confine_as(uid, warden ? CAP_BIT(CAP_NET_ADMIN) : 0);

	if (ret == -EPERM || ret == -EINVAL)
		return error_set(error, FAIL_PRIVILEGE, -ret,
			"the guard's %s cannot become user %u (%s): that needs CAP_SETUID and CAP_SETGID, "
			"which Docker gives "
			"(--cap-add SETUID --cap-add SETGID), and a user namespace that has this user; "
			"PARA_GUARD=off does without "
			"the guard",
			guard_role_names[role], uid, strerror(-ret));
	return ret < 0 ? failed(error, "its confinement", -ret) : 0;
}

static int confine_calls(struct error *error)
{
	const int ret = calls_confine();

	if (ret < 0)
		return error_set(error, FAIL_KERNEL, -ret,
			"the guard's resolver cannot be confined: the kernel has no seccomp filters (%s); "
			"PARA_GUARD=off does without the guard",
			strerror(-ret));
	return 0;
}

/* Says how it went, once; the parent waits for it. */
static void say_ready(struct birth *birth, const struct error *error)
{
	const struct error well = {0};

	if (write(birth->ready[1], error != NULL ? error : &well, sizeof(well)) != sizeof(well))
		_exit(FAIL_SYSTEM);
	close(birth->ready[1]);
}

static int be_resolver(struct birth *birth, struct error *error)
{
	struct resolver *resolver = NULL;
	struct audit *audit = NULL;
	int ret = audit_open(birth->start->settings, &audit, error);

	if (ret == 0)
		ret = resolver_open(
			birth->start, audit, birth->resolver[0], birth->lifeline[0], &resolver, error);
	if (ret == 0)
		ret = confine(GUARD_RESOLVER, error);
	if (ret == 0)
		ret = confine_calls(error);
	if (ret < 0)
		return ret;
	say_ready(birth, NULL);
	pages_give_back();
	ret = resolver_run(resolver);
	audit_end(audit);
	_exit(ret == 0 ? 0 : FAIL_SYSTEM);
}

static int be_warden(struct birth *birth, struct error *error)
{
	struct warden *warden = NULL;
	int ret = warden_open(
		birth->start, birth->resolver[1], birth->fetcher[1], birth->lifeline[0], &warden, error);

	if (ret == 0)
		ret = confine(GUARD_WARDEN, error);
	if (ret < 0)
		return ret;
	say_ready(birth, NULL);
	pages_give_back();
	ret = warden_run(warden);
	_exit(ret == 0 ? 0 : ret == -EPERM ? GUARD_EXIT_TAMPERED : FAIL_SYSTEM);
}

static int be_fetcher(struct birth *birth, struct error *error)
{
	struct fetcher fetcher;
	int ret = fetcher_open(&fetcher, error);

	if (ret == 0)
		ret = confine(GUARD_FETCHER, error);
	if (ret < 0)
		return ret;
	say_ready(birth, NULL);
	pages_give_back();
	ret = fetcher_run(&fetcher, birth->fetcher[0], birth->lifeline[0]);
	_exit(ret == 0 ? 0 : FAIL_SYSTEM);
}

/* Closes what is from one number to another; kernels before 5.9 want it one by one (close_range(2)). */
static void close_from_to(int from, int to)
{
	if (from > to || syscall(SYS_close_range, (unsigned int)from, (unsigned int)to, 0U) == 0)
		return;
	for (int fd = from; fd <= to && fd < OPEN_MAX_BEFORE; fd++)
		close(fd);
}

/* Leaves of all descriptors beyond standard error only these; -1 is none. */
static void keep_only(const int *fds, size_t n)
{
	int last = STDERR_FILENO;

	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < n; i++)
			if (fds[i] > last && fds[i] < next)
				next = fds[i];
		close_from_to(last + 1, next - 1);
		if (next == INT_MAX)
			return;
		last = next;
	}
}

/*
 * What the child inherits and has no use for: the descriptors of the others, and of whoever started process
 * 1; the standard input and output, which are the agent's, and the standard error, which the agent could
 * stop; the parent's signal handlers. A session of its own keeps the terminal's keys away.
 */
static void leave_behind(const struct birth *birth, enum guard_role role)
{
	const bool warden = role == GUARD_WARDEN;
	const int own[] = {birth->lifeline[0], birth->ready[1],
		role == GUARD_RESOLVER ? birth->resolver[0] : -1,
		role == GUARD_FETCHER ? birth->fetcher[0] : -1, warden ? birth->resolver[1] : -1,
		warden ? birth->fetcher[1] : -1,
		warden ? mnl_socket_get_fd(birth->start->firewall->netlink.socket) : -1};
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t all;

	keep_only(own, sizeof(own) / sizeof(own[0]));
	dup2(birth->lifeline[0], STDIN_FILENO);
	dup2(birth->lifeline[0], STDOUT_FILENO);
	log_never_wait(log_open_again());
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
}

static pid_t give_birth(struct birth *birth, enum guard_role role, struct error *error)
{
	static int (*const be[GUARD_ROLES])(struct birth *, struct error *) = {
		be_resolver, be_warden, be_fetcher};
	static const char *const names[GUARD_ROLES] = {"guard-resolver", "guard-warden", "guard-fetcher"};
	pid_t pid = fork();

	if (pid < 0)
		return failed(error, "no process", errno);
	if (pid > 0)
		return pid;
	prctl(PR_SET_NAME, names[role], 0, 0, 0);
	leave_behind(birth, role);
	be[role](birth, error);
	say_ready(birth, error);
	_exit(FAIL_SYSTEM);
}

static int open_sockets(struct birth *birth, struct error *error)
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (pipe2(birth->lifeline, O_CLOEXEC) < 0 || pipe2(birth->ready, O_CLOEXEC) < 0 ||
		socketpair(AF_UNIX, type, 0, birth->resolver) < 0)
		return failed(error, "no pipe or socket pair", errno);
	/* the fetcher sends seldom and much, and may wait */
	if (policy_wants_github(birth->start->policy) &&
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, birth->fetcher) < 0)
		return failed(error, "no socket pair", errno);
	return 0;
}

/* One word from each child; a child that ended without one closed the pipe. */
static int wait_ready(int ready, unsigned int children, struct error *error)
{
	struct error said;

	for (unsigned int i = 0; i < children; i++) {
		ssize_t length;

		do
			length = read(ready, &said, sizeof(said));
		while (length < 0 && errno == EINTR);
		if (length != sizeof(said))
			return failed(error, "one of its processes ended too early", EPIPE);
		if (said.kind != 0) {
			*error = said;
			return -EPERM;
		}
	}
	return 0;
}

static void end_and_reap(struct guard *guard)
{
	guard_end(guard);
	for (int role = 0; role < GUARD_ROLES; role++)
		while (guard->pids[role] > 0 && waitpid(guard->pids[role], NULL, 0) < 0 && errno == EINTR)
			;
	*guard = (struct guard){.lifeline = -1};
}

int guard_start(const struct guard_start *start, struct guard *guard, struct error *error)
{
	struct birth birth = {start, {-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	unsigned int children = 0;
	int ret = open_sockets(&birth, error);

	*guard = (struct guard){.lifeline = -1};
	for (int role = 0; role < GUARD_ROLES && ret == 0; role++) {
		pid_t pid;

		if (role == GUARD_FETCHER && birth.fetcher[0] < 0)
			continue;
		pid = give_birth(&birth, (enum guard_role)role, error);
		if (pid < 0)
			ret = (int)pid;
		else
			guard->pids[role] = pid;
		children += pid > 0;
	}
	close_both(birth.resolver);
	close_both(birth.fetcher);
	if (birth.ready[1] >= 0)
		close(birth.ready[1]);
	if (birth.lifeline[0] >= 0)
		close(birth.lifeline[0]);
	guard->lifeline = birth.lifeline[1];
	if (ret == 0)
		ret = wait_ready(birth.ready[0], children, error);
	if (birth.ready[0] >= 0)
		close(birth.ready[0]);
	if (ret < 0)
		end_and_reap(guard);
	return ret;
}

void guard_end(struct guard *guard)
{
	if (guard->lifeline >= 0)
		close(guard->lifeline);
	guard->lifeline = -1;
}

enum guard_role guard_lost(struct guard *guard, pid_t pid)
{
	int role = 0;

	while (role < GUARD_ROLES && (guard->pids[role] == 0 || guard->pids[role] != pid))
		role++;
	if (role < GUARD_ROLES)
		guard->pids[role] = 0;
	return (enum guard_role)role;
}
