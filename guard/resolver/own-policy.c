/* Lists copied and changed: see the header. */
#include "guard/resolver/own-policy.h"

#include <errno.h>
#include <string.h>

int own_policy_copy(const struct policy *policy, struct policy *copy)
{
	*copy = *policy;
	memset(copy->list, 0, sizeof(copy->list));
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			if (entries_add(&copy->list[list], &policy->list[list].v[i]) < 0)
				return -ENOMEM;
	return 0;
}

/* By what they mean: where they stood in a list, and of which preset, does not count. */
static bool same_entry(const struct entry *a, const struct entry *b)
{
	if (a->kind != b->kind || strcmp(a->name, b->name) != 0 || a->n_ports != b->n_ports ||
		(a->kind == ENTRY_PREFIX && prefix_compare(&a->prefix, &b->prefix) != 0))
		return false;
	for (unsigned int i = 0; i < a->n_ports; i++)
		if (a->ports[i].low != b->ports[i].low || a->ports[i].high != b->ports[i].high)
			return false;
	return true;
}

/* Its place, or n if it is not there. */
static size_t place_of(const struct entries *entries, const struct entry *entry)
{
	size_t i = 0;

	while (i < entries->n && !same_entry(&entries->v[i], entry))
		i++;
	return i;
}

int own_policy_add(struct policy *policy, enum list list, const struct entry *entry)
{
	struct entries *entries = &policy->list[list];

	return place_of(entries, entry) < entries->n ? 0 : entries_add(entries, entry);
}

void own_policy_remove(struct policy *policy, enum list list, const struct entry *entry)
{
	struct entries *entries = &policy->list[list];
	const size_t place = place_of(entries, entry);

	if (place == entries->n)
		return;
	entries->n--;
	memmove(&entries->v[place], &entries->v[place + 1], (entries->n - place) * sizeof(entries->v[0]));
}
