/*
 * Answers kept for as long as their TTL says, in one block of memory that is filled round and round: what is
 * written next takes the place of what is oldest. Knows nothing of who asks, or why an answer is what it is.
 */
#ifndef GUARD_RESOLVER_CACHE_H
#define GUARD_RESOLVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/match.h"
#include "guard/resolver/answer.h"

struct cache;

/* What tells one answer from another. */
struct cache_key {
	const struct dns_question *question; /* its name in lower case, its hash set */
	bool dnssec;
};

/* An answer that was found, good until the next call but cache_find. */
struct cache_found {
	struct answer_view answer;
	uint32_t age; /* seconds */
	enum name_verdict verdict;
};

/* bytes: all that it may use, but for a small table. NULL: out of memory. */
struct cache *cache_new(size_t bytes);
void cache_free(struct cache *cache);

bool cache_find(struct cache *cache, const struct cache_key *key, int64_t now_ms, struct cache_found *found);

/* Keeps a copy, unless the answer is only good for now, or is large. An answer of the same key gives way. */
void cache_put(struct cache *cache, const struct cache_key *key, const struct answer *answer,
	enum name_verdict verdict, int64_t now_ms);

void cache_clear(struct cache *cache);

/* How many answers are kept. */
size_t cache_count(const struct cache *cache);

#endif
