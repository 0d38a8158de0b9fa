/*
 * The cache: see the header. Entries stand one behind the other in the block, in the order of their age. From
 * tail on they are in use up to head; once head has come round (wrapped), from tail up to end, and from 0 up
 * to head.
 */
#include "guard/resolver/cache.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024U
/* A block's places are counted in eights, so that entries are aligned. */
#define GRAIN 8U
/* Longer answers are rare, and would push many others out. */
#define ANSWER_BYTES_MAX 4096U

#define FLAG_DNSSEC    1U
#define FLAG_AUTHENTIC 2U

/* Followed by the TTLs' offsets and the message, which begins with the name that is part of the key. */
struct entry_head {
	int64_t since_ms;
	uint32_t size; /* of all of it, in bytes */
	uint32_t next; /* in the bucket: place + 1; 0: none */
	uint32_t hash;
	uint32_t seconds; /* to live */
	uint16_t type;
	uint16_t length, n_ttls;
	uint8_t flags;
	uint8_t verdict;
};

struct cache {
	size_t size, head, tail, end, n;
	bool wrapped;
	uint32_t buckets[BUCKETS]; /* place + 1; 0: none */
	_Alignas(8) uint8_t block[];
};

struct cache *cache_new(size_t bytes)
{
	struct cache *cache = calloc(1, sizeof(*cache) + bytes);

	if (cache != NULL)
		cache->size = bytes / GRAIN * GRAIN;
	return cache;
}

void cache_free(struct cache *cache)
{
	free(cache);
}

void cache_clear(struct cache *cache)
{
	memset(cache->buckets, 0, sizeof(cache->buckets));
	cache->head = cache->tail = cache->end = cache->n = 0;
	cache->wrapped = false;
}

size_t cache_count(const struct cache *cache)
{
	return cache->n;
}

static struct entry_head *entry_at(struct cache *cache, size_t place)
{
	return (void *)(cache->block + place);
}

static uint8_t *entry_message(struct entry_head *entry)
{
	return (uint8_t *)(entry + 1) + entry->n_ttls * sizeof(uint16_t);
}

static bool is_of_key(struct entry_head *entry, const struct cache_key *key)
{
	const struct dns_question *question = key->question;

	return entry->hash == question->hash && entry->type == question->type &&
	       ((entry->flags & FLAG_DNSSEC) != 0) == key->dnssec &&
	       entry->length >= DNS_HEADER + question->name.length &&
	       memcmp(entry_message(entry) + DNS_HEADER, question->name.wire, question->name.length) == 0;
}

/* Where the link to the key's entry is, or the end of its bucket. */
static uint32_t *link_to(struct cache *cache, const struct cache_key *key)
{
	uint32_t *link = &cache->buckets[key->question->hash % BUCKETS];

	while (*link != 0 && !is_of_key(entry_at(cache, *link - 1), key))
		link = &entry_at(cache, *link - 1)->next;
	return link;
}

bool cache_find(struct cache *cache, const struct cache_key *key, int64_t now_ms, struct cache_found *found)
{
	const uint32_t place = *link_to(cache, key);
	struct entry_head *entry;
	int64_t age;

	if (place == 0)
		return false;
	entry = entry_at(cache, place - 1);
	age = (now_ms - entry->since_ms) / 1000;
	if (age < 0 || age >= entry->seconds)
		return false;
	*found = (struct cache_found){
		.answer = {.message = entry_message(entry),
			.ttls = (const uint16_t *)(entry + 1),
			.length = entry->length,
			.n_ttls = entry->n_ttls,
			.authentic = (entry->flags & FLAG_AUTHENTIC) != 0},
		.age = (uint32_t)age,
		.verdict = (enum name_verdict)entry->verdict,
	};
	return true;
}

/* The oldest gives way. One that was replaced before is in no bucket any more. */
static void drop_oldest(struct cache *cache)
{
	struct entry_head *entry = entry_at(cache, cache->tail);
	uint32_t *link = &cache->buckets[entry->hash % BUCKETS];

	while (*link != 0 && *link - 1 != cache->tail)
		link = &entry_at(cache, *link - 1)->next;
	if (*link != 0) {
		*link = entry->next;
		cache->n--;
	}
	cache->tail += entry->size;
	if (cache->wrapped && cache->tail == cache->end) {
		cache->tail = 0;
		cache->wrapped = false;
	}
}

/* Makes room behind head; size is not more than the block's. */
static void make_room(struct cache *cache, size_t size)
{
	for (;;) {
		if (cache->wrapped && cache->tail - cache->head >= size)
			return;
		if (cache->wrapped) {
			drop_oldest(cache);
			continue;
		}
		/* tail is 0 */
		if (cache->size - cache->head >= size)
			return;
		cache->end = cache->head;
		cache->head = 0;
		cache->wrapped = true;
	}
}

void cache_put(struct cache *cache, const struct cache_key *key, const struct answer *answer,
	enum name_verdict verdict, int64_t now_ms)
{
	const size_t ttls = answer->n_ttls * sizeof(uint16_t);
	const size_t size = (sizeof(struct entry_head) + ttls + answer->length + GRAIN - 1) / GRAIN * GRAIN;
	struct entry_head *entry;
	uint32_t *link = link_to(cache, key);

	if (*link != 0) {
		*link = entry_at(cache, *link - 1)->next;
		cache->n--;
	}
	if (answer->seconds == 0 || size > ANSWER_BYTES_MAX || size > cache->size)
		return;
	make_room(cache, size);
	entry = entry_at(cache, cache->head);
	link = &cache->buckets[key->question->hash % BUCKETS];
	*entry = (struct entry_head){.since_ms = now_ms,
		.size = (uint32_t)size,
		.next = *link,
		.hash = key->question->hash,
		.seconds = answer->seconds,
		.type = key->question->type,
		.length = answer->length,
		.n_ttls = answer->n_ttls,
		.flags =
			(uint8_t)((key->dnssec ? FLAG_DNSSEC : 0) | (answer->authentic ? FLAG_AUTHENTIC : 0)),
		.verdict = (uint8_t)verdict};
	memcpy(entry + 1, answer_ttls(answer), ttls);
	memcpy(entry_message(entry), answer_message(answer), answer->length);
	*link = (uint32_t)cache->head + 1;
	cache->head += size;
	cache->n++;
}
