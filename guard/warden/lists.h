/*
 * The policy's lists as they are now: those of the start, and the live changes since. A copy of its own, with
 * what is to be remembered of each entry. Talks to nobody.
 */
#ifndef GUARD_WARDEN_LISTS_H
#define GUARD_WARDEN_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/policy.h"

/* What is known of an entry beside its own words. */
struct listed {
	uint32_t subject; /* entries of one list with the same name, or network, have the same; never 0 */
	bool live;	  /* came by a live change */
	int64_t until;	  /* milliseconds of clock_ms; 0: for good */
};

/* {0} is empty; lists_end gives it back. about[list][i] is of policy.list[list].v[i]. */
struct lists {
	struct policy policy;
	struct listed *about[LISTS];
	size_t room[LISTS];
	uint32_t subjects; /* given so far */
};

/* Takes over what a policy says, all of it for good. The caller frees, also after -ENOMEM. */
int lists_take(struct lists *lists, const struct policy *policy);
void lists_end(struct lists *lists);

/* True if both are of the same kind and name, or network, whatever their ports. */
bool lists_same_subject(const struct entry *a, const struct entry *b);

/* True if their ports are the same, too. */
bool lists_same_entry(const struct entry *a, const struct entry *b);

/* Appends an entry. Returns 0 or -ENOMEM. */
int lists_add(struct lists *lists, enum list list, const struct entry *entry, bool live, int64_t until);

void lists_remove(struct lists *lists, enum list list, size_t place);

/* The subject of the list's entries that are as this one; 0 if there is none. */
uint32_t lists_subject(const struct lists *lists, enum list list, const struct entry *entry);

/* True if an entry of the list has this subject. */
bool lists_have(const struct lists *lists, enum list list, uint32_t subject);

/* When the next entry goes, or 0 if none does. */
int64_t lists_next(const struct lists *lists);

#endif
