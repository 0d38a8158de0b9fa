/* init/config.h: the command line and the environment, each variable with good, bad and odd values. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "init/config.h"
#include "util/log.h"

#define WORDS_MAX 12

/* One call: its result, and what it said. */
struct call {
	struct config config;
	struct error error;
	int ret, argc;
	char text[WORDS_MAX][600]; /* argv, which config points into */
	char *argv[WORDS_MAX + 1];
	const char *heard;
};

/* Words of a command line and variables of an environment, both separated by '|' and of the test's making. */
static struct call *call(const char *words, const char *variables)
{
	static struct call it;
	static char environment_text[20000];
	char *environment[WORDS_MAX + 1], *rest = environment_text;
	size_t n = 0;

	memset(&it, 0, sizeof(it));
	for (const char *word = words; *word != '\0';) {
		const size_t length = strcspn(word, "|");

		assert_true(it.argc < WORDS_MAX && length < sizeof(it.text[0]));
		memcpy(it.text[it.argc], word, length);
		it.argv[it.argc] = it.text[it.argc];
		it.argc++;
		word += length + (word[length] == '|');
	}
	assert_true(strlen(variables) < sizeof(environment_text));
	strcpy(environment_text, variables);
	for (char *word; *variables != '\0' && (word = strsep(&rest, "|")) != NULL;) {
		assert_true(n < WORDS_MAX);
		environment[n++] = word;
	}
	environment[n] = NULL;
	optind = 0; /* getopt(3): begin anew */
	hear_begin();
	it.ret = config_read(&it.config, it.argc, it.argv, environment, &it.error);
	it.heard = hear_end();
	log_setup(LOG_INFO, false);
	return &it;
}

static void refuses(const char *words, const char *variables, enum failure kind, const char *says_words)
{
	struct call *it = call(words, variables);
	char row[700];

	snprintf(row, sizeof(row), "%.300s with %.300s", words, variables);
	must(it->ret < 0, "%s is not refused", row);
	must_say(&it->error, kind, says_words, row);
	policy_free(&it->config.policy);
}

#define RUN "secure-init|agent"

