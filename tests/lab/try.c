/*
 * try [-t] [-w SECONDS] PROTO ADDRESS PORT...: what an agent sees of each destination.
 *
 * Prints "open" if a byte came back from the peer (tcp: if it could be connected to), or the error's name,
 * and with -t how many ms that took. Waits SECONDS (1.5) for each; exits with 0 only if all are open. Static,
 * so that any image can run it. `try wait` does nothing until it is ended: an agent for images that hold no
 * other program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int attempt(int type, const char *address, int port, int wait_ms)
{
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	const int is6 = inet_pton(AF_INET6, address, &to6.sin6_addr) == 1;
	const struct sockaddr *to = is6 ? (const void *)&to6 : (const void *)&to4;
	struct pollfd wait = {.events = type == SOCK_STREAM ? POLLOUT : POLLIN};
	socklen_t length = sizeof(int);
	int failure = 0;
	char byte;

	if (!is6 && inet_pton(AF_INET, address, &to4.sin_addr) != 1)
		return EINVAL;
	wait.fd = socket(to->sa_family, type | SOCK_NONBLOCK, 0);
	if (wait.fd < 0)
		return errno;
	if (connect(wait.fd, to, is6 ? sizeof(to6) : sizeof(to4)) < 0 && errno != EINPROGRESS)
		return errno;
	if (type == SOCK_DGRAM && send(wait.fd, "ping", 4, 0) < 0)
		return errno;
	if (poll(&wait, 1, wait_ms) == 0)
		return ETIMEDOUT;
	if (type == SOCK_DGRAM)
		return recv(wait.fd, &byte, 1, 0) < 0 ? errno : 0;
	getsockopt(wait.fd, SOL_SOCKET, SO_ERROR, &failure, &length);
	return failure;
}

static const char *name(int failure)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {{0, "open"}, {EHOSTUNREACH, "EHOSTUNREACH"}, {ENETUNREACH, "ENETUNREACH"},
		{ECONNREFUSED, "ECONNREFUSED"}, {ETIMEDOUT, "ETIMEDOUT"}, {EPERM, "EPERM"},
		{EACCES, "EACCES"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == failure)
			return names[i].name;
	return strerror(failure);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char *argv[])
{
	int option, wait_ms = 1500, timed = 0, status = 0;

	if (argc == 2 && strcmp(argv[1], "wait") == 0) {
		puts("AGENT-RAN");
		fflush(stdout);
		for (;;)
			pause();
	}
	while ((option = getopt(argc, argv, "tw:")) != -1) {
		if (option == 't')
			timed = 1;
		else if (option == 'w')
			wait_ms = 1000 * atoi(optarg);
		else
			argc = 0;
	}
	if (argc < optind + 3 || (argc - optind) % 3 != 0) {
		fputs("usage: try [-t] [-w SECONDS] [tcp|udp ADDRESS PORT]..., or try wait\n", stderr);
		return 2;
	}
	for (char **to = argv + optind; *to != NULL; to += 3) {
		const long start = now_ms();
		const int type = strcmp(to[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
		const int failure = attempt(type, to[1], atoi(to[2]), wait_ms);

		fputs(name(failure), stdout);
		if (timed)
			printf(" %ld", now_ms() - start);
		putchar('\n');
		if (failure != 0)
			status = 1;
	}
	return status;
}
