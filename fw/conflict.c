/* Comparing every entry with every other: see the header. */
#include "fw/conflict.h"

#include <stdio.h>
#include <string.h>

#define PORT_DNS 53

/* More entries than a person writes come from a program, which need not be told; comparing takes the square
 * of it. */
#define COMPARED_MAX 2000

#define LINE_TEXT 1600

static bool ports_cover(const struct entry *outer, const struct entry *inner)
{
	if (outer->n_ports == 0)
		return true;
	for (unsigned int i = 0; i < inner->n_ports; i++) {
		unsigned int j = 0;

		while (j < outer->n_ports && (outer->ports[j].low > inner->ports[i].low ||
						     outer->ports[j].high < inner->ports[i].high))
			j++;
		if (j == outer->n_ports)
			return false;
	}
	return inner->n_ports > 0;
}

bool entry_covers(const struct entry *outer, const struct entry *inner)
{
	if (outer->kind != inner->kind || !ports_cover(outer, inner))
		return false;
	/* what has no name is a network: all of ENTRY_PREFIX, and some of loopback's */
	return outer->name[0] == '\0' && inner->name[0] == '\0'
		       ? prefix_covers(&outer->prefix, &inner->prefix)
		       : strcmp(outer->name, inner->name) == 0;
}

static void say_pair(void (*say)(const char *), const struct entry *a, const struct entry *b,
	const char *between, const char *after)
{
	char line[LINE_TEXT], first[ENTRY_TEXT], second[ENTRY_TEXT];

	snprintf(line, sizeof(line), "'%.500s' %s '%.500s'%s", entry_text(a, first), between,
		entry_text(b, second), after);
	say(line);
}

/* Within a list: the inner one could be left out. Of two that are the same, the later. */
static void compare_within(const struct entries *entries, void (*say)(const char *))
{
	for (size_t i = 0; i < entries->n; i++) {
		size_t j = 0;

		while (j < entries->n && (i == j || !entry_covers(&entries->v[j], &entries->v[i]) ||
						 (j > i && entry_covers(&entries->v[i], &entries->v[j]))))
			j++;
		/* presets overlap by their nature */
		if (j < entries->n && entries->v[i].preset[0] == '\0' && entries->v[j].preset[0] == '\0')
			say_pair(say, &entries->v[i], &entries->v[j], "says nothing that",
				" does not say already");
	}
}

static void compare_blocked(const struct policy *policy, void (*say)(const char *))
{
	const struct entries *allowed = &policy->list[LIST_ALLOWED], *blocked = &policy->list[LIST_BLOCKED];

	for (size_t i = 0; i < blocked->n; i++)
		for (size_t j = 0; j < allowed->n; j++)
			if (entry_covers(&allowed->v[j], &blocked->v[i]))
				say_pair(say, &blocked->v[i], &allowed->v[j],
					"is blocked and without effect, since",
					" is allowed, which comes first");
}

static void compare_resolver(
	const struct entries *blocked, const struct prefix *address, void (*say)(const char *))
{
	const struct entry server = {
		.kind = ENTRY_PREFIX, .prefix = *address, .n_ports = 1, .ports = {{PORT_DNS, PORT_DNS}}};

	for (size_t i = 0; i < blocked->n && !policy_is_metadata(address); i++)
		if (entry_covers(&blocked->v[i], &server))
			say_pair(say, &blocked->v[i], &server, "is blocked, and with it the resolver", "");
}

/* Also those that Docker's resolver asks from here. */
static void compare_resolvers(
	const struct policy *policy, const struct resolv *resolv, void (*say)(const char *))
{
	const struct entries *blocked = &policy->list[LIST_BLOCKED];

	if (policy->dns != DNS_RESOLVERS)
		return;
	for (unsigned int i = 0; i < resolv->n_servers; i++)
		compare_resolver(blocked, &resolv->servers[i], say);
	for (unsigned int i = 0; i < resolv->n_upstreams && resolv->docker; i++)
		compare_resolver(blocked, &resolv->upstreams[i], say);
}

void conflicts_say(const struct policy *policy, const struct resolv *resolv, void (*say)(const char *line))
{
	for (int list = 0; list < LISTS; list++)
		if (policy->list[list].n > COMPARED_MAX)
			return;
	for (int list = 0; list < LISTS; list++)
		compare_within(&policy->list[list], say);
	compare_blocked(policy, say);
	compare_resolvers(policy, resolv, say);
}
