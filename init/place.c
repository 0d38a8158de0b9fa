/* Looking around: see the header. */
#include "init/place.h"

#include <errno.h>
#include <unistd.h>

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

int place_look(struct place *place, const struct config *config, const struct user *user, struct error *error)
{
	int ret = check_policy_file(config, user, error);

	place->agent_is_root = agent_is_root(config, user);
	if (ret == 0)
		ret = resolv_read(RESOLV_CONF, &place->resolv, error);
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
