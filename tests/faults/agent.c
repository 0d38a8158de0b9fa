/*
 * The agent of the faults' cases. Says what it finds, a line a finding, then READY, and ends when its input
 * does.
 *
 *   agent BLOCKED4 BLOCKED6 DNS NAME
 *
 * It tries what must be refused, asks DNS for NAME, and tells what it is and what the processes beside it
 * are, as far as /proc says. judge.py compares that with what a start without faults gives.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#define WAIT_MS 400

static socklen_t address(const char *text, unsigned short port, struct sockaddr_storage *storage)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		exit(125);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/* A datagram's refusal may be told late, or not at all: what counts is what arrives in the world. */
static void try(const char *what, const char *host, int type, unsigned short port)
{
	struct sockaddr_storage to;
	const socklen_t size = address(host, port, &to);
	struct pollfd wait = {.fd = socket(to.ss_family, type | SOCK_NONBLOCK, 0), .events = POLLOUT};
	int err = 0;
	socklen_t length = sizeof(err);

	if (connect(wait.fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS)
		err = errno;
	else if (type == SOCK_DGRAM)
		err = send(wait.fd, "x", 1, 0) < 0 ? errno : ETIMEDOUT;
	else if (poll(&wait, 1, WAIT_MS) == 0)
		err = ETIMEDOUT;
	else
		getsockopt(wait.fd, SOL_SOCKET, SO_ERROR, &err, &length);
	printf("%s %s\n", what, err == 0 ? "open" : "refused");
	close(wait.fd);
}

/* A question of type A; true if an answer with an address comes. */
static bool ask(const char *server, const char *name)
{
	unsigned char packet[512] = {0x12, 0x34, 1, 0, 0, 1};
	const struct timeval limit = {.tv_sec = 1};
	struct sockaddr_storage to;
	const socklen_t size = address(server, 53, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM, 0);
	size_t at = 12;
	ssize_t length;

	while (*name != '\0') {
		const size_t label = strcspn(name, ".");

		packet[at] = (unsigned char)label;
		memcpy(packet + at + 1, name, label);
		at += label + 1;
		name += label + (name[label] == '.');
	}
	packet[at + 2] = packet[at + 4] = 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	sendto(fd, packet, at + 5, 0, (struct sockaddr *)&to, size);
	length = recv(fd, packet, sizeof(packet), 0);
	close(fd);
	return length >= 12 && packet[7] > 0;
}

/* The lines of a process's status that say what it may do. */
static void tell(const char *pid, bool self)
{
	static const char *const lines[] = {
		"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp:", "SigBlk:", "SigIgn:"};
	char path[64], line[256], name[64] = "?";
	struct stat status;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "Name:", 5) == 0)
			snprintf(name, sizeof(name), "%.60s", self ? "agent" : line + 6);
		/* 32 to 34 are the C library's own, and what the starter did with them goes through */
		if (strncmp(line, "SigIgn:", 7) == 0)
			snprintf(line, sizeof(line), "SigIgn:\t%016llx",
				strtoull(line + 7, NULL, 16) & ~0x380000000ULL);
		/* a zombie waits to be reaped, and can do nothing */
		if (strncmp(line, "State:\tZ", 8) == 0) {
			fclose(file);
			return;
		}
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			/* what others block changes from moment to moment */
			if (strncmp(line, lines[i], strlen(lines[i])) == 0 && (self || lines[i][3] != 'B'))
				printf("process %s %s\n", name, line);
	}
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	if (!self && stat(path, &status) == 0)
		printf("process %s %s\n", name, status.st_uid == 0 ? "is closed" : "can be looked into");
}

static void tell_all(void)
{
	DIR *proc = opendir("/proc");
	char self[16];
	struct dirent *entry;

	snprintf(self, sizeof(self), "%d", getpid());
	while (proc != NULL && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			tell(entry->d_name, strcmp(entry->d_name, self) == 0);
	if (proc != NULL)
		closedir(proc);
}

static void tell_descriptors(void)
{
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
}

int main(int argc, char *argv[])
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	bool answered;
	char byte;

	if (argc != 5)
		return 125;
	printf("AGENT-RAN\n");
	fflush(stdout);
	tell_descriptors();
	try("tcp4", argv[1], SOCK_STREAM, 443);
	try("tcp6", argv[2], SOCK_STREAM, 443);
	try("udp4", argv[1], SOCK_DGRAM, 8000);
	try("udp6", argv[2], SOCK_DGRAM, 8000);
	/* as any program would, more than once */
	answered = ask(argv[3], argv[4]) || ask(argv[3], argv[4]) || ask(argv[3], argv[4]);
	printf("dns %s\n", answered ? "answers" : "does not answer");
	tell_all();
	printf("READY\n");
	fflush(stdout);
	/* a fault may have made it non-blocking */
	while (poll(&input, 1, -1) >= 0 && read(STDIN_FILENO, &byte, 1) != 0)
		;
	return 0;
}
