/* The messages of live changes: see guard/warden/control.h. */
#include "guard/warden/control.h"
#include "util/packet.h"

int control_send(int socket, const struct control_message *message)
{
	return packet_send(socket, message, sizeof(*message));
}

int control_receive(int socket, struct control_message *message)
{
	const int ret = packet_receive(socket, message, sizeof(*message));

	message->text[sizeof(message->text) - 1] = '\0';
	return ret;
}

void control_settings_of(const struct policy *policy, struct control_settings *settings)
{
	*settings = (struct control_settings){
		.isolated = policy->isolated,
		.defaulted = policy->defaulted,
		.strict = policy->strict,
		.filter = policy->filter,
		.inbound_said = policy->inbound_said,
		.inbound_none = policy->inbound_none,
		.inbound_host = policy->inbound_host,
		.mode = (uint8_t)policy->mode,
		.dns = (uint8_t)policy->dns,
		.ssh = (uint8_t)policy->ssh,
		.host = (uint8_t)policy->host,
	};
}

bool control_policy(const struct control_settings *settings, struct policy *policy)
{
	const uint8_t switches[] = {settings->isolated, settings->defaulted, settings->strict,
		settings->filter, settings->inbound_said, settings->inbound_none, settings->inbound_host};

	for (size_t i = 0; i < sizeof(switches); i++)
		if (switches[i] > 1)
			return false;
	/* a policy that is settled leaves nothing unsaid */
	if (settings->mode > MODE_OBSERVE || settings->dns == DNS_UNSAID || settings->dns > DNS_NONE ||
		settings->ssh == SSH_UNSAID || settings->ssh > SSH_NONE || settings->host == HOST_UNSAID ||
		settings->host > HOST_NONE)
		return false;
	*policy = (struct policy){
		.isolated = settings->isolated,
		.defaulted = settings->defaulted,
		.strict = settings->strict,
		.filter = settings->filter,
		.inbound_said = settings->inbound_said,
		.inbound_none = settings->inbound_none,
		.inbound_host = settings->inbound_host,
		.mode = (enum mode)settings->mode,
		.dns = (enum dns)settings->dns,
		.ssh = (enum ssh)settings->ssh,
		.host = (enum host)settings->host,
	};
	return true;
}
