/*
 * Addresses in a table, names in a ring: an address remembers where in the ring its name was written, and
 * forgets it when the ring has come round to there. Addresses of one answer share one copy of the name.
 */
#include "guard/audit/known.h"

#include <string.h>

struct record {
	struct table_slot slot;
	struct prefix address;
	uint64_t place;
};

int known_make(struct known *known)
{
	known->place = known->last = 0;
	return table_make(&known->table, KNOWN_ADDRESSES, sizeof(struct prefix), sizeof(struct record));
}

void known_free(struct known *known)
{
	table_free(&known->table);
}

/* NULL once newer names have been written over it. */
static const char *name_at(const struct known *known, uint64_t place)
{
	if (known->place == 0 || known->place - place > KNOWN_NAME_BYTES)
		return NULL;
	return known->names + place % KNOWN_NAME_BYTES;
}

static void write_name(struct known *known, const char *name, size_t size)
{
	const uint64_t left = KNOWN_NAME_BYTES - known->place % KNOWN_NAME_BYTES;

	/* a name never goes round the ring's end */
	if (size > left)
		known->place += left;
	known->last = known->place;
	memcpy(known->names + known->last % KNOWN_NAME_BYTES, name, size);
	known->place += size;
}

void known_put(struct known *known, const struct prefix *address, const char *name)
{
	struct record *record = table_find(&known->table, address);
	const size_t size = strlen(name) + 1;
	const char *before;

	if (size > NAME_TEXT)
		return;
	if (record == NULL) {
		struct record *old = table_least(&known->table);

		if (old != NULL)
			table_drop(&known->table, old);
		record = table_add(&known->table, address);
	} else {
		before = name_at(known, record->place);
		if (before != NULL && strcmp(before, name) == 0)
			return;
	}
	before = name_at(known, known->last);
	if (before == NULL || strcmp(before, name) != 0)
		write_name(known, name, size);
	record->place = known->last;
}

const char *known_name(struct known *known, const struct prefix *address)
{
	const struct record *record = table_find(&known->table, address);

	return record == NULL ? NULL : name_at(known, record->place);
}
