/* The place where we are: who answers DNS here, which network the host is on, and the rules that follow from
 * the policy. */
#ifndef INIT_PLACE_H
#define INIT_PLACE_H

#include "fw/resolv.h"
#include "fw/route.h"
#include "fw/rule.h"
#include "init/config.h"
#include "init/user.h"
#include "util/error.h"

struct place {
	struct resolv resolv;
	struct host_networks host;
	struct ruleset ruleset; /* for the agent */
	struct detour detour;	/* for the agent too */
	bool agent_is_root;	/* for all we know */
	struct ruleset
		meanwhile; /* while names are looked up, which may need DNS that the agent does not get */
};

/* Looks around; changes nothing. Returns 0 or -errno with *error filled. The caller frees by place_free. */
int place_look(
	struct place *place, const struct config *config, const struct user *user, struct error *error);

void place_free(struct place *place);

#endif
