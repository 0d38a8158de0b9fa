/*
 * A hash table of rows by list and address; the rows of one address follow each other in its chain. See the
 * header.
 */
#include "guard/warden/leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard/resolver/resolver.h"

void leases_free(struct leases *leases)
{
	free(leases->rows);
	*leases = (struct leases){0};
}

/* FNV-1a (draft-eastlake-fnv, 32 bits). */
static uint32_t *bucket_of(const struct leases *leases, enum list list, const struct prefix *address)
{
	uint32_t hash = (2166136261U ^ (uint32_t)list) * 16777619U;

	for (size_t i = 0; i < sizeof(address->addr); i++)
		hash = (hash ^ address->addr[i]) * 16777619U;
	return (uint32_t *)&leases->bucket[hash % LEASES_BUCKETS];
}

static bool is_at(const struct lease_row *row, enum list list, const struct prefix *address)
{
	return row->list == (uint8_t)list && prefix_compare(&row->address, address) == 0;
}

static struct lease_row *find(
	const struct leases *leases, enum list list, const struct prefix *address, uint32_t subject)
{
	for (uint32_t i = *bucket_of(leases, list, address); i != 0; i = leases->rows[i - 1].next)
		if (leases->rows[i - 1].subject == subject && is_at(&leases->rows[i - 1], list, address))
			return &leases->rows[i - 1];
	return NULL;
}

int64_t leases_until(
	const struct leases *leases, enum list list, const struct prefix *address, uint32_t subject)
{
	const struct lease_row *row = find(leases, list, address, subject);

	return row == NULL ? 0 : row->until;
}

/* The place + 1 of a row to be used, or 0. */
static uint32_t free_row(struct leases *leases)
{
	uint32_t place = leases->free;

	if (place != 0) {
		leases->free = leases->rows[place - 1].next;
		return place;
	}
	if (leases->n == leases->room) {
		const uint32_t room = leases->room == 0 ? 64 : leases->room * 2;
		struct lease_row *rows = reallocarray(leases->rows, room, sizeof(*rows));

		if (rows == NULL)
			return 0;
		leases->rows = rows;
		leases->room = room;
	}
	return ++leases->n;
}

int leases_put(
	struct leases *leases, enum list list, const struct prefix *address, uint32_t subject, int64_t until)
{
	struct lease_row *row = find(leases, list, address, subject);
	uint32_t *bucket = bucket_of(leases, list, address), place;

	if (row != NULL) {
		if (until > row->until)
			row->until = until;
		return 0;
	}
	if (leases->used[list] == LEASES_MAX)
		return -ENOSPC;
	place = free_row(leases);
	if (place == 0)
		return -ENOMEM;
	leases->rows[place - 1] = (struct lease_row){until, *address, (uint8_t)list, subject, *bucket};
	*bucket = place;
	leases->used[list]++;
	return 0;
}

/* Takes the row that *link leads to out of its chain. */
static void unlink_row(struct leases *leases, uint32_t *link)
{
	const uint32_t place = *link;
	struct lease_row *row = &leases->rows[place - 1];

	*link = row->next;
	leases->used[row->list]--;
	*row = (struct lease_row){.next = leases->free};
	leases->free = place;
}

void leases_drop(struct leases *leases, enum list list, const struct prefix *address, uint32_t subject)
{
	uint32_t *link = bucket_of(leases, list, address);

	for (; *link != 0; link = &leases->rows[*link - 1].next) {
		const struct lease_row *row = &leases->rows[*link - 1];

		if (row->subject == subject && is_at(row, list, address)) {
			unlink_row(leases, link);
			return;
		}
	}
}

void leases_drop_subject(struct leases *leases, enum list list, uint32_t subject)
{
	for (uint32_t i = 0; i < leases->n; i++)
		if (leases->rows[i].subject == subject && leases->rows[i].list == (uint8_t)list) {
			const struct prefix address = leases->rows[i].address;

			leases_drop(leases, list, &address, subject);
		}
}

void leases_expire(struct leases *leases, int64_t now)
{
	for (uint32_t i = 0; i < leases->n; i++) {
		const struct lease_row row = leases->rows[i];

		if (row.subject != 0 && row.until + LEASES_LINGER_MS <= now)
			leases_drop(leases, (enum list)row.list, &row.address, row.subject);
	}
}

size_t leases_count(const struct leases *leases, enum list list, uint32_t subject)
{
	size_t n = 0;

	for (uint32_t i = 0; i < leases->n; i++)
		n += leases->rows[i].subject == subject && leases->rows[i].list == (uint8_t)list;
	return n;
}

bool leases_next_of(
	const struct leases *leases, enum list list, const struct prefix *address, uint32_t *place)
{
	uint32_t i = *place == 0 ? *bucket_of(leases, list, address) : leases->rows[*place - 1].next;

	while (i != 0 && !is_at(&leases->rows[i - 1], list, address))
		i = leases->rows[i - 1].next;
	*place = i;
	return i != 0;
}

int leases_begin(struct leases *leases, const struct lists *lists, const struct lookup *lookup, int64_t now)
{
	for (int list = 0; list < LISTS; list++) {
		const struct entries *entries = &lists->policy.list[list];
		const int64_t seconds = list == LIST_BLOCKED ? LEASES_BLOCKED_SECONDS
							     : LEARN_SECONDS_MIN + LEARN_SECONDS_GRACE;
		const int64_t until = now + seconds * 1000;

		for (size_t i = 0; i < entries->n; i++) {
			const struct target *target = entries->v[i].kind == ENTRY_NAME
							      ? lookup_find(lookup, entries->v[i].name)
							      : NULL;

			for (size_t a = 0; target != NULL && !target->fixed && a < target->addresses.n; a++) {
				int ret = leases_put(leases, (enum list)list, &target->addresses.v[a],
					lists->about[list][i].subject, until);

				if (ret < 0)
					return ret;
			}
		}
	}
	return 0;
}
