/*
 * Any command line and environment: a line an item, those that start with '>' are words of the command line,
 * the others variables. Isolation is off only where nobody asked for it or somebody said no in so many words,
 * and the agent is always one of the words.
 */
#include "tests/fuzz/fuzz.h"

#include <getopt.h>
#include <stdbool.h>
#include <strings.h>

#include "init/config.h"
#include "init/settings.h"
#include "util/log.h"

#define ITEMS_MAX 60

/* The value of a variable, the first one, or NULL. */
static const char *variable(char *const *environment, const char *name)
{
	const size_t length = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static bool is_no(const char *value)
{
	return strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0 || strcasecmp(value, "no") == 0 ||
	       strcasecmp(value, "off") == 0;
}

/* Any setting of the policy asks for isolation, as do a policy file and who asks for the set-up alone. */
static bool is_wanted(const struct config *config, char *const *environment)
{
	bool wanted = config->action == ACTION_SETUP || config->action == ACTION_FIREWALL ||
		      variable(environment, "PARA_POLICY") != NULL;

	for (int i = 0; i < SETTINGS; i++)
		wanted = wanted || variable(environment, setting_names[i].variable) != NULL;
	return wanted;
}

static void check(const struct config *config, int argc, char *const *argv, char *const *environment)
{
	const char *isolation = variable(environment, "PARA_NETWORK_ISOLATION");
	const struct policy *policy = &config->policy;

	/* these, and what else only prints something, come before anything is looked at */
	if (config->action >= ACTION_HELP)
		return;
	must(config->setup_seconds >= 1 && config->setup_seconds <= 3600);
	/* what runs one without being told which has a shell of its own */
	must((config->agent > argv && config->agent <= argv + argc) ||
		(config->action == ACTION_TEST && strcmp(*config->agent, "/bin/sh") == 0));
	must((config->action != ACTION_RUN && config->action != ACTION_EXPLAIN) || *config->agent != NULL);
	must(config->action != ACTION_SETUP || *config->agent == NULL);
	must(config->action == ACTION_CHECK || config->action == ACTION_PLAN || !config->resolve);
	if (isolation == NULL)
		must(policy->isolated == is_wanted(config, environment));
	else
		must(policy->isolated == !is_no(isolation));
	must(!policy->isolated || !config->keep_privileges);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = text_of(bytes, size), *rest = text, name[] = "secure-init";
	char *argv[ITEMS_MAX + 2] = {name}, *in_order[ITEMS_MAX + 2], *environment[ITEMS_MAX + 1];
	struct config config;
	struct error error = {0};
	size_t n = 0;
	int argc = 1, ret;

	for (char *item; (item = strsep(&rest, "\n")) != NULL;) {
		if (argc <= ITEMS_MAX && *item == '>')
			argv[argc++] = item + 1;
		else if (n < ITEMS_MAX && *item != '>')
			environment[n++] = item;
	}
	argv[argc] = NULL;
	environment[n] = NULL;
	memcpy(in_order, argv, sizeof(argv));
	optind = 0; /* getopt(3): begin anew */
	ret = config_read(&config, argc, argv, environment, &error);
	/* getopt is not to move the agent's words about */
	must(memcmp(in_order, argv, sizeof(argv)) == 0);
	if (ret == 0)
		check(&config, argc, argv, environment);
	else
		must((error.kind == FAIL_CONFIG || error.kind == FAIL_USAGE) && error.text[0] != '\0');
	policy_free(&config.policy);
	free(text);
	return 0;
}
