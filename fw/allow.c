/* Entries into contents: see the header. */
#include "fw/allow.h"

#include <errno.h>
#include <string.h>

#define PORT_HTTPS 443

static int no_memory(struct error *error)
{
	return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the allowed addresses");
}

int allow_targets(const struct policy *policy, struct lookup *lookup, struct error *error)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			if (policy->list[list].v[i].kind == ENTRY_NAME &&
				lookup_add(lookup, policy->list[list].v[i].name,
					list == LIST_BLOCKED ? NEED_BLOCK : NEED_ALLOW, NULL) < 0)
				return no_memory(error);
	if (policy_wants_github(policy) && lookup_add(lookup, GITHUB_API_HOST, NEED_ALLOW, NULL) < 0)
		return no_memory(error);
	return 0;
}

static int settle(struct contents *contents, struct error *error)
{
	if (contents_settle(contents) < 0)
		return error_set(error, FAIL_CONFIG, E2BIG,
			"a list asks for more than %d pairs of network and port; leave out the "
			"ports of "
			"entries with wide ranges, which opens all ports at the cost of one pair",
			SET_ELEMENTS_MAX);
	return 0;
}

int allow_github_api(const struct lookup *lookup, struct contents *contents, struct error *error)
{
	const struct prefixes *api = lookup_addresses(lookup, GITHUB_API_HOST);

	for (size_t i = 0; i < api->n; i++)
		if (contents_add_ports(contents, &api->v[i], PORT_HTTPS, PORT_HTTPS) < 0)
			return no_memory(error);
	return settle(contents, error);
}

/* Adds every prefix of the list, on the ports of the entry. */
static int add(struct contents *contents, const struct entry *entry, const struct prefix *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (entry->n_ports == 0 && contents_add(contents, &v[i]) < 0)
			return -ENOMEM;
		for (unsigned int p = 0; p < entry->n_ports; p++)
			if (contents_add_ports(contents, &v[i], entry->ports[p].low, entry->ports[p].high) <
				0)
				return -ENOMEM;
	}
	return 0;
}

static int list_contents(const struct entries *entries, const struct lookup *lookup,
	const struct prefixes *ranges, struct contents *contents)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct entry *entry = &entries->v[i];
		int ret = 0;

		if (entry->kind == ENTRY_PREFIX) {
			ret = add(contents, entry, &entry->prefix, 1);
		} else if (entry->kind == ENTRY_NAME) {
			const struct prefixes *addresses = lookup_addresses(lookup, entry->name);

			ret = add(contents, entry, addresses->v, addresses->n);
			if (ret == 0 && entry_is_github(entry))
				ret = add(contents, entry, ranges->v, ranges->n);
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Under the strict profile an answer of DNS opens no private address that the operator did not name himself.
 */
static int check_private(const struct policy *policy, const struct lookup *lookup, struct error *error)
{
	struct prefixes named = {0};
	char text[PREFIX_TEXT];
	int ret = 0;

	for (size_t i = 0; i < policy->list[LIST_ALLOWED].n; i++)
		if (policy->list[LIST_ALLOWED].v[i].kind == ENTRY_PREFIX &&
			prefixes_add(&named, &policy->list[LIST_ALLOWED].v[i].prefix) < 0)
			ret = no_memory(error);
	for (size_t i = 0; i < lookup->n && ret == 0; i++) {
		const struct target *target = &lookup->targets[i];

		for (size_t j = 0; j < target->addresses.n && target->need == NEED_ALLOW && ret == 0; j++)
			if (prefix_kind(&target->addresses.v[j]) == ADDRESS_PRIVATE &&
				!prefixes_cover(&named, &target->addresses.v[j]))
				ret = error_set(error, FAIL_NAMES, EADDRNOTAVAIL,
					"%s is at the private address %s, which the strict profile opens "
					"only if the address "
					"or its network is an allowed entry too",
					target->name, prefix_text(&target->addresses.v[j], text));
	}
	prefixes_free(&named);
	return ret;
}

int allow_contents(const struct policy *policy, const struct lookup *lookup, const struct prefixes *ranges,
	struct contents contents[LISTS], struct error *error)
{
	int ret = policy->strict ? check_private(policy, lookup, error) : 0;

	for (int list = 0; list < LISTS && ret == 0; list++) {
		if (list_contents(&policy->list[list], lookup, ranges, &contents[list]) < 0)
			return no_memory(error);
		ret = settle(&contents[list], error);
	}
	return ret;
}
