/* Reading the command line and the environment, strictly: what is not understood is an error. */
#include "init/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/log.h"
#include "util/number.h"

#define SETUP_SECONDS	  30
#define SETUP_SECONDS_MAX 3600

const char config_help[] =
	"Usage: secure-init [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	"\n"
	"Run COMMAND as the agent of a container whose network is open only to what was allowed, and be its "
	"init.\n"
	"Meant to be the container's ENTRYPOINT (PID 1).\n"
	"\n"
	"  --user USER[:GROUP]  run the agent as this user (also PARA_RUN_AS)\n"
	"  --check              print what would be done, change nothing, need no privileges\n"
	"  --resolve            with --check: look up the names too\n"
	"  --help, --version    print this, or the versions of the program and its libraries\n"
	"\n"
	"Environment:\n"
	"  PARA_NETWORK_ISOLATION  true or false. Default: false, but true where PARA_ALLOWED_DOMAINS is "
	"set\n"
	"  PARA_ALLOWED_DOMAINS    comma list: example.com, 198.51.100.7, 10.0.0.0/24, 2001:db8::/32,\n"
	"                          [2001:db8::1], each with optional ports: example.com:443,8000-8010\n"
	"                          Default: " POLICY_DEFAULT_LIST "\n"
	"  PARA_RUN_AS             USER[:GROUP] of the agent. Default: the container's\n"
	"  PARA_SETUP_TIMEOUT      seconds that closing, opening and proving may take. Default: 30\n"
	"  PARA_LOG                text or json. Default: text\n"
	"  PARA_LOG_LEVEL          error, warn, info or debug. Default: info\n"
	"  GITHUB_TOKEN, GH_TOKEN  used when GitHub's address ranges are fetched\n"
	"  SSL_CERT_FILE           the certificates to trust then\n"
	"\n"
	"Exit status: the agent's, or 128 + the signal that ended it; 126 or 127 if it could not be run or "
	"found;\n"
	"100 to 111 if it was never started (docs/exit-codes.md).\n";

/* What the variables say, before they are understood. NULL: not set. */
struct variables {
	const char *isolation, *domains, *run_as, *timeout, *log, *log_level;
};

/* A variable's name without its "PARA_", and where its value goes. */
#define PREFIX "PARA_"

