/*
 * Settings as a test says them: taken one by one, finished, and the lists that came of it in words. What is
 * logged meanwhile is heard.
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include "init/settings.h"

/* Settings that were taken, and what came of the last of them. {0} is nothing said; policy_free its policy.
 */
struct said {
	struct settings settings;
	struct policy policy;
	struct error error;
	int ret;
	const char *heard;
};

/* One setting under its variable's name; and the end of it. */
void take(struct said *it, enum setting setting, const char *value);
void finish(struct said *it, bool wanted);

/* One setting and its value; the list of them ends where value is NULL. */
struct pair {
	enum setting setting;
	const char *value;
};

#define PAIRS_MAX 5

/* Takes all and finishes, as far as nothing fails. */
struct said say(const struct pair *pairs, bool wanted);

/* The entries of a list, as "a.com:443 10.0.0.0/8"; must_list fails the test if they are others. */
const char *list_text(const struct policy *policy, enum list list);
void must_list(const struct said *it, enum list list, const char *words, const char *row);

#endif
