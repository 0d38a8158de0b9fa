/*
 * inject: runs a command, and makes one system call of secure-init in it go wrong. What strace's -e inject
 * does, aimed at one process and one call of it, and at nothing else.
 *
 *   inject -o FILE COMMAND...                 writes down the calls up to the agent's first instruction, one
 * a line: "ROLE NAME-NUMBER OCCURRENCE RESULT TAG", the tag "netlink" at such a receive, with its count
 * behind it, else "-" inject -c ROLE:CALL:OCCURRENCE ACTION COMMAND... inject -n ROLE:COUNT:HOW COMMAND...
 * spoils a netlink datagram that ROLE receives (netlink.c)
 *
 * ROLE: init, lookup, resolver, warden, fetcher, agent (before its exec), in the order in which process 1
 * forks them. CALL: its number. OCCURRENCE: from 1; with a + behind it, that one and all later ones. ACTION:
 * error=NUMBER  result=NUMBER (the call is not made)  short (half of the bytes that were asked for)
 *         signal=NUMBER  hang (a call that never ends)  stuck=NUMBER (a hang, and a signal to process 1)
 * delay=MS
 *
 * Prints "inject: done" on descriptor 3 when it happened. Ends with the command's status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tracer.h"

#define TRACEES_MAX 256
#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

static const char *const roles[ROLES] = {"init", "lookup", "resolver", "warden", "fetcher", "agent", NULL};

enum kind { KIND_NONE, KIND_RESULT, KIND_SHORT, KIND_SIGNAL, KIND_HANG, KIND_STUCK, KIND_DELAY };

static struct {
	FILE *record;
	enum kind kind;
	int role;
	long call, value;
	unsigned int when;
	bool onwards;
	struct spoil spoil;
	bool done;  /* nothing is left to do: all are let go */
	int forked; /* children of process 1 */
	struct tracee tracees[TRACEES_MAX];
} it;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct tracee *find(pid_t pid)
{
	struct tracee *empty = NULL;

	for (size_t i = 0; i < TRACEES_MAX; i++) {
		if (it.tracees[i].pid == pid)
			return &it.tracees[i];
		if (it.tracees[i].pid == 0 && empty == NULL)
			empty = &it.tracees[i];
	}
	if (empty == NULL)
		die("too many processes");
	*empty = (struct tracee){.pid = pid, .role = -1};
	return empty;
}

static void happened(void)
{
	if (write(3, "inject: done\n", 13) != 13)
		die("descriptor 3");
}

static void let_go(const struct tracee *tracee, int signal)
{
	ptrace(PTRACE_DETACH, tracee->pid, 0, signal);
}

static void go_on(struct tracee *tracee, int signal)
{
	if (it.done)
		let_go(tracee, signal);
	else
		ptrace(tracee->role >= 0 ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, 0, signal);
}

static bool is_target(const struct tracee *tracee)
{
	const unsigned int count = tracee->counts[tracee->number];

	return it.kind != KIND_NONE && tracee->role == it.role && tracee->number == it.call &&
	       (it.onwards ? count >= it.when : count == it.when);
}

/* restart_syscall does nothing where there is nothing to go on with, and the resolver's filter lets it pass.
 */
static void skip(struct tracee *tracee, long result)
{
	struct user_regs_struct regs;

	/* whatever it says, Linux has closed the descriptor (close(2)) */
	if (tracee->number != SYS_close) {
		ptrace(PTRACE_GETREGS, tracee->pid, 0, &regs);
		regs.orig_rax = SYS_restart_syscall;
		ptrace(PTRACE_SETREGS, tracee->pid, 0, &regs);
	}
	tracee->skipped = true;
	tracee->result = result;
}

/* The call does not come back by itself; only a signal ends it. */
static void put_to_sleep(const struct tracee *tracee)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, tracee->pid, 0, &regs);
	regs.orig_rax = SYS_pause;
	ptrace(PTRACE_SETREGS, tracee->pid, 0, &regs);
}

static void shorten(const struct tracee *tracee)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, tracee->pid, 0, &regs);
	regs.rdx = regs.rdx > 1 ? regs.rdx / 2 : regs.rdx;
	ptrace(PTRACE_SETREGS, tracee->pid, 0, &regs);
}

