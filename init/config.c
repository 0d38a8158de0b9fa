/* Reading the environment, strictly: what is not understood is an error. */
#include "init/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "init/options.h"
#include "init/policy-file.h"
#include "init/settings.h"
#include "init/status.h"
#include "util/likeness.h"
#include "util/log.h"
#include "util/number.h"

#define SETUP_SECONDS 30
#define SECONDS_MAX   3600

/* What the variables say, before they are understood. NULL: not set. */
struct variables {
	const char *setting[SETTINGS]; /* of the policy */
	const char *policy_file, *run_as, *privileges, *timeout, *grace, *group, *log, *log_level;
	const char *audit, *dns_log, *learn, *on_tamper, *on_loss; /* of the guard */
	const char *seccomp;
	const char *tini_subreaper, *tini_group, *tini_verbosity; /* what tini understands */
};

#define PREFIX "PARA_"

/* Where the value of a variable goes; NULL if it is not one of ours. */
static const char **variable_slot(struct variables *variables, const char *name, size_t length)
{
	const struct {
		const char *name;
		const char **slot;
	} table[] = {
		{PREFIX "POLICY", &variables->policy_file},
		{PREFIX "RUN_AS", &variables->run_as},
		{PREFIX "PRIVILEGES", &variables->privileges},
		{PREFIX "SETUP_TIMEOUT", &variables->timeout},
		{PREFIX "KILL_GRACE", &variables->grace},
		{PREFIX "SIGNAL_GROUP", &variables->group},
		{PREFIX "AUDIT", &variables->audit},
		{PREFIX "DNS_LOG", &variables->dns_log},
		{PREFIX "LEARN", &variables->learn},
		{PREFIX "ON_TAMPER", &variables->on_tamper},
		{PREFIX "ON_GUARD_LOSS", &variables->on_loss},
		{PREFIX "SECCOMP", &variables->seccomp},
		{PREFIX "LOG", &variables->log},
		{PREFIX "LOG_LEVEL", &variables->log_level},
		{"TINI_SUBREAPER", &variables->tini_subreaper},
		{"TINI_KILL_PROCESS_GROUP", &variables->tini_group},
		{"TINI_VERBOSITY", &variables->tini_verbosity},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
			return table[i].slot;
	for (int i = 0; i < SETTINGS; i++)
		if (strlen(setting_names[i].variable) == length &&
			memcmp(setting_names[i].variable, name, length) == 0)
			return &variables->setting[i];
	return NULL;
}

/*
 * Collects our variables. One that stands twice with two values is an error: nobody could say which one
 * another program would see.
 */
static int collect(char *const *environment, struct variables *variables, struct error *error)
{
	for (; *environment != NULL; environment++) {
		const char *name = *environment, *value = name + strcspn(name, "=");
		const char **slot = variable_slot(variables, name, (size_t)(value - name));

		if (slot == NULL)
			continue;
		/* execve(2) passes it on; getenv(3) of others does not find it */
		if (*value == '\0')
			return error_set(error, FAIL_CONFIG, EINVAL,
				"%s is in the environment without '=' and a value; write %s=VALUE, or leave "
				"it out",
				name, name);
		value++;
		if (*slot != NULL && strcmp(*slot, value) != 0)
			return error_set(error, FAIL_CONFIG, EINVAL,
				"%.*s is in the environment twice, with different values; set it once",
				(int)(value - 1 - name), name);
		*slot = value;
	}
	return 0;
}

/* True if part stands in whole, with nothing but '_' before and behind it. */
static bool holds(const char *whole, const char *part)
{
	const size_t length = strlen(part);

	for (const char *at = whole; length > 0 && (at = strstr(at, part)) != NULL; at++)
		if ((at == whole || at[-1] == '_') && (at[length] == '\0' || at[length] == '_'))
			return true;
	return false;
}

/* True if a name may well be ours: misspelt, too short or too long. */
static bool resembles(const char *name, const char *ours)
{
	return likeness_close(name, ours) || holds(name, ours) || holds(ours, name);
}

/* The variable of the policy that a name may well stand for; NULL if it is like none. */
static const char *meant_variable(const char *name, size_t length)
{
	static const char policy_file[] = PREFIX "POLICY";
	char text[64];

	/* the longest of ours is far shorter */
	snprintf(text, sizeof(text), "%.*s", (int)(length - sizeof(PREFIX) + 1), name + sizeof(PREFIX) - 1);
	/* "POLICY" is in no other, and all of the policy may hang on it */
	if (resembles(text, policy_file + sizeof(PREFIX) - 1))
		return policy_file;
	for (int i = 0; i < SETTINGS; i++)
		if (strcasecmp(text, setting_names[i].key) == 0)
			return setting_names[i].variable;
	for (int i = 0; i < SETTINGS; i++)
		if (resembles(text, setting_names[i].variable + sizeof(PREFIX) - 1))
			return setting_names[i].variable;
	return NULL;
}

/*
 * One that is misspelt must not pass in silence; one that may be the policy's, not at all. *unknown becomes
 * the first that is neither ours nor like ours; NULL: there is none.
 */
static int check_unknown(char *const *environment, const char **unknown, struct error *error)
{
	struct variables ours = {0};

	for (*unknown = NULL; *environment != NULL; environment++) {
		const size_t length = strcspn(*environment, "=");
		const char *meant;

		if (strncmp(*environment, PREFIX, sizeof(PREFIX) - 1) != 0 ||
			variable_slot(&ours, *environment, length) != NULL)
			continue;
		meant = meant_variable(*environment, length);
		if (meant != NULL)
			return error_set(error, FAIL_CONFIG, EINVAL,
				"%.*s is not a variable of secure-init; did you mean %s?", (int)length,
				*environment, meant);
		log_warn("%.*s is not a variable of this version of secure-init, and ignored", (int)length,
			*environment);
		if (*unknown == NULL)
			*unknown = *environment;
	}
	return 0;
}

/* A variable that is true or false; *value stays as it is where the variable is not set. */
static int read_switch(const char *variable, const char *text, bool *value, struct error *error)
{
	return text == NULL ? 0 : settings_switch(variable, text, value, error);
}

static int read_log(const struct variables *variables, int louder, struct error *error)
{
	static const char *const forms[] = {"text", "json", NULL};
	static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
	int form = variables->log == NULL ? 0 : settings_word(forms, variables->log);
	int level = variables->log_level == NULL ? LOG_INFO : settings_word(levels, variables->log_level);
	uint64_t verbosity;

	if (form < 0)
		return settings_refuse("PARA_LOG", variables->log, "text or json", error);
	log_setup(LOG_INFO, form == 1);
	if (level < 0)
		return settings_refuse(
			"PARA_LOG_LEVEL", variables->log_level, "error, warn, info or debug", error);
	/* tini's numbers are our levels, and one more */
	if (variables->log_level == NULL && variables->tini_verbosity != NULL) {
		if (number_parse(variables->tini_verbosity, 0, 4, &verbosity) != 0)
			return settings_refuse(
				"TINI_VERBOSITY", variables->tini_verbosity, "a number from 0 to 4", error);
		level = (int)verbosity;
	}
	level += louder;
	log_setup(level > LOG_DEBUG ? LOG_DEBUG : (enum log_level)level, form == 1);
	return 0;
}

/* unknown: a variable that is not ours, or NULL. */
static int read_policy(
	const struct variables *variables, const char *unknown, struct config *config, struct error *error)
{
	struct settings settings = {.policy = &config->policy};
	/* who asks for the set-up alone asks for isolation */
	const bool wanted = config->action == ACTION_SETUP || config->action == ACTION_FIREWALL;
	int ret = 0;

	/* that name beside one that stayed only asks how it is */
	settings.ends = wanted && (config->action != ACTION_FIREWALL || !status_guarded());

	for (int i = 0; i < SETTINGS && ret == 0; i++)
		if (variables->setting[i] != NULL)
			ret = settings_take(&settings, (enum setting)i, setting_names[i].variable,
				variables->setting[i], error);
	if (ret == 0 && variables->policy_file != NULL) {
		config->policy_file = variables->policy_file;
		ret = policy_file_take(config->policy_file, &settings, &config->policy_writable, error);
	}
	if (ret == 0)
		ret = settings_finish(&settings, wanted, error);
	/* an open network that nobody asked for, where somebody may have asked for a closed one */
	if (ret == 0 && unknown != NULL && !config->policy.isolated &&
		settings.said[SETTING_ISOLATION] == NULL)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"%.*s is not a variable of secure-init, and nothing else closes the network; correct "
			"its name or leave it out, or say PARA_NETWORK_ISOLATION=true or false",
			(int)strcspn(unknown, "="), unknown);
	return ret;
}

