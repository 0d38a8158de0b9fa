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
#include "fw/firewall.h"
#include "fw/lookup.h"
#include "fw/policy.h"
#include "init/agent.h"
#include "init/config.h"
#include "init/interrupt.h"
#include "init/options.h"
#include "init/preflight.h"
#include "init/privileges.h"
#include "init/serve.h"
#include "init/summary.h"
#include "init/user.h"
#include "init/version.h"
#include "util/log.h"
#include "verify/prove.h"
#include "verify/rules.h"
#include "verify/sets.h"

/* What is known of the place and of the allowed names; grows while the container starts. */
struct setup {
	const struct config *config;
	struct user user;
	struct resolv resolv;
	struct host_networks host;
	struct ruleset ruleset;
	struct lookup lookup;
	struct prefixes ranges; /* of GitHub */
	struct contents contents;
	struct firewall firewall;
};

static void say_info(const char *line)
{
	log_info("%s", line);
}

static void say_plan(const char *line)
{
	puts(line);
}

static void say_summary(const struct setup *setup, void (*say)(const char *line), bool looked_up)
{
	const struct summary summary = {
		.policy = &setup->config->policy,
		.resolv = &setup->resolv,
		.host = &setup->host,
		.lookup = looked_up ? &setup->lookup : NULL,
		.ranges = setup->ranges.n,
		.say = say,
	};

	summary_say(&summary);
}

/* Who answers DNS here, which network the host is on, and the rules that follow. Changes nothing. */
static int look_around(struct setup *setup, struct error *error)
{
	const uid_t agent = setup->user.change ? setup->user.uid : getuid();
	int ret = resolv_read(RESOLV_CONF, &setup->resolv, error);

	if (ret == 0)
		ret = route_host_networks(&setup->host, error);
	if (ret == 0)
		ret = policy_rules(&setup->resolv, &setup->host, agent == 0, &setup->ruleset, error);
	return ret;
}

/* The names' addresses; then GitHub's ranges, if one of its names is allowed, through a hole for just that.
 */
static int look_up(struct setup *setup, struct error *error)
{
	const struct policy *policy = &setup->config->policy;
	struct contents hole = {0};
	int ret = allow_targets(policy, &setup->lookup, error);

	if (ret == 0 && setup->lookup.n > 0 && lookup_add(&setup->lookup, PROVE_NAME, true, NULL) < 0)
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the names");
	if (ret == 0)
		ret = lookup_start(&setup->lookup, setup->config->setup_seconds, error);
	if (ret == 0)
		ret = lookup_names(&setup->lookup, error);
	if (ret < 0 || !policy_wants_github(policy))
		return ret;

	interrupt_doing("fetching GitHub's address ranges");
	ret = allow_github_api(&setup->lookup, &hole, error);
	if (ret == 0)
		ret = firewall_open(&setup->firewall, &hole, error);
	if (ret == 0)
		ret = lookup_github(&setup->lookup, &setup->ranges, error);
	contents_free(&hole);
	return ret;
}

static int verify(struct setup *setup, struct proofs *proofs, struct error *error)
{
	struct netlink *netlink = &setup->firewall.netlink;
	const struct claim claim = {&setup->config->policy, &setup->host, &setup->lookup, &setup->contents};
	int ret = verify_rules(netlink, &setup->ruleset, setup->firewall.owned, error);

	if (ret == 0)
		ret = verify_sets(netlink, &setup->contents, error);
	return ret == 0 ? prove(netlink, &claim, proofs, error) : ret;
}

/* Steps 2 to 6: check, close, resolve, open, verify. */
static int isolate(struct setup *setup, struct error *error)
{
	struct proofs proofs = {0};
	int ret = preflight(&setup->user, error);

	if (ret == 0)
		ret = firewall_begin(&setup->firewall, error);
	if (ret == 0)
		ret = look_around(setup, error);
	if (ret < 0)
		return ret;

	interrupt_doing("closing the network");
	ret = firewall_close(&setup->firewall, &setup->ruleset, error);
	if (ret < 0)
		return ret;

	interrupt_doing("looking up the allowed names");
	ret = look_up(setup, error);
	if (ret < 0)
		return ret;

	interrupt_doing("opening the network to what is allowed");
	ret = allow_contents(&setup->config->policy, &setup->lookup, &setup->ranges, &setup->contents, error);
	if (ret == 0)
		ret = firewall_open(&setup->firewall, &setup->contents, error);
	if (ret < 0)
		return ret;

	interrupt_doing("proving the firewall by probes");
	ret = verify(setup, &proofs, error);
	if (ret < 0)
		return ret;

	log_info("Network isolation is enabled");
	say_summary(setup, say_info, true);
	for (unsigned int i = 0; i < proofs.n; i++)
		log_info("proved: %s", proofs.text[i]);
	if (setup->firewall.owned)
		log_debug("the filter tables belong to this process; nobody else can change them while it "
			  "lives");
	return 0;
}

