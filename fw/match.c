/* Comparing names: see the header. */
#include "fw/match.h"

#include <string.h>

/* True if name ends in "." and the domain; *before is then how long what stands before it is. */
static bool is_below(const char *name, const char *domain, size_t *before)
{
	const size_t length = strlen(name), tail = strlen(domain);

	if (tail == 0 || length < tail + 2 || name[length - tail - 1] != '.' ||
		strcmp(name + length - tail, domain) != 0)
		return false;
	*before = length - tail - 1;
	return true;
}

static bool is_searched(const struct entry *entry, const struct resolv *resolv, const char *name)
{
	for (unsigned int i = 0; i < resolv->n_search; i++) {
		size_t before;

		if (is_below(name, resolv->search[i], &before) && strlen(entry->name) == before &&
			memcmp(entry->name, name, before) == 0)
			return true;
	}
	return false;
}

bool match_entry(const struct entry *entry, const struct resolv *resolv, const char *name)
{
	size_t before;

	if (entry->kind == ENTRY_WILDCARD)
		return is_below(name, entry->name, &before);
	return entry->kind == ENTRY_NAME &&
	       (strcmp(entry->name, name) == 0 || is_searched(entry, resolv, name));
}

/* Below a wildcard, but for the search domain at its end. */
static bool is_vain(const struct entry *entry, const struct resolv *resolv, const char *name)
{
	for (unsigned int i = 0; entry->kind == ENTRY_WILDCARD && i < resolv->n_search; i++) {
		char rest[NAME_TEXT];
		size_t before;

		if (!is_below(name, resolv->search[i], &before) || before >= sizeof(rest))
			continue;
		memcpy(rest, name, before);
		rest[before] = '\0';
		if (is_below(rest, entry->name, &before))
			return true;
	}
	return false;
}

static bool is_listed(const struct entries *entries, const struct resolv *resolv, const char *name)
{
	for (size_t i = 0; i < entries->n; i++)
		if (match_entry(&entries->v[i], resolv, name))
			return true;
	return false;
}

enum name_verdict match_name(const struct policy *policy, const struct resolv *resolv, const char *name)
{
	const struct entries *allowed = &policy->list[LIST_ALLOWED];

	if (is_listed(allowed, resolv, name) || is_listed(&policy->list[LIST_INBOUND], resolv, name))
		return NAME_ALLOWED;
	for (size_t i = 0; i < allowed->n; i++)
		if (is_vain(&allowed->v[i], resolv, name))
			return NAME_VAIN;
	return is_listed(&policy->list[LIST_BLOCKED], resolv, name) ? NAME_BLOCKED : NAME_UNLISTED;
}