static int read_seconds(
	const char *variable, const char *text, uint64_t min, unsigned int *seconds, struct error *error)
{
	uint64_t value;

	if (text == NULL)
		return 0;
	if (number_parse(text, min, SECONDS_MAX, &value) != 0)
		return settings_refuse(variable, text,
			min == 0 ? "a number of seconds from 0 to 3600"
				 : "a number of seconds from 1 to 3600",
			error);
	*seconds = (unsigned int)value;
	return 0;
}

static int read_privileges(const struct variables *variables, struct config *config, struct error *error)
{
	static const char *const words[] = {"drop", "keep", NULL};
	int word = variables->privileges == NULL ? 0 : settings_word(words, variables->privileges);

	if (word < 0)
		return settings_refuse("PARA_PRIVILEGES", variables->privileges, "drop or keep", error);
	config->keep_privileges = word == 1;
	if (config->keep_privileges && config->policy.isolated)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"PARA_PRIVILEGES=keep does not go with network isolation: an agent with privileges "
			"could open the "
			"network again");
	return 0;
}

/* Not said: with isolation, whose agent holds no privilege, and so can have it. */
static int read_fence(const struct variables *variables, struct config *config, struct error *error)
{
	static const char *const words[] = {"off", "default", "io_uring", NULL};
	const int word = variables->seccomp == NULL ? config->policy.isolated
						    : settings_word(words, variables->seccomp);

	if (word < 0)
		return settings_refuse("PARA_SECCOMP", variables->seccomp,
			"default, off, or io_uring (default, but for io_uring's calls)", error);
	if (word > 0 && config->keep_privileges)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"PARA_SECCOMP does not go with PARA_PRIVILEGES=keep: leave one of the two out");
	config->fence = (struct fence){.up = word > 0, .io_uring = word == 2};
	return 0;
}

