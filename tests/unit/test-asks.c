/* guard/resolver/asks.h: the places that clients cannot take from the questions of our own. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "guard/resolver/asks.h"

static struct asks asks;

static struct dns_question question_of(unsigned int number)
{
	struct dns_question question = {.type = DNS_A};
	char name[32];

	snprintf(name, sizeof(name), "n%u.example", number);
	assert_int_equal(dns_name_parse(name, &question.name), 0);
	question.hash = dns_hash(&question.name, question.type, 1);
	return question;
}

static struct ask *add(unsigned int number, bool own)
{
	const struct dns_question question = question_of(number);

	return asks_add(&asks, &question, false, own);
}

static bool join(struct ask *ask, unsigned int number, bool own)
{
	const struct peer peer = {.kind = own ? PEER_REFRESH : PEER_TCP, .slot = {number, 0}};
	const struct dns_asked asked = {.id = 0};

	return asks_join(&asks, ask, &peer, &asked);
}

static int leave(void **state)
{
	(void)state;
	for (unsigned int place = 0; place < ASKS_MAX; place++)
		if (asks_at(&asks, place) != NULL)
			asks_remove(&asks, asks_at(&asks, place));
	assert_int_equal(asks.n, 0);
	assert_int_equal(asks.n_askers, 0);
	return 0;
}

static void questions(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ASKS_MAX - ASKS_KEPT; i++)
		assert_non_null(add(i, false));
	assert_null(add(1000, false));
	for (unsigned int i = 0; i < ASKS_KEPT; i++)
		assert_non_null(add(2000 + i, true));
	assert_null(add(1000, true));
	/* a place that is free again is a client's only if the others are */
	asks_remove(&asks, asks_at(&asks, 0));
	assert_null(add(1000, false));
	assert_non_null(add(1000, true));
}

static void those_who_wait(void **state)
{
	struct ask *first = NULL, *ask = NULL;
	unsigned int n = 0;

	(void)state;
	while (n < ASKERS_MAX - ASKS_KEPT) {
		ask = add(n, false);
		assert_non_null(ask);
		first = first == NULL ? ask : first;
		for (unsigned int i = 0; i < ASKERS_OF_ONE_MAX; i++)
			assert_true(join(ask, n++, false));
		assert_false(join(ask, n, false));
	}
	assert_false(join(add(n, false), n, false));
	/* of our own, also on a question that many clients wait for */
	assert_false(first->own);
	assert_true(join(first, 1, true));
	assert_true(first->own);
	for (unsigned int i = 1; i < ASKS_KEPT; i++)
		assert_true(join(add(n + i, true), i, true));
	assert_false(join(ask, 2, true));
	asks_remove(&asks, first);
	assert_true(join(ask, 2, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(questions, leave),
		cmocka_unit_test_teardown(those_who_wait, leave),
	};

	return cmocka_run_group_tests_name("asks", tests, NULL, NULL);
}
