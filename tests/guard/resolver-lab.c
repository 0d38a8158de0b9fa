/*
 * resolver-lab [OPTION...] RESOLV.CONF ALLOWED [BLOCKED]: the whole resolver on its port, and in the warden's
 * place a process that says what it is told, a line a message, and does what it reads on standard input:
 *
 *   add LIST ENTRY, remove LIST ENTRY    (LIST: allowed, blocked, inbound)
 *   filter 0|1                           names on no list are refused
 *   status N                             what the next LEARNs are answered with
 *   hold 0|1                             LEARNs are kept back, and answered when it is 0 again
 *   end                                  the lifeline is closed
 *   leave                                the warden is gone
 *
 * Options: --filter, --blocklist, --quiet (says nothing of what it learns), --drop (as uid 65501, with no
 * capability).
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "guard/resolver/calls.h"
#include "guard/message.h"
#include "guard/resolver/resolver.h"

#define HELD_MAX 1024

struct lab {
	int socket, lifeline;
	bool quiet, hold;
	int status;
	unsigned int n_held;
	uint32_t held[HELD_MAX];
};

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "resolver-lab: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int serve(const struct guard_start *start, int warden, int lifeline, bool drop)
{
	struct resolver *resolver;
	struct audit *audit;
	struct error error = {0};
	int ret;

	must(audit_open(start->settings, &audit, &error) == 0, "no audit");
	if (resolver_open(start, audit, warden, lifeline, &resolver, &error) < 0) {
		fprintf(stderr, "resolver-lab: %s\n", error.text);
		resolver_free(resolver);
		return (int)error.kind;
	}
	if (drop)
		must(setgroups(0, NULL) == 0 && setresgid(65501, 65501, 65501) == 0 &&
				setresuid(65501, 65501, 65501) == 0,
			"cannot become another user");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	printf("READY\n");
#ifndef __SANITIZE_ADDRESS__
	must(calls_confine() == 0, "seccomp");
#endif
	ret = resolver_run(resolver);
	audit_end(audit);
	audit_free(audit);
	resolver_free(resolver);
	printf("RESOLVER ENDS %d\n", ret);
	return 0;
}

static void answer(const struct lab *lab, uint32_t number)
{
	const struct message message = {.type = MESSAGE_LEARNT, .number = number, .status = lab->status};

	if (message_send(lab->socket, &message) < 0)
		printf("LOST %u\n", number);
}

static void say(const char *what, const struct message *message)
{
	char text[PREFIX_TEXT];

	printf("%s %s %u", what, message->name, message->seconds);
	for (uint32_t i = 0; i < message->n; i++)
		printf(" %s", prefix_text(&message->addresses[i], text));
	printf("\n");
}

static bool take_message(struct lab *lab)
{
	struct message message;
	const int ret = message_receive(lab->socket, &message);

	if (ret == -EPIPE || ret == -ECONNRESET)
		return false;
	must(ret == 0, "a message that is none");
	if (!lab->quiet)
		say(message.type == MESSAGE_LEARN      ? "LEARN"
			: message.type == MESSAGE_KEEP ? "KEEP"
						       : "ODD",
			&message);
	if (message.type != MESSAGE_LEARN)
		return true;
	if (lab->hold && lab->n_held < HELD_MAX)
		lab->held[lab->n_held++] = message.number;
	else
		answer(lab, message.number);
	return true;
}

static void change(struct lab *lab, uint32_t type, const char *list, const char *text)
{
	static const char *const lists[LISTS] = {"allowed", "blocked", "inbound"};
	struct message message = {.type = type};
	struct entries entries = {0};
	struct error error;

	must(entries_parse("ENTRY", text, &entries, &error) == 0 && entries.n == 1, "a bad entry");
	while (message.list < LISTS && strcmp(lists[message.list], list) != 0)
		message.list++;
	message.entry = entries.v[0];
	must(message_send(lab->socket, &message) == 0, "cannot send");
	entries_free(&entries);
}

static void obey(struct lab *lab, char *line)
{
	char *rest = line;
	const char *word = strtok_r(rest, " \n", &rest), *first = strtok_r(rest, " \n", &rest),
		   *second = strtok_r(rest, " \n", &rest);

	if (word == NULL)
		return;
	if (strcmp(word, "add") == 0 && second != NULL)
		change(lab, MESSAGE_ADD, first, second);
	else if (strcmp(word, "remove") == 0 && second != NULL)
		change(lab, MESSAGE_REMOVE, first, second);
	else if (strcmp(word, "filter") == 0 && first != NULL)
		message_send(
			lab->socket, &(struct message){.type = MESSAGE_FILTER, .status = first[0] == '1'});
	else if (strcmp(word, "status") == 0 && first != NULL)
		lab->status = -(first[0] - '0');
	else if (strcmp(word, "hold") == 0 && first != NULL)
		lab->hold = first[0] == '1';
	else if (strcmp(word, "end") == 0 && lab->lifeline >= 0) {
		close(lab->lifeline);
		lab->lifeline = -1;
	} else if (strcmp(word, "leave") == 0)
		shutdown(lab->socket, SHUT_RDWR);
	while (!lab->hold && lab->n_held > 0)
		answer(lab, lab->held[--lab->n_held]);
	printf("DONE %s\n", word);
}

static void watch(struct lab *lab)
{
	struct pollfd fds[2] = {
		{.fd = lab->socket, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	char line[1000];

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[0].revents != 0 && !take_message(lab))
			return;
		if (fds[1].revents != 0) {
			if (fgets(line, sizeof(line), stdin) == NULL)
				fds[1].fd = -1;
			else
				obey(lab, line);
		}
	}
}

int main(int argc, char *argv[])
{
	struct policy policy = {
		.isolated = true, .guarded = true, .mode = MODE_ALLOWLIST, .dns = DNS_RESOLVERS};
	struct guard_settings settings = {0};
	const struct lookup lookup = {.socket = -1};
	struct resolv resolv;
	struct guard_start start = {
		.policy = &policy, .resolv = &resolv, .lookup = &lookup, .settings = &settings};
	struct lab lab = {0};
	struct error error;
	bool drop = false;
	int pair[2], lifeline[2], status;
	pid_t child;

	for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
		policy.filter = policy.filter || strcmp(argv[1], "--filter") == 0;
		if (strcmp(argv[1], "--blocklist") == 0)
			policy.mode = MODE_BLOCKLIST;
		lab.quiet = lab.quiet || strcmp(argv[1], "--quiet") == 0;
		drop = drop || strcmp(argv[1], "--drop") == 0;
	}
	must(argc > 2, "usage: resolver-lab [OPTION...] RESOLV.CONF ALLOWED [BLOCKED]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	must(resolv_read(argv[1], &resolv, &error) == 0, "resolv.conf");
	must(entries_parse("ALLOWED", argv[2], &policy.list[LIST_ALLOWED], &error) == 0, "the allowed");
	if (argc > 3)
		must(entries_parse("BLOCKED", argv[3], &policy.list[LIST_BLOCKED], &error) == 0,
			"the blocked");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) == 0, "socketpair");
	child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		close(pair[0]);
		close(lifeline[0]);
		close(STDIN_FILENO);
		status = serve(&start, pair[1], lifeline[1], drop);
		policy_free(&policy);
		exit(status);
	}
	close(pair[1]);
	close(lifeline[1]);
	lab.socket = pair[0];
	lab.lifeline = lifeline[0];
	watch(&lab);
	must(waitpid(child, &status, 0) == child, "waitpid");
	policy_free(&policy);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