static void signal_first(void)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (it.tracees[i].pid != 0 && it.tracees[i].role == 0)
			kill(it.tracees[i].pid, (int)it.value);
}

static void act(struct tracee *tracee)
{
	static bool said;

	if (!said)
		happened();
	said = true;
	switch (it.kind) {
	case KIND_RESULT:
		skip(tracee, it.value);
		break;
	case KIND_SHORT:
		shorten(tracee);
		break;
	case KIND_SIGNAL:
		kill(tracee->pid, (int)it.value);
		break;
	case KIND_HANG:
		put_to_sleep(tracee);
		break;
	case KIND_STUCK:
		put_to_sleep(tracee);
		signal_first();
		break;
	case KIND_DELAY:
		usleep((useconds_t)it.value * 1000);
		break;
	case KIND_NONE:
		break;
	}
	/* a call that is skipped is seen until its exit */
	if (!it.onwards && it.kind != KIND_RESULT)
		it.done = true;
}

static bool is_receive(const struct tracee *tracee)
{
	return (tracee->number == SYS_recvmsg || tracee->number == SYS_recvfrom) &&
	       tracee->args[0] < FDS_MAX && tracee->netlink[tracee->args[0]];
}

static void entry(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	tracee->inside = true;
	tracee->number = (long)info->entry.nr;
	memcpy(tracee->args, info->entry.args, sizeof(tracee->args));
	if (tracee->number < 0 || tracee->number >= CALLS_MAX)
		return;
	tracee->counts[tracee->number]++;
	/* these two do not come back */
	if (it.record != NULL && (tracee->number == SYS_exit_group || tracee->number == SYS_execve))
		fprintf(it.record, "%s %ld %u 0 -\n", roles[tracee->role], tracee->number,
			tracee->counts[tracee->number]);
	if (is_target(tracee))
		act(tracee);
	else if (it.spoil.how != NULL && tracee->role == it.spoil.role && is_receive(tracee) &&
		 spoil_entry(tracee, &it.spoil))
		skip(tracee, 0);
}

static void note(const struct tracee *tracee, long result)
{
	if (it.record == NULL || tracee->number == SYS_execve || tracee->number < 0 ||
		tracee->number >= CALLS_MAX)
		return;
	fprintf(it.record, "%s %ld %u %ld ", roles[tracee->role], tracee->number,
		tracee->counts[tracee->number], result);
	if (is_receive(tracee) && result > 0)
		fprintf(it.record, "netlink %u\n", tracee->received);
	else
		fprintf(it.record, "-\n");
}

static void leave(struct tracee *tracee)
{
	struct user_regs_struct regs;
	long result;

	tracee->inside = false;
	if (ptrace(PTRACE_GETREGS, tracee->pid, 0, &regs) < 0)
		return;
	if (tracee->skipped) {
		tracee->skipped = false;
		if (it.spoil.how != NULL)
			tracee->result = spoil_late(tracee);
		regs.rax = (unsigned long long)tracee->result;
		ptrace(PTRACE_SETREGS, tracee->pid, 0, &regs);
		it.done = it.done || (it.spoil.how != NULL ? spoil_done() : !it.onwards);
		return;
	}
	result = (long)regs.rax;
	if (tracee->number == SYS_socket && result >= 0 && result < FDS_MAX)
		tracee->netlink[result] = tracee->args[0] == AF_NETLINK;
	if (tracee->number == SYS_close && tracee->args[0] < FDS_MAX)
		tracee->netlink[tracee->args[0]] = false;
	if (is_receive(tracee) && result > 0)
		tracee->received++;
	if (is_receive(tracee) && it.spoil.how != NULL && tracee->role == it.spoil.role &&
		spoil_exit(tracee, &it.spoil, &regs)) {
		static bool said;

		ptrace(PTRACE_SETREGS, tracee->pid, 0, &regs);
		if (!said)
			happened();
		said = true;
		it.done = spoil_done();
		return;
	}
	note(tracee, result);
}

static void syscall_stop(struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entry(tracee, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->inside)
		leave(tracee);
}

