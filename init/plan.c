/* Printing what would be: see the header. */
#include "init/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/allow.h"
#include "fw/conflict.h"
#include "init/summary.h"

static void say(const char *line)
{
	puts(line);
}

static void say_conflict(const char *line)
{
	printf("note: %s\n", line);
}

static void print_words(const struct config *config, const struct place *place, const struct lookup *lookup)
{
	const struct summary summary = {
		.policy = &config->policy,
		.resolv = &place->resolv,
		.host = &place->host,
		.lookup = config->resolve ? lookup : NULL,
		.say = say,
	};
	char text[RULE_TEXT];

	summary_say(&summary);
	conflicts_say(&config->policy, &place->resolv, say_conflict);
	for (size_t i = 0; i < place->ruleset.n; i++)
		printf("%s %s\n", place->ruleset.v[i].family == AF_INET ? "ip " : "ip6",
			rule_text(&place->ruleset.v[i], text));
}

static void print_restore(const struct place *place, uint8_t family)
{
	char text[RULE_TEXT];

	puts("*" TABLE_NAME);
	for (int chain = 0; chain < CHAINS; chain++)
		printf(":%s DROP [0:0]\n", chain_names[chain]);
	for (size_t i = 0; i < place->ruleset.n; i++)
		if (place->ruleset.v[i].family == family)
			puts(rule_text(&place->ruleset.v[i], text));
	puts("COMMIT");
}

static void print_set(const struct set_kind *kind, const struct contents *contents)
{
	char text[PREFIX_TEXT];

	printf("create %s %s family %s maxelem %d timeout 0\n", kind->name, kind->type,
		kind->family == AF_INET ? "inet" : "inet6", SET_ELEMENTS_MAX);
	for (size_t i = 0; i < contents->any.n && !kind->with_ports; i++)
		if (contents->any.v[i].family == kind->family)
			printf("add %s %s\n", kind->name, prefix_text(&contents->any.v[i], text));
	for (size_t i = 0; i < contents->n_endpoints && kind->with_ports; i++) {
		const struct endpoint *endpoint = &contents->endpoints[i];

		if (endpoint->prefix.family != kind->family)
			continue;
		prefix_text(&endpoint->prefix, text);
		printf("add %s %s,tcp:%u-%u\n", kind->name, text, endpoint->low, endpoint->high);
		printf("add %s %s,udp:%u-%u\n", kind->name, text, endpoint->low, endpoint->high);
	}
}

static int print_sets(const struct config *config, const struct place *place, const struct lookup *lookup,
	struct error *error)
{
	const struct prefixes ranges = {0};
	struct contents contents[LISTS] = {0};
	int ret = allow_contents(&config->policy, lookup, &ranges, contents, error);

	if (!config->resolve && policy_has_names(&config->policy))
		puts("# names are not looked up (--resolve does), so their addresses are not in here");
	if (policy_wants_github(&config->policy))
		puts("# nor are the ranges that GitHub publishes");
	for (int set = 0; set < SETS && ret == 0; set++)
		if (ruleset_uses(&place->ruleset, set))
			print_set(&set_kinds[set], &contents[SET_LIST(set)]);
	lists_free(contents);
	return ret;
}

static int look_up(const struct config *config, struct lookup *lookup, struct error *error)
{
	int ret = allow_targets(&config->policy, lookup, error);

	if (ret == 0)
		ret = lookup_start(lookup, config->setup_seconds, error);
	return ret == 0 ? lookup_names(lookup, error) : ret;
}

int plan(const struct config *config, const struct place *place, const char *form, struct error *error)
{
	struct lookup lookup = {.socket = -1};
	int ret = 0;

	if (!config->policy.isolated) {
		puts("Network isolation is off: everything is open");
		return 0;
	}
	if (config->resolve)
		ret = look_up(config, &lookup, error);
	if (ret == 0 && form == NULL)
		print_words(config, place, &lookup);
	else if (ret == 0 && strcmp(form, "iptables") == 0)
		print_restore(place, AF_INET);
	else if (ret == 0 && strcmp(form, "ip6tables") == 0)
		print_restore(place, AF_INET6);
	else if (ret == 0 && strcmp(form, "ipset") == 0)
		ret = print_sets(config, place, &lookup, error);
	else if (ret == 0)
		ret = error_set(error, FAIL_USAGE, EINVAL,
			"plan prints words, or for one of iptables, ip6tables and ipset; not '%.60s'", form);
	lookup_end(&lookup);
	return ret;
}
