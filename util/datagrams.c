/* sendmmsg(2). */
#include "util/datagrams.h"

#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>

int datagrams_send(int socket, struct mmsghdr *messages, unsigned int n, int flags)
{
	long sent;

	do
		sent = syscall(SYS_sendmmsg, socket, messages, n, flags);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : (int)sent;
}