static const char **variable_slot(struct variables *variables, const char *name, size_t length)
{
	const struct {
		const char *name;
		const char **slot;
	} table[] = {
		{"NETWORK_ISOLATION", &variables->isolation},
		{"ALLOWED_DOMAINS", &variables->domains},
		{"RUN_AS", &variables->run_as},
		{"SETUP_TIMEOUT", &variables->timeout},
		{"LOG", &variables->log},
		{"LOG_LEVEL", &variables->log_level},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
			return table[i].slot;
	return NULL;
}

static int bad_value(struct error *error, const char *variable, const char *value, const char *right)
{
	return error_set(error, FAIL_CONFIG, EINVAL, "%s is '%.100s'; it must be %s", variable, value, right);
}

/*
 * Collects our variables. One that stands twice with two values is an error: nobody could say which one
 * another program would see. Unknown ones are counted in *unknown, the first is *example.
 */
static int collect(
	char *const *environment, struct variables *variables, const char **unknown, struct error *error)
{
	*unknown = NULL;
	for (; *environment != NULL; environment++) {
		const char *name = *environment, *value = strchr(name, '=');
		const char **slot;

		if (value == NULL || strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		name += sizeof(PREFIX) - 1;
		slot = variable_slot(variables, name, (size_t)(value - name));
		value++;
		if (slot == NULL)
			*unknown = *environment;
		else if (*slot != NULL && strcmp(*slot, value) != 0)
			return error_set(error, FAIL_CONFIG, EINVAL,
				"%.*s is in the environment twice, with different values; set it once",
				(int)(value - 1 - *environment), *environment);
		else
			*slot = value;
	}
	return 0;
}

/* The place of text in a list that ends with NULL, or -1. */
static int find(const char *const *list, const char *text)
{
	for (int i = 0; list[i] != NULL; i++)
		if (strcasecmp(list[i], text) == 0)
			return i;
	return -1;
}

static int read_log(const struct variables *variables, struct error *error)
{
	static const char *const forms[] = {"text", "json", NULL};
	static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
	int form = variables->log == NULL ? 0 : find(forms, variables->log);
	int level = variables->log_level == NULL ? LOG_INFO : find(levels, variables->log_level);

	if (form < 0)
		return bad_value(error, "PARA_LOG", variables->log, "text or json");
	log_setup(LOG_INFO, form == 1);
	if (level < 0)
		return bad_value(error, "PARA_LOG_LEVEL", variables->log_level, "error, warn, info or debug");
	log_setup((enum log_level)level, form == 1);
	return 0;
}

static int read_isolation(const struct variables *variables, struct policy *policy, struct error *error)
{
	static const char *const yes[] = {"true", "1", "yes", "on", NULL};
	static const char *const no[] = {"false", "0", "no", "off", NULL};

	policy->isolated = variables->domains != NULL;
	if (variables->isolation == NULL)
		return 0;
	policy->isolated = find(yes, variables->isolation) >= 0;
	if (!policy->isolated && find(no, variables->isolation) < 0)
		return bad_value(error, "PARA_NETWORK_ISOLATION", variables->isolation,
			"true or false (also 1/0, yes/no, on/off)");
	return 0;
}

static int read_policy(const struct variables *variables, struct policy *policy, struct error *error)
{
	int ret = read_isolation(variables, policy, error);

	if (ret < 0)
		return ret;
	if (!policy->isolated) {
		if (variables->domains != NULL)
			log_warn("PARA_NETWORK_ISOLATION is false, so PARA_ALLOWED_DOMAINS is ignored: "
				 "'%.200s'",
				variables->domains);
		return 0;
	}
	policy->defaulted = variables->domains == NULL;
	ret = entries_parse("PARA_ALLOWED_DOMAINS",
		policy->defaulted ? POLICY_DEFAULT_LIST : variables->domains, &policy->allowed, error);
	return ret == 0 ? policy_check(policy, error) : ret;
}

static int read_timeout(const struct variables *variables, struct config *config, struct error *error)
{
	uint64_t seconds = SETUP_SECONDS;

	if (variables->timeout != NULL &&
		number_parse(variables->timeout, 1, SETUP_SECONDS_MAX, &seconds) != 0)
		return bad_value(error, "PARA_SETUP_TIMEOUT", variables->timeout,
			"a number of seconds from 1 to 3600");
	config->setup_seconds = (unsigned int)seconds;
	return 0;
}

static int read_arguments(struct config *config, int argc, char *const argv[], struct error *error)
{
	enum { OPT_USER = 1, OPT_CHECK, OPT_RESOLVE, OPT_HELP, OPT_VERSION };
	static const struct option options[] = {
		{"user", required_argument, NULL, OPT_USER},
		{"check", no_argument, NULL, OPT_CHECK},
		{"resolve", no_argument, NULL, OPT_RESOLVE},
		{"help", no_argument, NULL, OPT_HELP},
		{"version", no_argument, NULL, OPT_VERSION},
		{0},
	};
	int option;

	opterr = 0;
	/* '+': the first argument that is no option is the agent, whose options are its own */
	while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (option) {
		case OPT_USER:
			config->run_as = optarg;
			break;
		case OPT_CHECK:
			config->action = ACTION_CHECK;
			break;
		case OPT_RESOLVE:
			config->resolve = true;
			break;
		case OPT_HELP:
			config->action = ACTION_HELP;
			return 0;
		case OPT_VERSION:
			config->action = ACTION_VERSION;
			return 0;
		case ':':
			return error_set(error, FAIL_USAGE, EINVAL, "option %.60s needs a value; see --help",
				argv[optind - 1]);
		default:
			return error_set(error, FAIL_USAGE, EINVAL, "no such option: %.60s; see --help",
				argv[optind - 1]);
		}
	}
	config->agent = argv + optind;
	if (config->action == ACTION_RUN && *config->agent == NULL)
		return error_set(error, FAIL_USAGE, EINVAL,
			"no command to run; give the agent's command line, as in: secure-init -- claude");
	if (config->resolve && config->action != ACTION_CHECK)
		return error_set(error, FAIL_USAGE, EINVAL, "--resolve goes with --check");
	return 0;
}

int config_read(
	struct config *config, int argc, char *const argv[], char *const *environment, struct error *error)
{
	struct variables variables = {0};
	const char *unknown;
	int ret;

	*config = (struct config){0};
	ret = collect(environment, &variables, &unknown, error);
	if (ret == 0)
		ret = read_log(&variables, error);
	if (ret == 0)
		ret = read_arguments(config, argc, argv, error);
	if (ret < 0 || config->action == ACTION_HELP || config->action == ACTION_VERSION)
		return ret;
	if (unknown != NULL)
		log_warn("%.*s is not a variable of this version of secure-init, and ignored",
			(int)strcspn(unknown, "="), unknown);
	if (config->run_as == NULL)
		config->run_as = variables.run_as;
	ret = read_timeout(&variables, config, error);
	return ret == 0 ? read_policy(&variables, &config->policy, error) : ret;
}
