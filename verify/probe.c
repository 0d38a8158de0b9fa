/* The probes: plain TCP connections, never waited for longer than they need. */
#include "verify/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "verify/rules.h"

/* Our refusal comes back over lo in less than a millisecond; a packet that leaves gets no answer in this
 * time. */
#define BLOCKED_MS 2000

/* As many addresses of one name as are tried. */
#define TRIED_MAX 16

/*
 * Starts a connection, or with SOCK_DGRAM gives a socket its peer. Returns the socket, *err 0 or EINPROGRESS
 * or why it failed at once; or -1 with *err.
 */
static int start(const struct prefix *address, int type, uint16_t port, int *err)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(address->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0) {
		*err = errno;
		return -1;
	}
	memcpy(&v4.sin_addr, address->addr, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address->addr, sizeof(v6.sin6_addr));
	if (address->family == AF_INET)
		ret = connect(fd, (const struct sockaddr *)&v4, sizeof(v4));
	else
		ret = connect(fd, (const struct sockaddr *)&v6, sizeof(v6));
	*err = ret < 0 ? errno : 0;
	return fd;
}

/* How a started connection ended: 0 if it stands. */
static int ending(int fd)
{
	int err = 0;
	socklen_t size = sizeof(err);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0 ? errno : err;
}

/* Nothing was sent for one of these: there is no route, no source address, or no such family. */
static bool is_no_route(int err)
{
	return err == ENETUNREACH || err == EADDRNOTAVAIL || err == EAFNOSUPPORT;
}

static int wait_for(int fd, int64_t until)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	for (;;) {
		const int64_t left = until - clock_ms();
		int ready = poll(&wait, 1, left > 0 ? (int)left : 0);

		if (ready > 0)
			return ending(fd);
		if (ready == 0)
			return ETIMEDOUT;
		if (errno != EINTR)
			return errno;
	}
}

int probe_blocked(struct netlink *netlink, const struct prefix *address, uint16_t port,
	enum probe_outcome *outcome, struct error *error)
{
	char text[PREFIX_TEXT];
	uint64_t before, after;
	int err, ret = verify_refused(netlink, address->family, &before, error);
	cleanup_fd int fd = -1;
	bool no_route;

	if (ret < 0)
		return ret;
	fd = start(address, SOCK_STREAM, port, &err);
	/* later on it is a router that says so, and the packet was out */
	no_route = is_no_route(err);
	if (err == EINPROGRESS)
		err = wait_for(fd, clock_ms() + BLOCKED_MS);
	ret = verify_refused(netlink, address->family, &after, error);
	if (ret < 0)
		return ret;
	prefix_text(address, text);
	if (err == 0)
		return error_set(error, FAIL_VERIFY, EPERM,
			"the network is open: a connection to %s port %u, which is not allowed, was made",
			text, port);
	if (after > before) {
		*outcome = PROBE_REFUSED;
		return 0;
	}
	if (no_route) {
		*outcome = PROBE_NO_ROUTE;
		return 0;
	}
	return error_set(error, FAIL_VERIFY, EPERM,
		"a connection to %s port %u, which is not allowed, was not refused by our rule: it ended "
		"with '%s', and "
		"the rule counted nothing",
		text, port, strerror(err));
}

int probe_unprivileged(const struct prefix *address, enum probe_outcome *outcome)
{
	int err;
	cleanup_fd int fd = start(address, SOCK_DGRAM, PROBE_UNPRIVILEGED_PORT, &err);

	if (fd >= 0 && err == 0)
		err = send(fd, "", 1, MSG_NOSIGNAL) == 1 ? EISCONN : errno;
	/* what a rule refuses is EPERM for IPv4, EACCES where IPv6's own answer is there already */
	*outcome = err == EPERM || err == EACCES ? PROBE_REFUSED : PROBE_NO_ROUTE;
	return *outcome == PROBE_REFUSED || is_no_route(err) ? 0 : err;
}

/* One of the connections of probe_allowed. */
struct attempt {
	int fd;
	int err; /* EINPROGRESS while it is under way */
};

/* Waits until one connection stands, all have ended, or the time is over. True if one stands. */
static bool any_connects(struct attempt *attempts, nfds_t n, int64_t until)
{
	for (;;) {
		struct pollfd waits[TRIED_MAX];
		const int64_t left = until - clock_ms();
		bool under_way = false;

		for (nfds_t i = 0; i < n; i++) {
			if (attempts[i].err == 0)
				return true;
			under_way = under_way || attempts[i].err == EINPROGRESS;
			waits[i] = (struct pollfd){.fd = attempts[i].err == EINPROGRESS ? attempts[i].fd : -1,
				.events = POLLOUT};
		}
		if (!under_way || left <= 0)
			return false;
		if (poll(waits, n, (int)left) < 0 && errno != EINTR)
			return false;
		for (nfds_t i = 0; i < n; i++)
			if (waits[i].fd >= 0 && waits[i].revents != 0)
				attempts[i].err = ending(attempts[i].fd);
	}
}

static int both_refused(struct netlink *netlink, uint64_t *packets, struct error *error)
{
	uint64_t v4 = 0, v6 = 0;
	int ret = verify_refused(netlink, AF_INET, &v4, error);

	if (ret == 0)
		ret = verify_refused(netlink, AF_INET6, &v6, error);
	*packets = v4 + v6;
	return ret;
}

int probe_allowed(struct netlink *netlink, const char *name, const struct prefixes *addresses, uint16_t port,
	unsigned int seconds, enum probe_outcome *outcome, struct error *error)
{
	struct attempt attempts[TRIED_MAX];
	const nfds_t n = addresses->n < TRIED_MAX ? addresses->n : TRIED_MAX;
	uint64_t before, after = 0;
	bool connected, peer_refused = false;
	int last = ETIMEDOUT, ret = both_refused(netlink, &before, error);

	if (ret < 0)
		return ret;
	for (nfds_t i = 0; i < n; i++)
		attempts[i].fd = start(&addresses->v[i], SOCK_STREAM, port, &attempts[i].err);
	connected = any_connects(attempts, n, clock_ms() + (int64_t)seconds * 1000);
	for (nfds_t i = 0; i < n; i++) {
		peer_refused = peer_refused || attempts[i].err == ECONNREFUSED;
		if (attempts[i].err != EINPROGRESS)
			last = attempts[i].err;
		if (attempts[i].fd >= 0)
			close(attempts[i].fd);
	}
	ret = both_refused(netlink, &after, error);
	if (ret < 0)
		return ret;
	*outcome = connected ? PROBE_CONNECTED : PROBE_PEER_REFUSED;
	if (connected || (peer_refused && after == before))
		return 0;
	if (after > before)
		return error_set(error, FAIL_VERIFY, EPERM,
			"a connection to %s port %u, which is allowed, was refused by our own rule; this is "
			"a defect of "
			"secure-init",
			name, port);
	return error_set(error, FAIL_VERIFY, last,
		"a connection to %s port %u, which is allowed, was not made: %s. Is the host up, and does "
		"the network "
		"of this container reach it? Give its entry the port that it answers on, as in %s:8443",
		name, port, strerror(last), name);
}
