/* Looking around: see the header. */
#include "init/place.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fw/policy-rules.h"
#include "util/cleanup.h"

#define PORT_DNS 53

/* Whether the agent's sockets may belong to uid 0: beside a set-up that runs no agent itself, for all we
 * know. */
static bool agent_is_root(const struct config *config, const struct user *user)
{
	/* who only asks is not the agent */
	if (config->action != ACTION_RUN && config->action != ACTION_SETUP && config->action != ACTION_CHECK)
		return false;
	if (user->change)
		return user->uid == 0;
	return config->action == ACTION_SETUP || getuid() == 0;
}

/* The agent of the start before must not have written what this one goes by. */
static int check_policy_file(const struct config *config, const struct user *user, struct error *error)
{
	/* beside a set-up alone the agent is elsewhere */
	const bool agent = config->action == ACTION_RUN || config->action == ACTION_CHECK;

	if (!config->policy.isolated || !config->policy_writable || !agent || !agent_is_root(config, user))
		return 0;
	return error_set(error, FAIL_CONFIG, EPERM,
		"PARA_POLICY: the agent will be root and could write its next policy into %.300s; mount the "
		"file read-only (-v FILE:%.300s:ro), or let the agent be another user (PARA_RUN_AS)",
		config->policy_file, config->policy_file);
}

/*
 * True if what is sent to the address stays in this container: the kernel then sends from that same address.
 * (To be bound to it may also be an address that is elsewhere: ip(7), ip_nonlocal_bind.)
 */
static bool is_ours(const struct prefix *address, unsigned int scope)
{
	cleanup_fd int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in v4[2] = {{.sin_family = AF_INET, .sin_port = htons(PORT_DNS)}};
	struct sockaddr_in6 v6[2] = {
		{.sin6_family = AF_INET6, .sin6_port = htons(PORT_DNS), .sin6_scope_id = scope}};
	const enum address_kind kind = prefix_kind(address);
	const bool is_v4 = address->family == AF_INET;
	struct sockaddr *to = is_v4 ? (struct sockaddr *)&v4[0] : (struct sockaddr *)&v6[0];
	struct sockaddr *from = is_v4 ? (struct sockaddr *)&v4[1] : (struct sockaddr *)&v6[1];
	socklen_t size = is_v4 ? sizeof(v4[0]) : sizeof(v6[0]), sizes[2] = {size, size};

	memcpy(&v4[0].sin_addr, address->addr, sizeof(v4[0].sin_addr));
	memcpy(&v6[0].sin6_addr, address->addr, sizeof(v6[0].sin6_addr));
	if (kind == ADDRESS_LOOPBACK || kind == ADDRESS_UNSPECIFIED)
		return true;
	if (fd < 0 || connect(fd, to, size) < 0 || getpeername(fd, to, &sizes[0]) < 0 ||
		getsockname(fd, from, &sizes[1]) < 0)
		return false;
	return is_v4 ? v4[0].sin_addr.s_addr == v4[1].sin_addr.s_addr
		     : memcmp(&v6[0].sin6_addr, &v6[1].sin6_addr, sizeof(v6[0].sin6_addr)) == 0;
}

/*
 * What a server says of a name, as long as the agent lives, is opened, also of one that is allowed only
 * later: so it must not be the agent. Docker's resolver is seen to by the guard's table.
 */
static int check_servers(const struct config *config, const struct resolv *resolv, struct error *error)
{
	static const uint8_t docker[] = {127, 0, 0, 11};
	const struct prefix docker_resolver = prefix_make(AF_INET, docker, 32);
	char text[PREFIX_TEXT];

	if (config->action != ACTION_RUN || !config->policy.guarded || config->policy.mode == MODE_NONE)
		return 0;
	for (unsigned int i = 0; i < resolv->n_servers; i++)
		if (prefix_compare(&resolv->servers[i], &docker_resolver) != 0 &&
			is_ours(&resolv->servers[i], resolv->scopes[i]))
			return error_set(error, FAIL_CONFIG, EPERM,
				"/etc/resolv.conf names the server %s, which is this container itself, so "
				"that "
				"the agent could answer in its place and open what it wants; name another "
				"one "
				"(docker run --dns), or set PARA_GUARD=off, which asks it before the agent "
				"runs",
				prefix_text(&resolv->servers[i], text));
	return 0;
}

int place_look(struct place *place, const struct config *config, const struct user *user, struct error *error)
{
	int ret = check_policy_file(config, user, error);

	place->agent_is_root = agent_is_root(config, user);
	if (ret == 0)
		ret = resolv_read(RESOLV_CONF, &place->resolv, error);
	if (ret == 0)
		ret = check_servers(config, &place->resolv, error);
	if (ret == 0)
		ret = route_host_networks(&place->host, error);
	if (ret == 0)
		ret = policy_rules(&config->policy, &place->resolv, &place->host, place->agent_is_root,
			STAGE_AGENT, &place->ruleset, error);
	if (ret == 0)
		ret = policy_rules(&config->policy, &place->resolv, &place->host, place->agent_is_root,
			STAGE_LOOKUP, &place->meanwhile, error);
	place->detour = policy_detour(&config->policy, &place->resolv);
	return ret;
}

void place_free(struct place *place)
{
	prefixes_free(&place->host.networks);
	prefixes_free(&place->host.gateways);
	prefixes_free(&place->host.onlink);
}
