/* A clock, and a child a day: see the header. */
#include "guard/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fw/github.h"
#include "fw/lookup-message.h"
#include "fw/names.h"
#include "guard/message.h"
#include "util/clock.h"
#include "util/confine.h"
#include "util/kept.h"

/* What one fetch may take, with all its tries. */
#define FETCH_MS 60000

/* How a fetch ended: the child's exit status. */
enum outcome { FETCHED, UNCHANGED, FAILED };

/* A path to what a descriptor of ours holds (proc(5)). */
#define FD_PATH 32
static char *fd_path(int fd, char path[FD_PATH])
{
	snprintf(path, FD_PATH, "/proc/self/fd/%d", fd);
	return path;
}

static int keep_file(const char *path, int *fd, struct error *error)
{
	*fd = kept_file(path);
	return *fd >= 0 ? 0
			: error_set(error, FAIL_SYSTEM, -*fd, "%s cannot be kept for later: %s", path,
				  strerror(-*fd));
}

int fetcher_open(struct fetcher *fetcher, struct error *error)
{
	int ret = keep_file("/etc/resolv.conf", &fetcher->resolv_conf, error);

	if (ret == 0)
		ret = keep_file("/etc/hosts", &fetcher->hosts, error);
	if (ret < 0)
		return ret;
	fetcher->certificates = github_keep_certificates();
	if (fetcher->certificates < 0)
		return error_set(error, FAIL_SYSTEM, -fetcher->certificates,
			"the certificates cannot be kept for later: %s", strerror(-fetcher->certificates));
	return 0;
}

/* No host of the internet is there; the same is refused at the start (fw/lookup.c). */
static bool is_usable(const struct prefix *address)
{
	const struct prefix reached = prefix_reached(address);

	return !address_unusable(prefix_kind(&reached));
}

/* names_resolve speaks to a socket; here both ends are ours. */
static int resolve_api(const struct fetcher *fetcher, struct prefixes *addresses)
{
	char resolv_conf[FD_PATH], hosts[FD_PATH];
	const struct name_files files = {
		fd_path(fetcher->resolv_conf, resolv_conf), fd_path(fetcher->hosts, hosts)};
	struct target target = {.name = GITHUB_API_HOST, .need = NEED_ALLOW};
	struct lookup_message message;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	ret = names_resolve(&target, 1, &files, pair[0]);
	while (ret == 0 && lookup_receive(pair[1], &message) == 0)
		if (message.type == LOOKUP_ADDRESS && is_usable(&message.prefix))
			ret = prefixes_add(addresses, &message.prefix);
	close(pair[0]);
	close(pair[1]);
	return ret == 0 && addresses->n == 0 ? -EHOSTUNREACH : ret;
}

static int send_ranges(int warden, const struct prefixes *ranges)
{
	struct message message = {.type = MESSAGE_RANGE};
	int ret = 0;

	for (size_t i = 0; i < ranges->n && ret == 0; i++) {
		message.addresses[message.n++] = ranges->v[i];
		if (message.n < MESSAGE_ADDRESSES && i + 1 < ranges->n)
			continue;
		ret = message_send(warden, &message);
		message.n = 0;
	}
	message.type = MESSAGE_RANGES_DONE;
	return ret == 0 ? message_send(warden, &message) : ret;
}

/* The child. The version goes back by a pipe: it is the parent who asks with it tomorrow. */
static enum outcome fetch(const struct fetcher *fetcher, int warden, char etag[GITHUB_ETAG], int report)
{
	struct prefixes addresses = {0}, ranges = {0};
	struct message failed = {.type = MESSAGE_RANGES_FAILED};
	char why[GITHUB_TEXT] = "";
	char certificates[FD_PATH];
	int ret = confine_parser();

	if (ret == 0 && setenv("SSL_CERT_FILE", fd_path(fetcher->certificates, certificates), 1) < 0)
		ret = -errno;
	if (ret == 0)
		ret = resolve_api(fetcher, &addresses);
	if (ret < 0)
		snprintf(why, sizeof(why), GITHUB_API_HOST " has no address now: %s", strerror(-ret));
	else
		ret = github_fetch(&addresses, clock_ms() + FETCH_MS, etag, &ranges, why);
	if (ret == 1)
		return UNCHANGED;
	if (ret < 0) {
		snprintf(failed.name, sizeof(failed.name), "%.*s", (int)sizeof(failed.name) - 1, why);
		message_send(warden, &failed);
		return FAILED;
	}
	if (write(report, etag, GITHUB_ETAG) != GITHUB_ETAG || send_ranges(warden, &ranges) < 0)
		return FAILED;
	return FETCHED;
}

static enum outcome fetch_in_child(
	const struct fetcher *fetcher, int warden, int lifeline, char etag[GITHUB_ETAG])
{
	char newer[GITHUB_ETAG];
	int report[2], status = 0;
	pid_t child;

	if (pipe2(report, O_CLOEXEC) < 0)
		return FAILED;
	child = fork();
	if (child == 0) {
		close(lifeline);
		close(report[0]);
		_exit((int)fetch(fetcher, warden, etag, report[1]));
	}
	close(report[1]);
	if (child > 0 && read(report[0], newer, sizeof(newer)) == sizeof(newer))
		memcpy(etag, newer, sizeof(newer));
	close(report[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : FAILED;
}

/* Waits; 0 once the time is over, 1 at the lifeline's end, -EPIPE at the warden's. */
static int wait_for(int warden, int lifeline, int64_t seconds)
{
	struct pollfd fds[] = {{.fd = lifeline}, {.fd = warden}};
	const int64_t until = clock_ms() + seconds * 1000;
	int ready;

	do {
		const int64_t left = until - clock_ms();

		ready = poll(fds, 2, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (fds[0].revents != 0)
		return 1;
	return fds[1].revents != 0 ? -EPIPE : 0;
}

int fetcher_run(const struct fetcher *fetcher, int warden, int lifeline)
{
	char etag[GITHUB_ETAG] = "";
	int64_t wait = FETCH_SECONDS, again = FETCH_SECONDS_AGAIN;

	for (;;) {
		const int ret = wait_for(warden, lifeline, wait);

		if (ret != 0)
			return ret == 1 ? 0 : ret;
		wait = FETCH_SECONDS;
		if (fetch_in_child(fetcher, warden, lifeline, etag) != FAILED) {
			again = FETCH_SECONDS_AGAIN;
			continue;
		}
		wait = again;
		again = again * 2 < FETCH_SECONDS ? again * 2 : FETCH_SECONDS;
	}
}