/* What the set-up needed and the rest of our life does not. The firewall's socket stays open: it owns the
 * rules. */
static void forget(struct setup *setup)
{
	lookup_end(&setup->lookup);
	prefixes_free(&setup->ranges);
	prefixes_free(&setup->host.networks);
	contents_free(&setup->contents);
}

/* --check: the plan, as far as it can be made without privileges and without changing anything. */
static int check(struct setup *setup, struct error *error)
{
	const struct policy *policy = &setup->config->policy;
	char text[RULE_TEXT];
	int ret = look_around(setup, error);

	if (ret < 0)
		return ret;
	if (!policy->isolated) {
		puts("Network isolation is off: everything is open");
		return 0;
	}
	if (setup->config->resolve) {
		ret = allow_targets(policy, &setup->lookup, error);
		if (ret == 0)
			ret = lookup_start(&setup->lookup, setup->config->setup_seconds, error);
		if (ret == 0)
			ret = lookup_names(&setup->lookup, error);
		if (ret < 0)
			return ret;
	}
	say_summary(setup, say_plan, setup->config->resolve);
	for (size_t i = 0; i < setup->ruleset.n; i++)
		printf("%s %s\n", setup->ruleset.v[i].family == AF_INET ? "ip " : "ip6",
			rule_text(&setup->ruleset.v[i], text));
	return 0;
}

/* Steps 7 and 8. Gives the agent's pid, or -errno with *error filled. */
static pid_t drop_and_run(struct setup *setup, signal_mask mask, struct error *error)
{
	const struct config *config = setup->config;
	pid_t agent;
	int ret = user_environment(&setup->user, error);

	if (ret == 0 && config->keep_privileges)
		ret = privileges_become(&setup->user, error);
	else if (ret == 0)
		ret = privileges_drop(&setup->user, config->policy.isolated, error);
	if (ret < 0)
		return ret;
	/* a change of user would have taken this back */
	if (config->parent_signal != 0)
		prctl(PR_SET_PDEATHSIG, config->parent_signal, 0, 0, 0);
	agent = agent_start(config->agent, mask, error);
	/* the agent may have our uid; it gets neither our memory nor our descriptors */
	if (agent > 0)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
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
	if (setup->config->policy.isolated && setup->config->action == ACTION_RUN)
		log_error("Container will not start to prevent insecure operation");
	return (int)error->kind;
}

int main(int argc, char *argv[])
{
	struct config config;
	struct setup setup = {.config = &config, .lookup = {.socket = -1}};
	struct interrupt interrupt;
	struct error error;
	signal_mask mask;
	pid_t agent;
	int ret;

	ret = config_read(&config, argc, argv, environ, &error);
	if (ret == 0 && config.action == ACTION_HELP)
		return fputs(options_help, stdout) < 0 ? FAIL_SYSTEM : 0;
	if (ret == 0 && config.action == ACTION_LICENCE)
		return puts("secure-init: GPL-2.0-or-later; see LICENSE and docs/licences.md") < 0
			       ? FAIL_SYSTEM
			       : 0;
	if (ret == 0 && config.action == ACTION_VERSION) {
		version_print();
		return 0;
	}
	if (ret == 0)
		ret = user_find(config.run_as, "/etc/passwd", "/etc/group", &setup.user, &error);
	if (ret == 0 && config.action == ACTION_CHECK)
		ret = check(&setup, &error);
	if (ret < 0)
		return refuse(&setup, &error);
	if (config.action == ACTION_CHECK)
		return 0;

	take_in_orphans(&config);
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

	forget(&setup);
	signals_mask(SIGNAL_ALL);
	if (config.policy.isolated)
		interrupt_end(&interrupt);
	agent = drop_and_run(&setup, mask, &error);
	if (agent < 0)
		return refuse(&setup, &error);
	return serve(agent, &config.serving);
}
