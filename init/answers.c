/* The answers, one by one: see the header. */
#include "init/answers.h"

#include <stdio.h>

#include "fw/allow.h"
#include "init/options.h"
#include "init/place.h"
#include "init/status.h"
#include "init/summary.h"
#include "init/version.h"

static void say(const char *line)
{
	puts(line);
}

static int look_up(const struct config *config, struct lookup *lookup, struct error *error)
{
	int ret = allow_targets(&config->policy, lookup, error);

	if (ret == 0)
		ret = lookup_start(lookup, config->setup_seconds, error);
	return ret == 0 ? lookup_names(lookup, error) : ret;
}

/* --check: the plan, as far as it can be made without privileges and without changing anything. */
static int check(const struct config *config, const struct place *place, struct error *error)
{
	struct lookup lookup = {.socket = -1};
	const struct summary summary = {
		.policy = &config->policy,
		.resolv = &place->resolv,
		.host = &place->host,
		.lookup = config->resolve ? &lookup : NULL,
		.say = say,
	};
	char text[RULE_TEXT];
	int ret = 0;

	if (!config->policy.isolated) {
		puts("Network isolation is off: everything is open");
		return 0;
	}
	if (config->resolve)
		ret = look_up(config, &lookup, error);
	if (ret == 0)
		summary_say(&summary);
	for (size_t i = 0; ret == 0 && i < place->ruleset.n; i++)
		printf("%s %s\n", place->ruleset.v[i].family == AF_INET ? "ip " : "ip6",
			rule_text(&place->ruleset.v[i], text));
	lookup_end(&lookup);
	return ret;
}

/* Of what the policy opens only the addresses that it names itself are known here, which is enough. */
static int say_status(const struct config *config, const struct place *place, struct error *error)
{
	const struct lookup lookup = {.socket = -1};
	const struct prefixes ranges = {0};
	struct contents contents[LISTS] = {0};
	const struct claim claim = {&config->policy, &place->host, &lookup, contents};
	int ret = allow_contents(&config->policy, &lookup, &ranges, contents, error);

	if (ret == 0)
		ret = status(&claim, &place->ruleset);
	for (int list = 0; list < LISTS; list++)
		contents_free(&contents[list]);
	return ret;
}

bool answer_wanted(const struct config *config)
{
	return config->action != ACTION_RUN && config->action != ACTION_SETUP;
}

int answer(const struct config *config, const struct user *user, struct error *error)
{
	struct place place = {0};
	int ret;

	switch (config->action) {
	case ACTION_HELP:
		return fputs(options_help, stdout) < 0 ? FAIL_SYSTEM : 0;
	case ACTION_LICENCE:
		return puts("secure-init: GPL-2.0-or-later; see LICENSE and docs/licences.md") < 0
			       ? FAIL_SYSTEM
			       : 0;
	case ACTION_VERSION:
		version_print();
		return 0;
	default:
		break;
	}
	ret = place_look(&place, config, user, error);
	if (ret == 0 && config->action == ACTION_STATUS)
		ret = say_status(config, &place, error);
	else if (ret == 0)
		ret = check(config, &place, error);
	place_free(&place);
	return ret;
}
