/*
 * try PROTO ADDRESS PORT: lab/try.py for containers that have no Python: what an agent sees of a destination.
 *
 * Prints "open" if a byte came back from the peer (tcp: if it could be connected to), or the error's name;
 * exits with 0 only for "open". Static, so that any image can run it. `try wait` does nothing until it is
 * ended: an agent for images that hold no other program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 1500

static int attempt(int type, const char *address, int port)
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
	if (poll(&wait, 1, WAIT_MS) == 0)
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

int main(int argc, char *argv[])
{
	int status = 0;

	if (argc == 2 && strcmp(argv[1], "wait") == 0) {
		puts("AGENT-RAN");
		fflush(stdout);
		for (;;)
			pause();
	}
	if (argc < 4 || argc % 3 != 1) {
		fputs("usage: try [tcp|udp ADDRESS PORT]..., or try wait\n", stderr);
		return 2;
	}
	for (char **to = argv + 1; *to != NULL; to += 3) {
		const int failure =
			attempt(strcmp(to[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, to[1], atoi(to[2]));

		puts(name(failure));
		if (failure != 0)
			status = 1;
	}
	return status;
}
