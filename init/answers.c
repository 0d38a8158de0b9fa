/* The answers, one by one: see the header. */
#include "init/answers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fw/allow.h"
#include "init/change.h"
#include "init/explain.h"
#include "init/options.h"
#include "init/place.h"
#include "init/plan.h"
#include "init/privileges.h"
#include "init/proxy.h"
#include "init/report.h"
#include "init/status.h"
#include "init/version.h"

static void print_presets(void)
{
	const char *place = NULL;
	struct preset_line line;

	while (preset_next(&place, &line))
		printf("%s%.*s%*s %.*s\n", line.head ? "\n" : "  ", (int)line.word_length, line.word,
			line.head || line.word_length > 40 ? 0 : 40 - (int)line.word_length, "",
			(int)line.rest_length, line.rest);
}

/* Of what the policy opens only the addresses that it names itself are known here, which is enough. */
static int say_status(const struct config *config, const struct place *place, struct error *error)
{
	const char *form = config->action == ACTION_STATUS ? *config->agent : NULL;
	const bool json = form != NULL && strcmp(form, "json") == 0;
	const struct lookup lookup = {.socket = -1};
	const struct prefixes ranges = {0};
	struct contents contents[LISTS] = {0};
	const struct claim claim = {&config->policy, &place->host, &lookup, contents};
	int ret = 0;

	if (form != NULL && !json)
		return error_set(
			error, FAIL_USAGE, EINVAL, "status speaks words, or json; not '%.60s'", form);
	ret = allow_contents(&config->policy, &lookup, &ranges, contents, error);

	if (ret == 0)
		ret = status(&claim, &place->ruleset, &place->detour, json);
	lists_free(contents);
	return ret;
}

/* `secure-init test` beside a running container's process 1: the command as its agent would run it. */
static int enter(
	const struct config *config, const struct place *place, const struct user *user, struct error *error)
{
	int ret = say_status(config, place, error);

	if (ret > 0)
		return error_set(error, FAIL_VERIFY, EPERM,
			"the network is not closed as it should be, so nothing is run in it");
	if (ret == 0)
		ret = user_environment(user, error);
	if (ret == 0)
		ret = proxy_environment(&config->policy, error);
	if (ret == 0)
		ret = privileges_drop(user, geteuid() == 0, error);
	if (ret == 0 && fence_put(&config->fence) < 0)
		ret = error_set(error, FAIL_DROP, errno, "the seccomp filter could not be put in place: %s",
			strerror(errno));
	if (ret < 0)
		return ret;
	fflush(stdout);
	execvp(*config->agent, config->agent);
	return error_set(error, errno == ENOENT ? FAIL_AGENT_FIND : FAIL_AGENT_RUN, errno,
		"'%.200s' could not be run: %s", *config->agent, strerror(errno));
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
	case ACTION_PRESETS:
		print_presets();
		return 0;
	case ACTION_REPORT:
		return report(config->agent, error);
	case ACTION_CHANGE:
		return change(config, config->agent, error);
	default:
		break;
	}
	ret = place_look(&place, config, user, error);
	if (ret == 0 && config->action == ACTION_STATUS)
		ret = say_status(config, &place, error);
	else if (ret == 0 && config->action == ACTION_TEST)
		ret = enter(config, &place, user, error);
	else if (ret == 0 && config->action == ACTION_EXPLAIN)
		ret = explain(config, &place, config->agent, error);
	else if (ret == 0)
		ret = plan(config, &place, config->action == ACTION_PLAN ? *config->agent : NULL, error);
	place_free(&place);
	return ret;
}
