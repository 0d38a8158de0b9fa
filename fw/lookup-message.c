/* One message at a time, its text terminated whoever sent it. */
#include "fw/lookup-message.h"

#include "util/packet.h"

int lookup_send(int socket, const struct lookup_message *message)
{
	return packet_send(socket, message, sizeof(*message));
}

int lookup_receive(int socket, struct lookup_message *message)
{
	const int ret = packet_receive(socket, message, sizeof(*message));

	message->text[sizeof(message->text) - 1] = '\0';
	return ret;
}
