/* Entries, and what is remembered of them, side by side: see the header. */
#include "guard/warden/lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool lists_same_subject(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       memcmp(&a->prefix, &b->prefix, sizeof(a->prefix)) == 0;
}

bool lists_same_entry(const struct entry *a, const struct entry *b)
{
	return lists_same_subject(a, b) && a->n_ports == b->n_ports &&
	       memcmp(a->ports, b->ports, a->n_ports * sizeof(a->ports[0])) == 0;
}

uint32_t lists_subject(const struct lists *lists, enum list list, const struct entry *entry)
{
	const struct entries *entries = &lists->policy.list[list];

	for (size_t i = 0; i < entries->n; i++)
		if (lists_same_subject(&entries->v[i], entry))
			return lists->about[list][i].subject;
	return 0;
}

int lists_add(struct lists *lists, enum list list, const struct entry *entry, bool live, int64_t until)
{
	struct entries *entries = &lists->policy.list[list];
	uint32_t subject = lists_subject(lists, list, entry);

	if (entries->n == lists->room[list]) {
		const size_t room = lists->room[list] == 0 ? 8 : lists->room[list] * 2;
		struct listed *about = reallocarray(lists->about[list], room, sizeof(*about));

		if (about == NULL)
			return -ENOMEM;
		lists->about[list] = about;
		lists->room[list] = room;
	}
	if (entries_add(entries, entry) < 0)
		return -ENOMEM;
	if (subject == 0)
		subject = ++lists->subjects;
	lists->about[list][entries->n - 1] = (struct listed){subject, live, until};
	return 0;
}

int lists_take(struct lists *lists, const struct policy *policy)
{
	*lists = (struct lists){.policy = *policy};
	for (int list = 0; list < LISTS; list++)
		lists->policy.list[list] = (struct entries){0};
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			if (lists_add(lists, (enum list)list, &policy->list[list].v[i], false, 0) < 0)
				return -ENOMEM;
	return 0;
}

void lists_end(struct lists *lists)
{
	policy_free(&lists->policy);
	for (int list = 0; list < LISTS; list++)
		free(lists->about[list]);
	*lists = (struct lists){0};
}

void lists_remove(struct lists *lists, enum list list, size_t place)
{
	struct entries *entries = &lists->policy.list[list];
	struct listed *about = lists->about[list];
	const size_t after = entries->n - place - 1;

	memmove(&entries->v[place], &entries->v[place + 1], after * sizeof(*entries->v));
	memmove(&about[place], &about[place + 1], after * sizeof(*about));
	entries->n--;
}

bool lists_have(const struct lists *lists, enum list list, uint32_t subject)
{
	for (size_t i = 0; i < lists->policy.list[list].n; i++)
		if (lists->about[list][i].subject == subject)
			return true;
	return false;
}

int64_t lists_next(const struct lists *lists)
{
	int64_t next = 0;

	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < lists->policy.list[list].n; i++) {
			const int64_t until = lists->about[list][i].until;

			if (until != 0 && (next == 0 || until < next))
				next = until;
		}
	return next;
}
