/* One message at a time over a SOCK_SEQPACKET pair, which keeps their borders (unix(7)). */
#include "guard/message.h"

#include <errno.h>
#include <sys/socket.h>

#include "util/datagrams.h"

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

/* What was received, by its length. */
static int check(struct message *message, size_t length)
{
	if (length == 0)
		return -EPIPE;
	if (length != sizeof(*message) || message->n > MESSAGE_ADDRESSES)
		return -EBADMSG;
	message->name[sizeof(message->name) - 1] = '\0';
	return 0;
}

int message_receive(int socket, struct message *message)
{
	ssize_t length;

	do
		length = recv(socket, message, sizeof(*message), MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : check(message, (size_t)length);
}

int message_send_several(int socket, struct message *messages, unsigned int n)
{
	struct mmsghdr headers[MESSAGES_AT_ONCE];
	struct iovec parts[MESSAGES_AT_ONCE];

	for (unsigned int i = 0; i < n; i++) {
		parts[i] = (struct iovec){&messages[i], sizeof(messages[i])};
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
	}
	return datagrams_send(socket, headers, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int message_receive_several(int socket, struct message *messages, unsigned int n)
{
	struct mmsghdr headers[MESSAGES_AT_ONCE];
	struct iovec parts[MESSAGES_AT_ONCE];
	int got;

	for (unsigned int i = 0; i < n; i++) {
		parts[i] = (struct iovec){&messages[i], sizeof(messages[i])};
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
	}
	do
		got = recvmmsg(socket, headers, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	for (int i = 0; i < got; i++) {
		const int ret = headers[i].msg_hdr.msg_flags & MSG_TRUNC
					? -EBADMSG
					: check(&messages[i], headers[i].msg_len);

		/* what came before is good, and the end comes again */
		if (ret < 0)
			return i > 0 && ret == -EPIPE ? i : ret;
	}
	return got;
}
