/* Chains in one array, and a list of what is free. The keys are the agent's to choose: the seed is not. */
#include "guard/audit/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static struct table_slot *slot_at(const struct table *table, unsigned int slot)
{
	/* records are as aligned as the whole, since their size is that of a struct */
	return (void *)(table->records + slot * table->record_size);
}

static void *key_of(struct table_slot *record)
{
	return record + 1;
}

/* FNV-1a (draft-eastlake-fnv), begun with the seed. */
static unsigned int hash(const struct table *table, const void *key)
{
	const unsigned char *bytes = key;
	uint64_t sum = table->seed;

	for (size_t i = 0; i < table->key_size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return (unsigned int)((sum ^ sum >> 32) % table->slots);
}

int table_make(struct table *table, unsigned int slots, size_t key_size, size_t record_size)
{
	*table = (struct table){.slots = slots, .key_size = key_size, .record_size = record_size};
	table->heads = calloc(slots, sizeof(*table->heads));
	table->records = calloc(slots, record_size);
	if (table->heads == NULL || table->records == NULL || slots >= TABLE_NONE) {
		table_free(table);
		return -ENOMEM;
	}
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = UINT64_C(0xcbf29ce484222325);
	memset(table->heads, 0xff, slots * sizeof(*table->heads));
	table->free = TABLE_NONE;
	return 0;
}

void table_free(struct table *table)
{
	free(table->heads);
	free(table->records);
	*table = (struct table){0};
}

void *table_find(struct table *table, const void *key)
{
	for (uint16_t i = table->heads[hash(table, key)]; i != TABLE_NONE; i = slot_at(table, i)->next) {
		struct table_slot *record = slot_at(table, i);

		if (memcmp(key_of(record), key, table->key_size) == 0) {
			record->stamp = ++table->stamp;
			return record;
		}
	}
	return NULL;
}

void *table_least(const struct table *table)
{
	struct table_slot *least = NULL;

	if (table->n < table->slots)
		return NULL;
	for (unsigned int i = 0; i < table->slots; i++) {
		struct table_slot *record = slot_at(table, i);

		if (least == NULL || record->weight < least->weight ||
			(record->weight == least->weight && record->stamp < least->stamp))
			least = record;
	}
	return least;
}

void table_drop(struct table *table, void *record)
{
	struct table_slot *gone = record;
	const uint16_t index =
		(uint16_t)((size_t)((unsigned char *)record - table->records) / table->record_size);
	uint16_t *link = &table->heads[hash(table, key_of(gone))];

	while (*link != index)
		link = &slot_at(table, *link)->next;
	*link = gone->next;
	gone->used = false;
	gone->next = table->free;
	table->free = index;
	table->n--;
}

void *table_add(struct table *table, const void *key)
{
	/* what was given back comes first; the slots behind the n-th have never been used otherwise */
	const uint16_t index = table->free != TABLE_NONE ? table->free : (uint16_t)table->n;
	const unsigned int chain = hash(table, key);
	struct table_slot *record;

	if (table->n == table->slots)
		return NULL;
	record = slot_at(table, index);
	if (table->free != TABLE_NONE)
		table->free = record->next;
	memset(record, 0, table->record_size);
	memcpy(key_of(record), key, table->key_size);
	*record = (struct table_slot){.next = table->heads[chain], .used = true, .stamp = ++table->stamp};
	table->heads[chain] = index;
	table->n++;
	return record;
}

void *table_at(const struct table *table, unsigned int slot)
{
	return slot_at(table, slot)->used ? slot_at(table, slot) : NULL;
}