static void forked(struct tracee *parent)
{
	unsigned long pid = 0;
	struct tracee *child;

	ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid);
	child = find((pid_t)pid);
	child->known = true;
	if (parent->role == 0 && it.forked < ROLES - 2)
		child->role = ++it.forked;
	memcpy(child->netlink, parent->netlink, sizeof(child->netlink));
	if (child->waits)
		go_on(child, 0);
	child->waits = false;
}

/* Counting begins when secure-init is there, and ends where the agent is. */
static void executed(struct tracee *tracee)
{
	char path[64], name[4096];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", tracee->pid);
	length = readlink(path, name, sizeof(name) - 1);
	name[length < 0 ? 0 : length] = '\0';
	if (tracee->role < 0 && it.forked == 0 && strstr(name, "secure-init") != NULL)
		tracee->role = 0;
	else if (tracee->role > 0)
		it.done = true;
}

static void stopped(struct tracee *tracee, int status)
{
	const int signal = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		forked(tracee);
		go_on(tracee, 0);
	} else if (event == PTRACE_EVENT_EXEC) {
		executed(tracee);
		go_on(tracee, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		if (!tracee->known)
			tracee->waits = true;
		else if (signal != SIGTRAP)
			ptrace(PTRACE_LISTEN, tracee->pid, 0, 0);
		else
			go_on(tracee, 0);
	} else if (signal == (SIGTRAP | 0x80)) {
		syscall_stop(tracee);
		go_on(tracee, 0);
	} else {
		go_on(tracee, signal);
	}
}

static int trace(pid_t command)
{
	int status, ret = 125;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct tracee *tracee = find(pid);

		if (WIFSTOPPED(status)) {
			stopped(tracee, status);
			continue;
		}
		tracee->pid = 0;
		if (pid != command)
			continue;
		ret = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		break;
	}
	return ret;
}

static int role_of(const char *name, size_t length)
{
	for (int i = 0; roles[i] != NULL; i++)
		if (strlen(roles[i]) == length && strncmp(roles[i], name, length) == 0)
			return i;
	errno = EINVAL;
	die("role");
}

static void read_aim(char *aim, const char *action)
{
	static const struct {
		const char *name;
		enum kind kind;
	} actions[] = {{"error=", KIND_RESULT}, {"result=", KIND_RESULT}, {"short", KIND_SHORT},
		{"signal=", KIND_SIGNAL}, {"hang", KIND_HANG}, {"stuck=", KIND_STUCK},
		{"delay=", KIND_DELAY}};
	char *call = strchr(aim, ':'), *end;
	const char *value = strchr(action, '=');

	it.role = role_of(aim, (size_t)(call - aim));
	it.call = strtol(call + 1, &end, 10);
	it.when = (unsigned int)strtoul(end + 1, &end, 10);
	it.onwards = *end == '+';
	it.value = value != NULL ? strtol(value + 1, NULL, 10) : 0;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strncmp(actions[i].name, action, strlen(actions[i].name)) == 0)
			it.kind = actions[i].kind;
	if (it.kind == KIND_NONE)
		die("action");
	if (action[0] == 'e')
		it.value = -it.value;
}

static void read_spoil(char *aim)
{
	char *count = strchr(aim, ':'), *end;

	it.spoil.role = role_of(aim, (size_t)(count - aim));
	it.spoil.when = (unsigned int)strtoul(count + 1, &end, 10);
	it.spoil.how = end + 1;
}

int main(int argc, char *argv[])
{
	struct tracee *first;
	pid_t command;
	int status, at = 3;

	if (argc < 4)
		die("usage: see the head of inject.c");
	if (strcmp(argv[1], "-o") == 0) {
		it.record = fopen(argv[2], "we");
	} else if (strcmp(argv[1], "-c") == 0) {
		read_aim(argv[2], argv[3]);
		at = 4;
	} else {
		read_spoil(argv[2]);
	}
	command = fork();
	if (command == 0) {
		close(3);
		raise(SIGSTOP);
		execvp(argv[at], argv + at);
		die(argv[at]);
	}
	if (waitpid(command, &status, WUNTRACED) < 0 || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SEIZE, command, 0, OPTIONS) < 0)
		die("ptrace");
	first = find(command);
	first->known = true;
	kill(command, SIGCONT);
	status = trace(command);
	if (it.record != NULL && fclose(it.record) != 0)
		die("cannot write");
	return status;
}
