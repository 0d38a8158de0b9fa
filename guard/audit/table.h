/*
 * A table of a fixed number of records, found by their keys. Whoever fills it looks after what it pushes out:
 * the record of least weight, and of these the one that was longest not asked for. Knows nothing of what is
 * in a record.
 */
#ifndef GUARD_AUDIT_TABLE_H
#define GUARD_AUDIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than a table can have, so that an index is 16 bits. */
#define TABLE_NONE UINT16_MAX

/* What every record begins with; weight is the user's, the rest the table's. Its key follows right behind. */
struct table_slot {
	uint32_t weight;
	uint16_t next;
	bool used;
	uint64_t stamp;
};

struct table {
	unsigned int slots, n;
	size_t key_size, record_size;
	uint64_t stamp, seed;
	uint16_t free;
	uint16_t *heads; /* as many as slots */
	unsigned char *records;
};

/*
 * Makes an empty table. Keys are compared byte by byte, so they must have no holes. Returns 0, or -ENOMEM;
 * table_free gives it back. {0} may be freed.
 */
int table_make(struct table *table, unsigned int slots, size_t key_size, size_t record_size);
void table_free(struct table *table);

/* The record of that key, now the one used last; or NULL. */
void *table_find(struct table *table, const void *key);

/* The record that is to go when the table is full; NULL as long as it is not. */
void *table_least(const struct table *table);
void table_drop(struct table *table, void *record);

/* A new record, all zero but the key, which must not be there yet. NULL if the table is full. */
void *table_add(struct table *table, const void *key);

/* The record in a slot below table->slots, or NULL if none is there. */
void *table_at(const struct table *table, unsigned int slot);

#endif