/* One of two words, of which the second sets the value; not said: the first. */
static int read_choice(const char *variable, const char *text, const char *const words[3], bool *value,
	const char *right, struct error *error)
{
	const int word = text == NULL ? 0 : settings_word(words, text);

	if (word < 0)
		return settings_refuse(variable, text, right, error);
	*value = word == 1;
	return 0;
}

static int read_guard(const struct variables *variables, struct guard_settings *guard, struct error *error)
{
	static const char *const tamper[] = {"repair", "stop", NULL}, *const loss[] = {"keep", "stop", NULL};
	int ret = read_choice("PARA_ON_TAMPER", variables->on_tamper, tamper, &guard->stop_on_tamper,
		"repair or stop", error);

	guard->audit = variables->audit;
	if (ret == 0)
		ret = read_choice("PARA_ON_GUARD_LOSS", variables->on_loss, loss, &guard->stop_on_loss,
			"keep or stop", error);
	if (ret == 0)
		ret = read_switch("PARA_DNS_LOG", variables->dns_log, &guard->dns_log, error);
	return ret == 0 ? read_switch("PARA_LEARN", variables->learn, &guard->learn, error) : ret;
}

static int read_serving(const struct variables *variables, struct config *config, struct error *error)
{
	struct serving *serving = &config->serving;
	int ret = read_seconds("PARA_KILL_GRACE", variables->grace, 0, &serving->grace, error);

	serving->stop_on_loss = config->guard.stop_on_loss;
	serving->grace_for_agent = variables->grace != NULL && serving->grace > 0;
	/* tini goes by their being there, whatever they say */
	serving->group = serving->group || variables->tini_group != NULL;
	config->subreaper = config->subreaper || variables->tini_subreaper != NULL;
	return ret == 0 ? read_switch("PARA_SIGNAL_GROUP", variables->group, &serving->group, error) : ret;
}

int config_read(
	struct config *config, int argc, char *const argv[], char *const *environment, struct error *error)
{
	struct variables variables = {0};
	const char *unknown;
	int louder, ret;

	*config = (struct config){.setup_seconds = SETUP_SECONDS};
	serving_default(&config->serving);
	ret = collect(environment, &variables, error);
	if (ret == 0)
		ret = options_read(config, argc, argv, &louder, error);
	if (ret == 0)
		ret = read_log(&variables, louder, error);
	if (ret < 0 || config->action >= ACTION_HELP)
		return ret;
	ret = check_unknown(environment, &unknown, error);
	if (ret < 0)
		return ret;
	if (config->run_as == NULL)
		config->run_as = variables.run_as;
	ret = read_seconds("PARA_SETUP_TIMEOUT", variables.timeout, 1, &config->setup_seconds, error);
	if (ret == 0)
		ret = read_policy(&variables, unknown, config, error);
	if (ret == 0)
		ret = read_privileges(&variables, config, error);
	if (ret == 0)
		ret = read_fence(&variables, config, error);
	if (ret == 0)
		ret = read_guard(&variables, &config->guard, error);
	return ret == 0 ? read_serving(&variables, config, error) : ret;
}
