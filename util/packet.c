#include "util/packet.h"

#include <errno.h>
#include <sys/socket.h>

int packet_send(int socket, const void *packet, size_t size)
{
	ssize_t length;

	do
		length = send(socket, packet, size, MSG_NOSIGNAL);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EMSGSIZE;
}

int packet_receive(int socket, void *packet, size_t size)
{
	ssize_t length;

	do
		length = recv(socket, packet, size, MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	if (length == 0)
		return -EPIPE;
	return (size_t)length == size ? 0 : -EBADMSG;
}
