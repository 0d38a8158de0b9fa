/* One question and its answer: see the header. RFC 1035 4.1 has the form of both. */
#include "verify/detour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/clock.h"

#define PORT_DNS 53

/* Three tries; the guard answers this by itself. */
#define TRIES	  3
#define ANSWER_MS 1000

/* TXT of secure-init.invalid, class IN, recursion desired, behind two bytes of id. */
static const uint8_t question[] = "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				  "\x0bsecure-init\x07invalid\x00\x00\x10\x00\x01";
/* What the guard's answer ends with. */
static const char token[] = "secure-init guard";

static bool is_answer(const uint8_t *answer, size_t length, const uint8_t id[2])
{
	return length > sizeof(question) && memcmp(answer, id, 2) == 0 &&
	       memmem(answer, length, token, sizeof(token) - 1) != NULL;
}

/* 0, or -errno: -ENETUNREACH where there is no way, -ETIMEDOUT, -EBADMSG for an answer that is not the
 * guard's. */
static int ask(const struct sockaddr *server, socklen_t size)
{
	cleanup_fd int fd = socket(server->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t message[2 + sizeof(question) - 1], answer[512];
	const uint8_t id[2] = {(uint8_t)clock_ms(), (uint8_t)getpid()};

	if (fd < 0 || connect(fd, server, size) < 0)
		return -errno;
	memcpy(message, id, sizeof(id));
	memcpy(message + 2, question, sizeof(question) - 1);
	for (int tries = 0; tries < TRIES; tries++) {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		ssize_t length;

		if (send(fd, message, sizeof(message), 0) < 0)
			return -errno;
		if (poll(&poller, 1, ANSWER_MS) <= 0)
			continue;
		/* a datagram whose checksum is wrong is gone by now (select(2), BUGS) */
		length = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (length < 0)
			return -errno;
		return is_answer(answer, (size_t)length, id) ? 0 : -EBADMSG;
	}
	return -ETIMEDOUT;
}

/* A family that has no way out has none for the agent either. */
static bool no_way(int ret)
{
	return ret == -ENETUNREACH || ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL || ret == -EHOSTUNREACH;
}

int verify_detour(bool *proved, struct error *error)
{
	/* RFC 5737 and RFC 3849: no host has these addresses */
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT_DNS)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT_DNS)};
	int ret[2];

	inet_pton(AF_INET, "192.0.2.53", &v4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::53", &v6.sin6_addr);
	ret[0] = ask((const struct sockaddr *)&v4, sizeof(v4));
	ret[1] = ask((const struct sockaddr *)&v6, sizeof(v6));
	*proved = ret[0] == 0 || ret[1] == 0;
	for (int i = 0; i < 2; i++)
		if (ret[i] < 0 && !no_way(ret[i]))
			return error_set(error, FAIL_VERIFY, -ret[i],
				"DNS by IPv%d does not lead to the guard: a question to %s was not answered "
				"by it (%s)",
				i == 0 ? 4 : 6, i == 0 ? "192.0.2.53" : "2001:db8::53", strerror(-ret[i]));
	return 0;
}
