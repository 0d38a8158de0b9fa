/* One message at a time over a SOCK_SEQPACKET pair, which keeps their borders (unix(7)). */
#include "guard/message.h"

#include <errno.h>
#include <sys/socket.h>

int message_send(int socket, const struct message *message)
{
	ssize_t length;

	do
		length = send(socket, message, sizeof(*message), MSG_NOSIGNAL);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return length == sizeof(*message) ? 0 : -EMSGSIZE;
}

int message_receive(int socket, struct message *message)
{
	ssize_t length;

	do
		length = recv(socket, message, sizeof(*message), MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	if (length == 0)
		return -EPIPE;
	if (length != sizeof(*message) || message->n > MESSAGE_ADDRESSES)
		return -EBADMSG;
	message->name[sizeof(message->name) - 1] = '\0';
	return 0;
}
