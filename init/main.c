/*
 * secure-init: the first process of a container in which an AI coding agent runs.
 *
 * This file is the story of a container's life; each step is told in the file that it calls. Up to the
 * agent's start every failure ends the container, with one line that says why; after it, none does.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <sys/prctl.h>

#include "fw/allow.h"
#include "fw/conflict.h"
#include "fw/firewall.h"
#include "fw/lookup.h"
#include "fw/policy.h"
#include "guard/first.h"
#include "guard/start.h"
#include "init/agent.h"
#include "init/answers.h"
#include "init/config.h"
#include "init/interrupt.h"
#include "init/place.h"
#include "init/preflight.h"
#include "init/privileges.h"
#include "init/proxy.h"
#include "init/serve.h"
#include "init/status.h"
#include "init/summary.h"
#include "init/user.h"
#include "util/log.h"
#include "verify/detour.h"
#include "verify/prove.h"
#include "verify/rules.h"
#include "verify/table.h"

/* What is known of the place and of the allowed names; grows while the container starts. */
struct setup {
	const struct config *config;
	struct user user;
	struct place place;
	struct lookup lookup;
	struct prefixes ranges; /* of GitHub */
	struct contents contents[LISTS];
	struct firewall firewall;
	struct guard guard;
};

static void say_info(const char *line)
{
	log_info("%s", line);
}

static void say_warning(const char *line)
{
	log_warn("%s", line);
}

static void say_summary(const struct setup *setup)
{
	const struct summary summary = {
		.policy = &setup->config->policy,
		.resolv = &setup->place.resolv,
		.host = &setup->place.host,
		.lookup = &setup->lookup,
		.ranges = setup->ranges.n,
		.say = say_info,
	};

	summary_say(&summary);
}

/* The names' addresses; then GitHub's ranges, if one of its names is allowed, through a hole for just that.
 */
static int look_up(struct setup *setup, struct error *error)
{
	const struct policy *policy = &setup->config->policy;
	struct contents hole[LISTS] = {0};
	int ret = allow_targets(policy, &setup->lookup, error);

	if (ret == 0 && setup->lookup.n > 0 && lookup_add(&setup->lookup, PROVE_NAME, NEED_PROBE, NULL) < 0)
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the names");
	if (ret == 0)
		ret = lookup_start(&setup->lookup, setup->config->setup_seconds, error);
	if (ret == 0)
		ret = lookup_names(&setup->lookup, error);
	if (ret < 0 || !policy_wants_github(policy))
		return ret;

	interrupt_doing("fetching GitHub's address ranges");
	ret = allow_github_api(&setup->lookup, &hole[LIST_ALLOWED], error);
	if (ret == 0)
		ret = firewall_open(&setup->firewall, hole, error);
	if (ret == 0)
		ret = lookup_github(&setup->lookup, &setup->ranges, error);
	contents_free(&hole[LIST_ALLOWED]);
	return ret;
}

static int verify(struct setup *setup, struct proofs *proofs, struct error *error)
{
	struct netlink *netlink = &setup->firewall.netlink;
	const struct claim claim = {
		&setup->config->policy, &setup->place.host, &setup->lookup, setup->contents};
	const struct first first = {&setup->config->policy, &setup->lookup, &setup->ranges};
	const enum owner owner = setup->firewall.owned ? OWNER_SOME : OWNER_NONE;
	int ret = verify_rules(netlink, &setup->place.ruleset, owner, error);

	if (ret == 0)
		ret = verify_table(netlink, &setup->place.detour, owner, NULL, error);
	if (ret == 0)
		ret = first_verify(&setup->firewall, &first, &setup->place.ruleset, error);
	return ret == 0 ? prove(netlink, &claim, proofs, error) : ret;
}

