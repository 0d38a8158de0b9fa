/* The place, and rules as lines: see the header. */
#include "tests/unit/unit.h"

#include "tests/unit/rule-words.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const char *rules_in_words(const struct ruleset *ruleset, uint8_t family)
{
	static char text[RULES_MAX * RULE_TEXT];
	char one[RULE_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < ruleset->n; i++)
		if (ruleset->v[i].family == family)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, "%s\n", rule_text(&ruleset->v[i], one));
	return text;
}

struct prefixes prefixes_of(const char *list)
{
	struct prefixes it = {0};
	char text[4000], *rest = text;

	assert_true(strlen(list) < sizeof(text));
	strcpy(text, list);
	for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
		const struct prefix one = prefix(word);

		assert_int_equal(prefixes_add(&it, &one), 0);
	}
	return it;
}

struct resolv resolv_of(const char *file)
{
	struct resolv it;
	struct error error;

	assert_int_equal(resolv_read(file_of(0, file), &it, &error), 0);
	file_drop();
	return it;
}

void rules_follow(const struct rules_row *rows, size_t n, const char *file)
{
	const struct resolv servers = resolv_of(file);
	struct host_networks host = {.onlink = prefixes_of(ONLINK),
		.networks = prefixes_of(NETWORKS),
		.gateways = prefixes_of(GATEWAYS)};

	for (size_t i = 0; i < n; i++) {
		struct policy it = policy(rows[i].said, rows[i].allowed, rows[i].blocked, rows[i].inbound);
		struct ruleset ruleset;
		struct error error = {0};

		must(policy_settle(&it, &error) == 0, "row %zu: %s", i, error.text);
		must(policy_rules(&it, &servers, &host, false, rows[i].stage, &ruleset, &error) == 0,
			"row %zu: %s", i, error.text);
		must(strcmp(rules_in_words(&ruleset, AF_INET), rows[i].v4) == 0, "row %zu is\n%s\nnot\n%s", i,
			rules_in_words(&ruleset, AF_INET), rows[i].v4);
		must(strcmp(rules_in_words(&ruleset, AF_INET6), rows[i].v6) == 0, "row %zu is\n%s\nnot\n%s",
			i, rules_in_words(&ruleset, AF_INET6), rows[i].v6);
		policy_free(&it);
	}
	prefixes_free(&host.networks);
	prefixes_free(&host.onlink);
	prefixes_free(&host.gateways);
}

void rules_sane(const struct rule *rule, bool may_be_all, const char *row)
{
	must(rule->chain != CHAIN_FORWARD, "%s: a rule in FORWARD", row);
	/* an acceptance asks for something; the last one of a block list for nothing */
	must(rule->verdict != VERDICT_ACCEPT || rule->peer.family != 0 || rule->loopback != 0 ||
			rule->states != 0 || rule->dport != 0 || rule->icmp6type != 0 || rule->set != 0 ||
			(may_be_all && rule->chain == CHAIN_OUTPUT),
		"%s: a rule accepts everything", row);
	must(rule->peer.family == 0 || rule->peer.length > 0, "%s: a peer of all", row);
	must(rule->peer.family == 0 || rule->peer.family == rule->family, "%s: a peer of the other family",
		row);
	must(rule->dport == 0 || rule->protocol != 0, "%s: a port of no protocol", row);
	must(rule->set == 0 || set_kinds[rule->set - 1].family == rule->family,
		"%s: a set of the other family", row);
	must(rule->local != LOCAL_NOT_SENDER || (rule->family == AF_INET6 && rule->verdict != VERDICT_ACCEPT),
		"%s: who sends from elsewhere is let through", row);
}
