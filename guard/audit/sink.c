/* Opening and writing: see the header. Sources: open(2), pipe(7), unix(7), proc(5) on /proc/self/fd. */
#include "guard/audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "util/log.h"

#define SOCKET_WORD "unix:"
#define NONE	    ((struct outlet){.fd = -1})

/*
 * Standard error as it is shared with the agent cannot be made not to wait, or the agent's would not either.
 * Opened anew it can, if it is a pipe or a terminal; a file never makes anybody wait, and its place for
 * writing must stay the one that all share; a socket is asked for each message.
 */
static struct outlet open_stderr(void)
{
	struct outlet outlet = {.fd = STDERR_FILENO};
	struct stat status;
	int fd;

	if (fstat(STDERR_FILENO, &status) < 0)
		return NONE;
	outlet.socket = S_ISSOCK(status.st_mode);
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return outlet;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? outlet : (struct outlet){.fd = fd, .owned = true};
}

static int open_file(const char *path, struct outlet *outlet, struct error *error)
{
	/* a pipe that the agent put there must not make us wait for its reader */
	const int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);
	struct stat status;

	if (fd < 0 && errno == ELOOP)
		return error_set(error, FAIL_CONFIG, ELOOP,
			"PARA_AUDIT: %.300s is a symbolic link; name the file itself", path);
	if (fd < 0)
		return error_set(error, FAIL_CONFIG, errno,
			"PARA_AUDIT: %.300s cannot be opened for writing: %s", path, strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid != geteuid())
		log_warn("PARA_AUDIT: %.300s belongs to uid %u, who can change what is recorded there", path,
			status.st_uid);
	*outlet = (struct outlet){.fd = fd, .owned = true};
	return 0;
}

static int open_socket(const char *path, struct outlet *outlet, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err = ENAMETOOLONG;
	int fd = -1;

	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path));
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	}
	if (err != 0) {
		if (fd >= 0)
			close(fd);
		return error_set(error, FAIL_CONFIG, err,
			"PARA_AUDIT: no datagram socket to write to at %.300s: %s; whoever reads it must "
			"listen before the container starts",
			path, strerror(err));
	}
	*outlet = (struct outlet){.fd = fd, .owned = true, .socket = true};
	return 0;
}

int sink_open(const char *audit, bool learn, struct sink *sink, struct error *error)
{
	*sink = (struct sink){.json = NONE, .words = NONE, .summary = NONE};
	if (audit != NULL && strcmp(audit, "off") == 0) {
		if (learn)
			sink->summary = open_stderr();
		return 0;
	}
	if (audit != NULL && strcmp(audit, "stderr") == 0) {
		sink->json = open_stderr();
		return 0;
	}
	if (audit != NULL) {
		const bool is_socket = strncmp(audit, SOCKET_WORD, strlen(SOCKET_WORD)) == 0;
		int ret;

		if (!is_socket && *audit != '/')
			return error_set(error, FAIL_CONFIG, EINVAL,
				"PARA_AUDIT is '%.100s'; it must be off, stderr, unix:/PATH, or an absolute "
				"path",
				audit);
		ret = is_socket ? open_socket(audit + strlen(SOCKET_WORD), &sink->json, error)
				: open_file(audit, &sink->json, error);
		if (ret < 0)
			return ret;
	}
	sink->summary = open_stderr();
	if (!isatty(STDERR_FILENO)) {
		sink->words = sink->summary;
		sink->words.owned = false;
	}
	return 0;
}

static void outlet_close(struct outlet *outlet)
{
	if (outlet->owned)
		close(outlet->fd);
	*outlet = NONE;
}

void sink_close(struct sink *sink)
{
	outlet_close(&sink->json);
	outlet_close(&sink->words);
	outlet_close(&sink->summary);
}

/* One write, or none if that would wait or raise SIGPIPE. Returns 0 or -errno. */
static int put(struct outlet *outlet, const char *bytes, size_t n)
{
	struct pollfd ready = {.fd = outlet->fd, .events = POLLOUT};
	ssize_t written;

	if (outlet->socket) {
		written = send(outlet->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else {
		if (poll(&ready, 1, 0) != 1)
			return -EAGAIN;
		if (ready.revents & (POLLERR | POLLHUP | POLLNVAL))
			return -EPIPE;
		written = write(outlet->fd, bytes, n);
	}
	if (written < 0)
		return -errno;
	outlet->broken = (size_t)written < n && !outlet->socket;
	return (size_t)written == n ? 0 : -ENOSPC;
}

/* line has room for its end, and for one more byte in front of it: what breaks off a line that stands in part
 */
static int put_line(struct outlet *outlet, char *line, size_t n)
{
	line[n] = '\n';
	return outlet->broken ? put(outlet, line - 1, n + 2) : put(outlet, line, n + 1);
}

void sink_json(struct sink *sink, const char *line)
{
	char whole[SINK_LINE] = "\n";
	const size_t n = strnlen(line, sizeof(whole) - 2);
	int ret;

	if (sink->json.fd < 0)
		return;
	memcpy(whole + 1, line, n);
	ret = put_line(&sink->json, whole + 1, n);
	if (ret < 0 && sink->lost++ == 0) {
		char text[120];

		snprintf(text, sizeof(text),
			"warning: lines of the record (PARA_AUDIT) are being lost: %.50s", strerror(-ret));
		sink_words(sink, text);
	}
}

static void put_words(struct outlet *outlet, const char *line)
{
	char whole[SINK_LINE] = "\n";
	int n;

	if (outlet->fd < 0 || !log_enabled(LOG_INFO))
		return;
	n = log_format(whole + 1, sizeof(whole) - 1, LOG_INFO, line);
	put_line(outlet, whole + 1, (size_t)n - 1);
}

void sink_words(struct sink *sink, const char *line)
{
	put_words(&sink->words, line);
}

void sink_summary(struct sink *sink, const char *line)
{
	put_words(&sink->summary, line);
}
