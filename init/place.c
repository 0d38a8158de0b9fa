/* Looking around: see the header. */
#include "init/place.h"

#include <unistd.h>

/* Whether the agent's sockets may belong to uid 0: beside a set-up that runs no agent itself, for all we
 * know. */
static bool agent_is_root(const struct config *config, const struct user *user)
{
	if (user->change)
		return user->uid == 0;
	return config->action == ACTION_SETUP || getuid() == 0;
}

int place_look(struct place *place, const struct config *config, const struct user *user, struct error *error)
{
	int ret = resolv_read(RESOLV_CONF, &place->resolv, error);

	if (ret == 0)
		ret = route_host_networks(&place->host, error);
	if (ret == 0)
		ret = policy_rules(&config->policy, &place->resolv, &place->host, agent_is_root(config, user),
			false, &place->ruleset, error);
	if (ret == 0)
		ret = policy_rules(&config->policy, &place->resolv, &place->host, agent_is_root(config, user),
			true, &place->meanwhile, error);
	return ret;
}

void place_free(struct place *place)
{
	prefixes_free(&place->host.networks);
	prefixes_free(&place->host.gateways);
}
