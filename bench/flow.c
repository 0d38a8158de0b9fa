/*
 * flow: connections and datagrams, one after another, and how long each took.
 *
 *   flow serve ADDRESS PORT       TCP: accepts and closes; UDP: sends back. Says "ready", ends with its
 * parent flow tcp ADDRESS PORT N       N times: connect, close. Prints "RATE MEDIAN P99": a second, ns, ns
 *   flow udp ADDRESS PORT N       N times over one socket: send 32 bytes, wait for them. The same line
 *
 * A connection is closed by a reset, so that neither side keeps it for a minute.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BYTES	   32
#define TIMES_MAX  1000000
#define BACKLOG	   512
#define ANSWER_SEC 2

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int bound(int type, const struct sockaddr_in *here)
{
	const int on = 1;
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)here, sizeof(*here)) < 0)
		die("cannot bind");
	return fd;
}

static _Noreturn void serve(const struct sockaddr_in *here)
{
	struct pollfd fds[] = {{.fd = bound(SOCK_STREAM, here), .events = POLLIN},
		{.fd = bound(SOCK_DGRAM, here), .events = POLLIN}};

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (listen(fds[0].fd, BACKLOG) < 0)
		die("cannot listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			die("cannot wait");
		if (fds[0].revents != 0) {
			const int peer = accept(fds[0].fd, NULL, NULL);

			if (peer >= 0)
				close(peer);
		}
		if (fds[1].revents != 0) {
			struct sockaddr_in from;
			socklen_t size = sizeof(from);
			char bytes[2048];
			const ssize_t n =
				recvfrom(fds[1].fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);

			if (n >= 0)
				sendto(fds[1].fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size);
		}
	}
}

/* Both give the time of one in ns. */
static uint64_t connect_once(const struct sockaddr_in *peer)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	const uint64_t start = now_ns();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t taken;

	if (fd < 0 || connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0)
		die("cannot connect");
	taken = now_ns() - start;
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		die("cannot ask for a reset");
	close(fd);
	return taken;
}

static uint64_t ask_once(int fd)
{
	char bytes[BYTES] = {0};
	const uint64_t start = now_ns();

	if (send(fd, bytes, sizeof(bytes), 0) != BYTES || recv(fd, bytes, sizeof(bytes), 0) != BYTES)
		die("no answer");
	return now_ns() - start;
}

static int asking(const struct sockaddr_in *peer)
{
	const struct timeval limit = {.tv_sec = ANSWER_SEC};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
		connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0)
		die("cannot make the socket");
	return fd;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void run(const struct sockaddr_in *peer, int udp, size_t n)
{
	uint64_t *times = calloc(n, sizeof(*times));
	const int fd = udp ? asking(peer) : -1;
	uint64_t start = now_ns(), all;

	if (times == NULL)
		die("no memory");
	for (size_t i = 0; i < n; i++)
		times[i] = udp ? ask_once(fd) : connect_once(peer);
	all = now_ns() - start;
	qsort(times, n, sizeof(*times), compare);
	printf("%.0f %llu %llu\n", (double)n * 1e9 / (double)all, (unsigned long long)times[n / 2],
		(unsigned long long)times[n * 99 / 100]);
	free(times);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	const long n = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
	const int serves = argc == 4 && strcmp(argv[1], "serve") == 0;
	const int asks = argc == 5 && (strcmp(argv[1], "tcp") == 0 || strcmp(argv[1], "udp") == 0);

	if ((!serves && (!asks || n < 1 || n > TIMES_MAX)) ||
		inet_pton(AF_INET, argv[2], &peer.sin_addr) != 1) {
		fputs("Usage: flow serve ADDRESS PORT | flow tcp|udp ADDRESS PORT N\n", stderr);
		return 1;
	}
	peer.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	if (serves)
		serve(&peer);
	run(&peer, strcmp(argv[1], "udp") == 0, (size_t)n);
	return 0;
}
