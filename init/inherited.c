/* Looking through our own descriptors: see the header. Source: socket(7). */
#include "init/inherited.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "util/number.h"

#define DESCRIPTORS "/proc/self/fd"

/* asm-generic/socket.h; the libc's headers may be older. Linux 5.14. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Which network a socket is of: a number that no other one has. 0: the kernel does not say. */
static uint64_t network_of(int socket)
{
	uint64_t cookie;
	socklen_t size = sizeof(cookie);

	return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

/* Why the agent must not have it; NULL: it may. */
static const char *against(int fd, uint64_t network)
{
	int family, type;
	socklen_t size = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 || family == AF_UNIX)
		return NULL;
	size = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		type = SOCK_RAW;
	if ((family != AF_INET && family != AF_INET6) || type == SOCK_RAW)
		return "a socket that firewalls do not see";
	if (network == 0)
		return "a socket, and this kernel (before 5.14) does not say of which network";
	return network_of(fd) == network ? NULL : "a socket of another network";
}

static int check(const char *name, uint64_t network, struct error *error)
{
	uint64_t fd;
	const char *reason;
	int flags;

	if (number_parse(name, 0, INT32_MAX, &fd) < 0)
		return 0;
	flags = fcntl((int)fd, F_GETFD);
	/* ours, which the agent does not get */
	if (flags < 0 || (flags & FD_CLOEXEC))
		return 0;
	reason = against((int)fd, network);
	if (reason == NULL)
		return 0;
	return error_set(error, FAIL_PRIVILEGE, EPERM,
		"the container was started with descriptor %d open, which is %s: with it the agent could go "
		"round the "
		"firewall; start the container without it",
		(int)fd, reason);
}

int inherited_check(struct error *error)
{
	const int own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const uint64_t network = own >= 0 ? network_of(own) : 0;
	const struct dirent *entry;
	DIR *directory;
	int ret = 0;

	if (own >= 0)
		close(own);
	directory = opendir(DESCRIPTORS);
	if (directory == NULL)
		return error_set(error, FAIL_SYSTEM, errno,
			DESCRIPTORS " cannot be read, so what the agent would inherit is not known: %s",
			strerror(errno));
	while (ret == 0 && (entry = readdir(directory)) != NULL)
		ret = check(entry->d_name, network, error);
	closedir(directory);
	return ret;
}