/* What stays beside the agent, each with no more than it needs. */
static int set_guard(struct setup *setup, struct error *error)
{
	const struct guard_start start = {
		.policy = &setup->config->policy,
		.resolv = &setup->place.resolv,
		.host = &setup->place.host,
		.lookup = &setup->lookup,
		.ranges = &setup->ranges,
		.ruleset = &setup->place.ruleset,
		.firewall = &setup->firewall,
		.agent_is_root = setup->place.agent_is_root,
		.settings = &setup->config->guard,
	};

	return setup->config->policy.guarded ? guard_start(&start, &setup->guard, error) : 0;
}

/* Steps 2 to 6: check, close, resolve, open, verify. */
static int isolate(struct setup *setup, struct error *error)
{
	const struct first first = {&setup->config->policy, &setup->lookup, &setup->ranges};
	struct proofs proofs = {0};
	int ret = setup->config->action == ACTION_SETUP
			  ? preflight_setup(error)
			  : preflight(&setup->user, setup->config->policy.guarded, error);

	if (ret == 0)
		ret = firewall_begin(&setup->firewall, error);
	if (ret == 0)
		ret = place_look(&setup->place, setup->config, &setup->user, error);
	if (ret < 0)
		return ret;

	conflicts_say(&setup->config->policy, &setup->place.resolv, say_warning);
	interrupt_doing("closing the network");
	/* names are looked up by Docker's resolver already */
	ret = firewall_close(&setup->firewall, &setup->place.meanwhile,
		&(const struct detour){.docker = setup->place.detour.docker}, error);
	if (ret < 0)
		return ret;

	interrupt_doing("looking up the allowed names");
	ret = look_up(setup, error);
	if (ret < 0)
		return ret;

	interrupt_doing("opening the network to what is allowed");
	ret = allow_contents(&setup->config->policy, &setup->lookup, &setup->ranges, setup->contents, error);
	if (ret == 0)
		ret = first_open(&setup->firewall, &first, error);
	if (ret == 0)
		ret = firewall_settle(&setup->firewall, &setup->place.ruleset, &setup->place.detour, error);
	if (ret < 0)
		return ret;

	interrupt_doing("proving the firewall by probes");
	ret = verify(setup, &proofs, error);
	if (ret == 0)
		ret = set_guard(setup, error);
	if (ret < 0)
		return ret;

	if (setup->config->policy.mode == MODE_OBSERVE)
		log_warn("NETWORK ISOLATION IS OFF for all that goes out: the mode unprotected-observe only "
			 "records "
			 "what allowlist would refuse. Set PARA_NETWORK_MODE=allowlist to close the network");
	else
		log_info("Network isolation is enabled");
	say_summary(setup);
	for (unsigned int i = 0; i < proofs.n; i++)
		log_info("proved: %s", proofs.text[i]);
	if (setup->firewall.owned)
		log_debug("the filter tables belong to this process; nobody else can change them while it "
			  "lives");
	else
		log_info("the filter tables have no owner, which Linux knows since 6.9: who holds NET_ADMIN "
			 "here "
			 "could change them");
	return 0;
}

/* What the set-up needed and the rest of our life does not. The firewall's socket stays open: it owns the
 * rules. */
static void forget(struct setup *setup)
{
	lookup_end(&setup->lookup);
	prefixes_free(&setup->ranges);
	place_free(&setup->place);
	lists_free(setup->contents);
}

/* As the agent's user, whose packets it is about. Root's are Docker's resolver where that asks from here. */
static int prove_guard(const struct setup *setup, struct error *error)
{
	bool proved = false;
	int ret = 0;

	if (setup->place.detour.dns && !(setup->place.detour.root_asks && geteuid() == 0))
		ret = verify_detour(&proved, error);
	if (proved)
		log_info("proved: DNS leads to the guard, whichever server is asked");
	return ret;
}

