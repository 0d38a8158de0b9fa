/* guard/resolver/cache.h: answers that are kept, grow old and give way. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/resolver/cache.h"

#define BYTES 16384

/* An answer that says who it is of: its message is a header, the name, its type, and as much as is wanted. */
static struct answer *made(const struct dns_question *question, uint32_t seconds, size_t more)
{
	const size_t length = DNS_HEADER + question->name.length + 4U + more;
	struct answer *answer = calloc(1, sizeof(*answer) + 2 + length);
	uint8_t *message;

	assert_non_null(answer);
	*answer = (struct answer){.seconds = seconds, .length = (uint16_t)length, .n_ttls = 1};
	message = (uint8_t *)(answer->data + 1);
	memset(message, 0xaa, length);
	memcpy(message + DNS_HEADER, question->name.wire, question->name.length);
	return answer;
}

static struct dns_question question_of(unsigned int number)
{
	struct dns_question question = {.type = DNS_A};
	char name[40];

	snprintf(name, sizeof(name), "host%u.example", number);
	assert_int_equal(dns_name_parse(name, &question.name), 0);
	question.hash = dns_hash(&question.name, question.type, 1);
	return question;
}

static void put(struct cache *cache, unsigned int number, uint32_t seconds, size_t more, int64_t now_ms)
{
	const struct dns_question question = question_of(number);
	const struct cache_key key = {.question = &question};
	struct answer *answer = made(&question, seconds, more);

	cache_put(cache, &key, answer, NAME_ALLOWED, now_ms);
	free(answer);
}

/* The length of the answer that is found, 0: none. */
static unsigned int find(struct cache *cache, unsigned int number, int64_t now_ms)
{
	const struct dns_question question = question_of(number);
	const struct cache_key key = {.question = &question};
	struct cache_found found;

	if (!cache_find(cache, &key, now_ms, &found))
		return 0;
	assert_memory_equal(found.answer.message + DNS_HEADER, question.name.wire, question.name.length);
	assert_int_equal(found.verdict, NAME_ALLOWED);
	return found.answer.length;
}

static void answers_grow_old(void **state)
{
	struct cache *cache = cache_new(BYTES);
	const struct dns_question question = question_of(1);
	struct cache_key key = {.question = &question};
	struct cache_found found;

	(void)state;
	put(cache, 1, 10, 0, 5000);
	assert_true(cache_find(cache, &key, 5000, &found));
	assert_int_equal(found.age, 0);
	assert_true(cache_find(cache, &key, 14999, &found));
	assert_int_equal(found.age, 9);
	assert_false(cache_find(cache, &key, 15000, &found));
	/* of another kind */
	key.dnssec = true;
	assert_false(cache_find(cache, &key, 5000, &found));
	key.dnssec = false;
	/* not kept at all; and what was there before is not good any more either */
	put(cache, 1, 0, 0, 6000);
	assert_int_equal(find(cache, 1, 6000), 0);
	put(cache, 2, 10, 5000, 6000);
	assert_int_equal(find(cache, 2, 6000), 0);
	assert_int_equal(cache_count(cache), 0);
	cache_free(cache);
}

static void the_newer_takes_the_place(void **state)
{
	struct cache *cache = cache_new(BYTES);
	/* the header, the name, type and class */
	const unsigned int least = DNS_HEADER + 15 + 4;

	(void)state;
	for (unsigned int more = 0; more < 500; more++) {
		put(cache, 1, 10, more, 0);
		assert_int_equal(find(cache, 1, 0), least + more);
		assert_int_equal(cache_count(cache), 1);
	}
	cache_clear(cache);
	assert_int_equal(find(cache, 1, 0), 0);
	assert_int_equal(cache_count(cache), 0);
	cache_free(cache);
}

/* Sizes and names at random: what is found is right, and what was put last is found. */
static void it_goes_round(void **state)
{
	struct cache *cache = cache_new(BYTES);
	unsigned int last[300] = {0};
	size_t most = 0;

	(void)state;
	srand(1);
	for (unsigned int i = 0; i < 200000; i++) {
		const unsigned int number = (unsigned int)rand() % LENGTH(last);
		const unsigned int other = (unsigned int)rand() % LENGTH(last);
		const size_t more = (size_t)rand() % (i % 1000 == 0 ? 4500 : 200);
		unsigned int length;

		put(cache, number, 100, more, i);
		length = find(cache, number, i);
		last[number] = length;
		must(length > more || more > 3800, "%u: not found", i);
		length = find(cache, other, i);
		must(length == 0 || length == last[other], "%u: an older answer", i);
		if (cache_count(cache) > most)
			most = cache_count(cache);
		if (i % 50000 == 49999)
			cache_clear(cache);
	}
	assert_in_range(most, BYTES / 300, BYTES / 60);
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_grow_old),
		cmocka_unit_test(the_newer_takes_the_place),
		cmocka_unit_test(it_goes_round),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
