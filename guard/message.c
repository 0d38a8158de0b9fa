/* One message at a time, or several, checked as far as every reader relies on. */
#include "guard/message.h"

#include <errno.h>
#include <sys/socket.h>

#include "util/datagrams.h"
#include "util/packet.h"

int message_send(int socket, const struct message *message)
{
	return packet_send(socket, message, sizeof(*message));
}

/* What is of the right length: whether it can be read. */
static int check(struct message *message)
{
	message->name[sizeof(message->name) - 1] = '\0';
	return message->n <= MESSAGE_ADDRESSES ? 0 : -EBADMSG;
}

int message_receive(int socket, struct message *message)
{
	const int ret = packet_receive(socket, message, sizeof(*message));

	return ret == 0 ? check(message) : ret;
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
		int ret = headers[i].msg_len == 0 ? -EPIPE : -EBADMSG;

		if (headers[i].msg_len == sizeof(*messages) && !(headers[i].msg_hdr.msg_flags & MSG_TRUNC))
			ret = check(&messages[i]);
		/* what came before is good, and the end comes again */
		if (ret < 0)
			return i > 0 && ret == -EPIPE ? i : ret;
	}
	return got;
}