/* Steps 7 and 8. Gives the agent's pid, or -errno with *error filled. */
static pid_t drop_and_run(struct setup *setup, signal_mask mask, struct error *error)
{
	const struct config *config = setup->config;
	const int said = log_open_again();
	pid_t agent;
	int ret = user_environment(&setup->user, error);

	if (ret == 0)
		ret = proxy_environment(&config->policy, error);
	if (ret == 0 && config->keep_privileges)
		ret = privileges_become(&setup->user, error);
	else if (ret == 0)
		ret = privileges_drop(&setup->user, config->policy.isolated, error);
	if (ret == 0)
		ret = prove_guard(setup, error);
	if (ret < 0)
		return ret;
	/* a change of user would have taken this back */
	if (config->parent_signal != 0)
		prctl(PR_SET_PDEATHSIG, config->parent_signal, 0, 0, 0);
	/* the agent may have our uid; it gets neither our memory nor our descriptors */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set(error, FAIL_DROP, EPERM,
			"this process cannot be closed to the agent (prctl, PR_SET_DUMPABLE); the agent was "
			"not started");
	agent = agent_start(config->agent, mask, &config->fence, error);
	if (agent > 0)
		log_never_wait(said);
	return agent;
}

/* Orphans come to process 1 by themselves, to another one if it asks for them (prctl(2),
 * PR_SET_CHILD_SUBREAPER). */
static void take_in_orphans(const struct config *config)
{
	if (getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return;
	if (!config->subreaper)
		log_warn("this is not process 1; orphans of the agent are taken in all the same (say -s if "
			 "that is meant)");
}

static int refuse(const struct setup *setup, const struct error *error)
{
	log_error("%s", error->text);
	if (setup->config->policy.isolated && !answer_wanted(setup->config))
		log_error("Container will not start to prevent insecure operation");
	return (int)error->kind;
}

int main(int argc, char *argv[])
{
	struct config config = {0};
	struct setup setup = {.config = &config, .lookup = {.socket = -1}, .guard = {.lifeline = -1}};
	struct interrupt interrupt;
	struct error error;
	signal_mask mask;
	pid_t agent;
	int ret;

	/* ignored (signal(7): that outlives an exec), our children would end unseen, and we never */
	signal(SIGCHLD, SIG_DFL);
	ret = privileges_take_up(&error);
	if (ret == 0)
		ret = config_read(&config, argc, argv, environ, &error);
	if (ret == 0)
		ret = user_find(config.run_as, "/etc/passwd", "/etc/group", &setup.user, &error);
	if (ret == 0 && config.action == ACTION_FIREWALL)
		config.action = preflight_setup(&error) == 0 ? ACTION_SETUP : ACTION_STATUS;
	/* the cage of process 1 is made now, any other stands */
	if (ret == 0 && config.action == ACTION_TEST && getpid() == 1)
		config.action = ACTION_RUN;
	/* what a set-up left behind, which ended, has no guard */
	if ((config.action == ACTION_STATUS || config.action == ACTION_TEST) && !status_guarded())
		config.policy.guarded = false;
	if (ret == 0 && answer_wanted(&config))
		ret = answer(&config, &setup.user, &error);
	if (ret < 0)
		return refuse(&setup, &error);
	if (answer_wanted(&config))
		return ret;

	prctl(PR_SET_NAME, STATUS_NAME, 0, 0, 0);
	mask = signals_masked();
	if (config.policy.isolated) {
		interrupt_begin(&interrupt, config.setup_seconds);
		ret = isolate(&setup, &error);
		if (ret < 0)
			return refuse(&setup, &error);
	} else {
		log_warn("NETWORK ISOLATION IS OFF: the agent can reach everything. Set "
			 "PARA_NETWORK_ISOLATION=true, or "
			 "PARA_ALLOWED_DOMAINS, to close the network");
	}
	if (config.action == ACTION_SETUP)
		return 0;

	take_in_orphans(&config);
	forget(&setup);
	signals_mask(SIGNAL_ALL);
	if (config.policy.isolated)
		interrupt_end(&interrupt);
	agent = drop_and_run(&setup, mask, &error);
	if (agent < 0)
		return refuse(&setup, &error);
	policy_free(&config.policy); /* the guard has its own */
	return serve(agent, &config.serving, &setup.guard);
}
