/*
 * What every unit test program shares: cmocka, words to look for in an error, an ear for the log, and files
 * that exist only in memory.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fw/policy.h"
#include "fw/prefix.h"
#include "util/error.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Fails the test with a message that names the row of a table. */
#define must(condition, ...)                   \
	do {                                   \
		if (!(condition))              \
			fail_msg(__VA_ARGS__); \
	} while (0)

/*
 * The error must be of this kind, and its text must hold each of the words, which '|' separates. row says
 * what was tried.
 */
void must_say(const struct error *error, enum failure kind, const char *words, const char *row);

/* True if text holds each of the words, which '|' separates. */
bool says(const char *text, const char *words);

/* From hear_begin on standard error goes into memory; hear_end restores it and returns what was written. */
void hear_begin(void);
const char *hear_end(void);

/* A file in memory: its path, good until file_drop. One at a time for each slot from 0 to 3. */
const char *file_with(unsigned int slot, const void *bytes, size_t length);
const char *file_of(unsigned int slot, const char *text);
void file_drop(void);

/* The prefix that text must be. */
struct prefix prefix(const char *text);

/* A policy of which only the lists are still to be filled; NULL is an empty one. */
struct policy policy(struct policy said, const char *allowed, const char *blocked, const char *inbound);

/* A path that does not exist. */
#define NO_FILE "/proc/self/no-such-file"

/* Sixteen characters or less, so many times over. Good until the next call but three. */
const char *times(const char *text, unsigned int n);

#endif