/* What each means is init/settings.c's part; here it is that they are heard. */
static void the_policys_variables(void **state)
{
	static const struct {
		const char *words, *variables;
		bool isolated;
	} rows[] = {
		{RUN, "", false},
		{RUN, "HOME=/root|PATH=/bin", false},
		{RUN, "PARA_NETWORK_ISOLATION=true", true},
		{RUN, "PARA_NETWORK_ISOLATION=false", false},
		{RUN, "PARA_NETWORK_MODE=none", true},
		{RUN, "PARA_PROFILE=strict", true},
		{RUN, "PARA_ALLOWED_DOMAINS=a.com,b.com", true},
		{RUN, "PARA_ALLOWED_DOMAINS=", true},
		{RUN, "PARA_BLOCKED_DOMAINS=a.com", true},
		{RUN, "PARA_PROXY=p.com:3128|PARA_NETWORK_MODE=proxy", true},
		{RUN, "PARA_ALLOW_DNS=none", true},
		{RUN, "PARA_ALLOW_SSH=none", true},
		{RUN, "PARA_ALLOW_HOST=none", true},
		{RUN, "PARA_ALLOW_INBOUND=none", true},
		{RUN, "PARA_GUARD=off", true},
		{RUN, "PARA_DNS=filter", true},
		{RUN, "PARA_LIMIT_CONNECTIONS=300", true},
		{RUN, "PARA_QUOTA_BYTES=2G", true},
		/* how the guard behaves is no policy */
		{RUN,
			"PARA_AUDIT=off|PARA_DNS_LOG=true|PARA_LEARN=true|PARA_ON_TAMPER=stop|PARA_ON_GUARD_"
			"LOSS="
			"stop",
			false},
		{RUN, "PARA_SECCOMP=default", false},
		/* in whatever order they stand */
		{RUN, "PARA_NETWORK_MODE=none|PARA_NETWORK_ISOLATION=false", false},
		/* the same twice is once */
		{RUN, "PARA_NETWORK_MODE=none|PARA_NETWORK_MODE=none", true},
		/* others' variables that only look like ours */
		{RUN, "XPARA_NETWORK_ISOLATION=true|para_network_isolation=true", false},
		/* who asks for the set-up alone asks for isolation */
		{"secure-init|setup", "", true},
		{"secure-init|setup", "PARA_NETWORK_ISOLATION=false", false},
		{"init-firewall.sh", "", true},
		{"secure-entrypoint.sh|agent", "", false},
		{"secure-init|--check", "", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(rows[i].words, rows[i].variables);

		must(it->ret == 0, "%s: %s", rows[i].variables, it->error.text);
		must(it->config.policy.isolated == rows[i].isolated, "%s with '%s': isolated is %d",
			rows[i].words, rows[i].variables, it->config.policy.isolated);
		policy_free(&it->config.policy);
	}
}

static void the_lists_arrive(void **state)
{
	struct call *it =
		call(RUN, "PARA_ALLOW_INBOUND=a.com|PARA_BLOCKED_DOMAINS=b.com,c.com|PARA_ALLOWED_DOMAINS=");
	const struct policy *policy = &it->config.policy;

	(void)state;
	assert_int_equal(it->ret, 0);
	assert_int_equal(policy->list[LIST_ALLOWED].n, 0);
	assert_int_equal(policy->list[LIST_BLOCKED].n, 2);
	assert_string_equal(policy->list[LIST_BLOCKED].v[1].name, "c.com");
	assert_int_equal(policy->list[LIST_INBOUND].n, 1);
	assert_string_equal(policy->list[LIST_INBOUND].v[0].name, "a.com");
	policy_free(&it->config.policy);
}

static void bad_values(void **state)
{
	static const struct {
		const char *variables, *words;
	} rows[] = {
		{"PARA_NETWORK_ISOLATION=ture", "PARA_NETWORK_ISOLATION is 'ture'|true or false"},
		{"PARA_NETWORK_MODE=maybe", "PARA_NETWORK_MODE is 'maybe'"},
		{"PARA_ALLOW_SSH=maybe", "PARA_ALLOW_SSH is 'maybe'"},
		{"PARA_NETWORK_ISOLATION=false|PARA_NETWORK_ISOLATION=true",
			"PARA_NETWORK_ISOLATION is in the environment twice"},
		{"PARA_ALLOWED_DOMAINS=a.com|PARA_ALLOWED_DOMAINS=b.com",
			"PARA_ALLOWED_DOMAINS is in the environment twice"},
		{"PARA_ALLOW_INBOUND=|PARA_ALLOW_INBOUND=host",
			"PARA_ALLOW_INBOUND is in the environment twice"},
		{"PARA_ALLOWED_DOMAINS=a.com,1.2.3", "PARA_ALLOWED_DOMAINS: entry 2, '1.2.3'"},
		{"PARA_BLOCKED_DOMAINS=a.com,1.2.3", "PARA_BLOCKED_DOMAINS: entry 2, '1.2.3'"},
		{"PARA_ALLOWED_DOMAINS", "PARA_ALLOWED_DOMAINS is in the environment without '='"},
		{"PARA_NETWORK_ISOLATION=true|PARA_POLICY", "PARA_POLICY is in the environment without '='"},
		{"PARA_SETUP_TIMEOUT=", "PARA_SETUP_TIMEOUT is ''|1 to 3600"},
		{"PARA_SETUP_TIMEOUT=0", "'0'|1 to 3600"},
		{"PARA_SETUP_TIMEOUT=3601", "'3601'|1 to 3600"},
		{"PARA_SETUP_TIMEOUT=30s", "'30s'|seconds|1 to 3600"},
		{"PARA_SETUP_TIMEOUT=-1", "1 to 3600"},
		{"PARA_SETUP_TIMEOUT=4294967297", "1 to 3600"},
		{"PARA_SETUP_TIMEOUT=1.5", "1 to 3600"},
		{"PARA_LOG=xml", "PARA_LOG is 'xml'|text or json"},
		{"PARA_LOG=", "PARA_LOG is ''|text or json"},
		{"PARA_LOG_LEVEL=verbose", "PARA_LOG_LEVEL is 'verbose'|error, warn, info or debug"},
		{"PARA_LOG_LEVEL=", "PARA_LOG_LEVEL is ''|error, warn, info or debug"},
		{"PARA_LOG_LEVEL=warning", "error, warn, info or debug"},
		{"PARA_GUARD=maybe", "PARA_GUARD is 'maybe'|true or false"},
		{"PARA_DNS=none", "PARA_DNS is 'none'|open or filter"},
		{"PARA_LIMIT_CONNECTIONS=0", "PARA_LIMIT_CONNECTIONS is '0'|1 to 1000000"},
		{"PARA_QUOTA_BYTES=2GB", "PARA_QUOTA_BYTES is '2GB'|500M"},
		{"PARA_ON_TAMPER=", "PARA_ON_TAMPER is ''|repair or stop"},
		{"PARA_ON_TAMPER=keep", "PARA_ON_TAMPER is 'keep'|repair or stop"},
		{"PARA_ON_GUARD_LOSS=repair", "PARA_ON_GUARD_LOSS is 'repair'|keep or stop"},
		{"PARA_DNS_LOG=", "PARA_DNS_LOG is ''|true or false"},
		{"PARA_LEARN=1.0", "PARA_LEARN is '1.0'|true or false"},
		{"PARA_SECCOMP=", "PARA_SECCOMP is ''|default, off, or io_uring"},
		{"PARA_SECCOMP=on", "PARA_SECCOMP is 'on'|default, off, or io_uring"},
		{"PARA_SECCOMP=default|PARA_PRIVILEGES=keep|PARA_NETWORK_ISOLATION=false",
			"PARA_SECCOMP does not go with PARA_PRIVILEGES=keep"},
		{"PARA_GUARD=on|PARA_GUARD=off", "PARA_GUARD is in the environment twice"},
		{"PARA_ON_TAMPER=stop|PARA_ON_TAMPER=repair", "PARA_ON_TAMPER is in the environment twice"},
		{"PARA_SECCOMP=default|PARA_SECCOMP=off", "PARA_SECCOMP is in the environment twice"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		refuses(RUN, rows[i].variables, FAIL_CONFIG, rows[i].words);
}

static void a_list_that_is_ignored_is_named(void **state)
{
	struct call *it = call(RUN, "PARA_NETWORK_ISOLATION=false|PARA_ALLOWED_DOMAINS=a.com,b.com");

	(void)state;
	must(says(it->heard, "warning: |PARA_ALLOWED_DOMAINS|ignored|'a.com,b.com'"), "%s", it->heard);
	policy_free(&it->config.policy);
}

static void unknown_variables_are_named(void **state)
{
	struct call *it =
		call(RUN, "PARA_TIMEOUT=3|PARA_ELSEWHERE=a.com|PARA_=1|PARA_NETWORK_ISOLATION=false");

	(void)state;
	assert_int_equal(it->ret, 0);
	must(says(it->heard,
		     "warning: |PARA_TIMEOUT is not a variable|PARA_ELSEWHERE|PARA_ is not a variable"),
		"%s", it->heard);
	must(strstr(it->heard, "a.com") == NULL, "the value may be a secret: %s", it->heard);
}

static void misspelt_variables_of_the_policy_are_refused(void **state)
{
	static const char *const names[] = {"PARA_ALLOW_DOMAINS", "PARA_NETWORK_ISOLATIO",
		"PARA_NETWORK_ISOLATIONS", "PARA_BLOCKED_DOMAIN", "PARA_PROXI", "PARA_ALLOW_HOSTS",
		"PARA_GUARDS", "PARA_QUOTA_BYTE", "PARA_LIMIT_CONNECTION",
		/* the file's */
		"PARA_POLCY", "PARA_POLICI", "PARA_POLICYY", "PARA_POLICIES", "PARA_POLICY_FILE",
		"PARA_MY_POLICY",
		/* a part of a name, or more than one */
		"PARA_NETWORK", "PARA_DOMAINS", "PARA_ALLOWED", "PARA_PROXY_URL", "PARA_ALLOWED_DOMAINS_MORE",
		/* what the file calls them */
		"PARA_ISOLATION", "PARA_MODE", "PARA_ALLOW", "PARA_BLOCK", "PARA_NAMES", "PARA_Bytes"};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		char variables[60];

		snprintf(variables, sizeof(variables), "%s=false|PARA_NETWORK_ISOLATION=true", names[i]);
		refuses(RUN, variables, FAIL_CONFIG, "is not a variable of secure-init; did you mean PARA_");
	}
	refuses(RUN, "PARA_POLICY_FILE=/p", FAIL_CONFIG, "did you mean PARA_POLICY?");
	refuses(RUN, "PARA_ALLOW=a.com", FAIL_CONFIG, "did you mean PARA_ALLOWED_DOMAINS?");
}

/* It may have been meant to close the network. */
static void nothing_opens_beside_an_unknown_variable(void **state)
{
	static const char *const names[] = {"PARA_STRICT", "PARA_BLOCKLIST", "PARA_X", "PARA_",
		"PARA_A_NAME_THAT_IS_LONGER_THAN_ANY_THAT_WE_HAVE_AND_THAN_THE_ROOM_FOR_IT"};
	struct call *it;

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		char variables[120], words[200];

		snprintf(variables, sizeof(variables), "HOME=/|%s=secret", names[i]);
		snprintf(words, sizeof(words), "%s is not a variable of secure-init|PARA_NETWORK_ISOLATION",
			names[i]);
		refuses(RUN, variables, FAIL_CONFIG, words);
		refuses("secure-init|--check", variables, FAIL_CONFIG, words);
		/* somebody decided */
		snprintf(variables, sizeof(variables), "%s=1|PARA_NETWORK_ISOLATION=false", names[i]);
		it = call(RUN, variables);
		must(it->ret == 0 && !it->config.policy.isolated, "%s: %s", variables, it->error.text);
		snprintf(variables, sizeof(variables), "%s=1|PARA_ALLOWED_DOMAINS=", names[i]);
		it = call(RUN, variables);
		must(it->ret == 0 && it->config.policy.isolated, "%s: %s", variables, it->error.text);
		policy_free(&it->config.policy);
	}
}

static void the_guards_behaviour(void **state)
{
	static const struct {
		const char *variables, *audit;
		bool dns_log, learn, stop_on_tamper, stop_on_loss;
	} rows[] = {
		{"", NULL, false, false, false, false},
		{"PARA_AUDIT=off", "off", false, false, false, false},
		{"PARA_AUDIT=", "", false, false, false, false},
		{"PARA_AUDIT=unix:/run/audit", "unix:/run/audit", false, false, false, false},
		{"PARA_DNS_LOG=yes", NULL, true, false, false, false},
		{"PARA_LEARN=TRUE", NULL, false, true, false, false},
		{"PARA_ON_TAMPER=Stop", NULL, false, false, true, false},
		{"PARA_ON_TAMPER=repair|PARA_ON_GUARD_LOSS=stop", NULL, false, false, false, true},
		{"PARA_ON_TAMPER=stop|PARA_ON_GUARD_LOSS=Keep", NULL, false, false, true, false},
		{"PARA_DNS_LOG=off|PARA_LEARN=no", NULL, false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(RUN, rows[i].variables);
		const struct guard_settings *is = &it->config.guard;

		must(it->ret == 0, "'%s': %s", rows[i].variables, it->error.text);
		must(is->dns_log == rows[i].dns_log && is->learn == rows[i].learn &&
				is->stop_on_tamper == rows[i].stop_on_tamper &&
				is->stop_on_loss == rows[i].stop_on_loss,
			"'%s': %d %d %d %d", rows[i].variables, is->dns_log, is->learn, is->stop_on_tamper,
			is->stop_on_loss);
		must((is->audit == NULL) == (rows[i].audit == NULL) &&
				(is->audit == NULL || strcmp(is->audit, rows[i].audit) == 0),
			"'%s': audit is %s", rows[i].variables, is->audit != NULL ? is->audit : "(nothing)");
		/* process 1 is the one that ends the agent */
		must(it->config.serving.stop_on_loss == rows[i].stop_on_loss, "'%s'", rows[i].variables);
		policy_free(&it->config.policy);
	}
}

/* A set-up that ends leaves no guard, whoever asks for one. */
static void set_ups_that_end(void **state)
{
	static const char *const words[] = {"secure-init|setup", "init-firewall.sh"};
	struct call *it;

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++) {
		it = call(words[i], "PARA_ALLOWED_DOMAINS=a.com");

		must(it->ret == 0 && !it->config.policy.guarded, "%s is guarded", words[i]);
		policy_free(&it->config.policy);
		refuses(words[i], "PARA_ALLOWED_DOMAINS=a.com|PARA_GUARD=on", FAIL_CONFIG,
			"PARA_GUARD is on, and a set-up that ends");
		refuses(words[i], "PARA_ALLOWED_DOMAINS=*.a.com", FAIL_CONFIG, "'*.a.com' is a wildcard");
	}
	it = call(RUN, "PARA_ALLOWED_DOMAINS=a.com");
	assert_true(it->config.policy.guarded);
	policy_free(&it->config.policy);
}

/* With isolation the fence is up unless it is taken down; without it only where it is asked for. */
static void the_fence(void **state)
{
	static const struct {
		const char *variables;
		bool up, io_uring;
	} rows[] = {
		{"", false, false},
		{"PARA_NETWORK_ISOLATION=false", false, false},
		{"PARA_NETWORK_ISOLATION=true", true, false},
		{"PARA_GUARD=off", true, false},
		{"PARA_NETWORK_ISOLATION=true|PARA_SECCOMP=off", false, false},
		{"PARA_NETWORK_ISOLATION=true|PARA_SECCOMP=Default", true, false},
		{"PARA_NETWORK_ISOLATION=true|PARA_SECCOMP=io_uring", true, true},
		{"PARA_SECCOMP=default", true, false},
		{"PARA_SECCOMP=io_uring|PARA_NETWORK_ISOLATION=false", true, true},
		{"PARA_PRIVILEGES=keep", false, false},
		{"PARA_PRIVILEGES=keep|PARA_SECCOMP=off", false, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(RUN, rows[i].variables);

		must(it->ret == 0, "'%s': %s", rows[i].variables, it->error.text);
		must(it->config.fence.up == rows[i].up && it->config.fence.io_uring == rows[i].io_uring,
			"'%s': up %d, io_uring %d", rows[i].variables, it->config.fence.up,
			it->config.fence.io_uring);
		policy_free(&it->config.policy);
	}
}

static void timeouts(void **state)
{
	static const struct {
		const char *variables;
		unsigned int seconds;
	} rows[] = {
		{"", 30},
		{"PARA_SETUP_TIMEOUT=1", 1},
		{"PARA_SETUP_TIMEOUT=3600", 3600},
		{"PARA_SETUP_TIMEOUT=0060", 60},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(RUN, rows[i].variables);

		must(it->ret == 0 && it->config.setup_seconds == rows[i].seconds, "%s: %u", rows[i].variables,
			it->config.setup_seconds);
	}
}

static void the_log(void **state)
{
	/* each call warns of an unknown variable, if it may */
	static const struct {
		const char *variables, *starts;
	} rows[] = {
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1", "secure-init: warning: PARA_X"},
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1|PARA_LOG=text", "secure-init: warning: PARA_X"},
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1|PARA_LOG=json",
			"{\"program\":\"secure-init\",\"level\":\"warn\",\"message\":\"PARA_X"},
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1|PARA_LOG=JSON|PARA_LOG_LEVEL=DEBUG", "{\"program\""},
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1|PARA_LOG_LEVEL=warn", "secure-init: warning: PARA_X"},
		{"PARA_NETWORK_ISOLATION=false|PARA_X=1|PARA_LOG_LEVEL=error", ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(RUN, rows[i].variables);

		must(it->ret == 0, "%s: %s", rows[i].variables, it->error.text);
		must(strncmp(it->heard, rows[i].starts, strlen(rows[i].starts)) == 0 &&
				(*rows[i].starts != '\0' || *it->heard == '\0'),
			"%s: %s", rows[i].variables, it->heard);
	}
}

static void command_lines(void **state)
{
	static const struct {
		const char *words, *variables;
		enum action action;
		bool resolve;
		const char *run_as, *agent; /* the first word of the agent */
	} rows[] = {
		{"secure-init|claude", "", ACTION_RUN, false, NULL, "claude"},
		{"secure-init|--|claude", "", ACTION_RUN, false, NULL, "claude"},
		{"secure-init|sleep|infinity", "", ACTION_RUN, false, NULL, "sleep"},
		/* the agent's options are its own */
		{"secure-init|claude|--user|root|--help|--check", "", ACTION_RUN, false, NULL, "claude"},
		{"secure-init|--user|agent|claude|--user|root", "", ACTION_RUN, false, "agent", "claude"},
		{"secure-init|--|--help", "", ACTION_RUN, false, NULL, "--help"},
		{"secure-init|-|x", "", ACTION_RUN, false, NULL, "-"},
		{"secure-init|--user|agent|claude", "", ACTION_RUN, false, "agent", "claude"},
		{"secure-init|--user=agent:staff|claude", "", ACTION_RUN, false, "agent:staff", "claude"},
		{"secure-init|claude", "PARA_RUN_AS=1000:50", ACTION_RUN, false, "1000:50", "claude"},
		/* an empty one is for user_find to refuse, not for us to pass over */
		{"secure-init|claude", "PARA_RUN_AS=", ACTION_RUN, false, "", "claude"},
		{"secure-init|--user=|claude", "PARA_RUN_AS=agent", ACTION_RUN, false, "", "claude"},
		{"secure-init|--user|a|claude", "PARA_RUN_AS=b", ACTION_RUN, false, "a", "claude"},
		{"secure-init|--check", "", ACTION_CHECK, false, NULL, NULL},
		{"secure-init|--check|claude", "", ACTION_CHECK, false, NULL, "claude"},
		{"secure-init|--check|--resolve", "", ACTION_CHECK, true, NULL, NULL},
		{"secure-init|--resolve|--check", "", ACTION_CHECK, true, NULL, NULL},
		/* changes keep their word, which says which it is */
		{"secure-init|allow|a.com", "", ACTION_CHANGE, false, NULL, "allow"},
		{"secure-init|deny|a.com", "", ACTION_CHANGE, false, NULL, "deny"},
		{"secure-init|reload", "", ACTION_CHANGE, false, NULL, "reload"},
		{"secure-init|list|json", "", ACTION_CHANGE, false, NULL, "list"},
		{"secure-init|report|/tmp/x", "", ACTION_REPORT, false, NULL, "/tmp/x"},
		{"secure-init|--|allow|a.com", "", ACTION_RUN, false, NULL, "allow"},
		{"secure-init|--help", "", ACTION_HELP, false, NULL, NULL},
		{"secure-init|--version", "", ACTION_VERSION, false, NULL, NULL},
		{"secure-init|--check|--version", "", ACTION_VERSION, false, NULL, NULL},
		/* help is given whatever else is wrong */
		{"secure-init|--help|--nonsense", "PARA_SETUP_TIMEOUT=0|PARA_NETWORK_ISOLATION=x",
			ACTION_HELP, false, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct call *it = call(rows[i].words, rows[i].variables);
		const struct config *config = &it->config;

		must(it->ret == 0, "%s: %s", rows[i].words, it->error.text);
		must(config->action == rows[i].action, "%s: action %d", rows[i].words, (int)config->action);
		must(config->resolve == rows[i].resolve, "%s: resolve %d", rows[i].words, config->resolve);
		must((config->run_as == NULL) == (rows[i].run_as == NULL) &&
				(config->run_as == NULL || strcmp(config->run_as, rows[i].run_as) == 0),
			"%s: as %s", rows[i].words, config->run_as != NULL ? config->run_as : "(nobody)");
		if (rows[i].agent != NULL)
			must(config->agent != NULL && config->agent[0] != NULL &&
					strcmp(config->agent[0], rows[i].agent) == 0,
				"%s: another agent", rows[i].words);
	}
}

static void the_agents_words_are_all_there(void **state)
{
	struct call *it = call("secure-init|--user|agent|--|sh|-c|exit 3||x", "");

	(void)state;
	assert_int_equal(it->ret, 0);
	assert_string_equal(it->config.agent[0], "sh");
	assert_string_equal(it->config.agent[1], "-c");
	assert_string_equal(it->config.agent[2], "exit 3");
	assert_string_equal(it->config.agent[3], "");
	assert_string_equal(it->config.agent[4], "x");
	assert_null(it->config.agent[5]);
}

static void bad_command_lines(void **state)
{
	static const struct {
		const char *words, *says_words;
	} rows[] = {
		{"secure-init", "no command to run|secure-init -- claude"},
		{"secure-init|--", "no command to run"},
		{"secure-init|--user|agent", "no command to run"},
		{"secure-init|--user", "--user needs a value|--help"},
		{"secure-init|--nonsense|claude", "no such option: --nonsense|--help"},
		{"secure-init|--check=yes", "--check=yes"},
		{"secure-init|-u|agent|claude", "no such option: -u"},
		{"secure-init|-x", "no such option: -x"},
		{"secure-init|--user|agent|-x|claude", "no such option: -x"},
		{"secure-init|--resolve|claude", "--resolve goes with --check"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		refuses(rows[i].words, "", FAIL_USAGE, rows[i].says_words);
}

/* getopt goes on to the next word only at the end of a bundle, so its index points at the word before. */
static void a_bundle_of_letters_is_named(void **state)
{
	(void)state;
	refuses("secure-init|-xyz|claude", "", FAIL_USAGE, "no such option: -x");
	refuses("secure-init|--user|agent|-xyz|claude", "", FAIL_USAGE, "no such option: -x");
}

/*
 * execve(2) takes an empty argv on kernels before 5.18. What lies behind it is the environment: nothing there
 * is the agent.
 */
static void no_argv_at_all(void **state)
{
	char variable[] = "PATH=/bin";
	char *const argv[] = {NULL, variable, NULL}, *const environment[] = {variable, NULL};
	struct config config;
	struct error error = {0};
	int ret;

	(void)state;
	optind = 0;
	ret = config_read(&config, 0, argv, environment, &error);
	must(ret < 0, "the agent is '%s'", config.agent[0]);
	must_say(&error, FAIL_USAGE, "no command to run", "no argv");
	/* as it is at the start of a process */
	optind = 1;
	ret = config_read(&config, 0, argv, environment, &error);
	must(ret < 0, "the agent is '%s'", config.agent[0]);
	must_say(&error, FAIL_USAGE, "no command to run", "no argv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policys_variables),
		cmocka_unit_test(the_lists_arrive),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(a_list_that_is_ignored_is_named),
		cmocka_unit_test(unknown_variables_are_named),
		cmocka_unit_test(misspelt_variables_of_the_policy_are_refused),
		cmocka_unit_test(nothing_opens_beside_an_unknown_variable),
		cmocka_unit_test(the_guards_behaviour),
		cmocka_unit_test(set_ups_that_end),
		cmocka_unit_test(the_fence),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(the_log),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(the_agents_words_are_all_there),
		cmocka_unit_test(bad_command_lines),
		cmocka_unit_test(a_bundle_of_letters_is_named),
		cmocka_unit_test(no_argv_at_all),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
