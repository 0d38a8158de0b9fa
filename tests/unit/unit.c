/* The helpers of the unit tests: see the header. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 4

static struct {
	int fd; /* 0: none */
	char path[40];
} files[SLOTS];

static int heard = -1, before = -1;

bool says(const char *text, const char *words)
{
	char word[200];

	while (*words != '\0') {
		const size_t length = strcspn(words, "|");

		assert_true(length < sizeof(word));
		memcpy(word, words, length);
		word[length] = '\0';
		if (strstr(text, word) == NULL)
			return false;
		words += length + (words[length] == '|');
	}
	return true;
}

void must_say(const struct error *error, enum failure kind, const char *words, const char *row)
{
	must(error->kind == kind, "'%s': an error of kind %d, not %d: %s", row, (int)error->kind, (int)kind,
		error->text);
	must(says(error->text, words), "'%s': '%s' does not say '%s'", row, error->text, words);
}

void hear_begin(void)
{
	assert_int_equal(heard, -1);
	heard = memfd_create("heard", MFD_CLOEXEC);
	before = dup(STDERR_FILENO);
	assert_true(heard >= 0 && before >= 0);
	assert_int_equal(dup2(heard, STDERR_FILENO), STDERR_FILENO);
}

const char *hear_end(void)
{
	static char text[65536];
	ssize_t length;

	dup2(before, STDERR_FILENO);
	close(before);
	length = pread(heard, text, sizeof(text) - 1, 0);
	close(heard);
	heard = -1;
	assert_true(length >= 0);
	text[length] = '\0';
	return text;
}

const char *file_with(unsigned int slot, const void *bytes, size_t length)
{
	assert_true(slot < SLOTS);
	if (files[slot].fd > 0)
		close(files[slot].fd);
	files[slot].fd = memfd_create("file", MFD_CLOEXEC);
	assert_true(files[slot].fd > 0);
	assert_int_equal(write(files[slot].fd, bytes, length), length);
	snprintf(files[slot].path, sizeof(files[slot].path), "/proc/self/fd/%d", files[slot].fd);
	return files[slot].path;
}

const char *file_of(unsigned int slot, const char *text)
{
	return file_with(slot, text, strlen(text));
}

void file_drop(void)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		if (files[slot].fd > 0)
			close(files[slot].fd);
		files[slot].fd = 0;
	}
}

struct prefix prefix(const char *text)
{
	struct prefix it;

	must(prefix_parse(text, &it, NULL) == 0, "'%s' is no prefix", text);
	return it;
}

struct policy policy(struct policy said, const char *allowed, const char *blocked, const char *inbound)
{
	const char *const lists[LISTS] = {allowed, blocked, inbound};
	struct error error;

	said.isolated = true;
	for (int list = 0; list < LISTS; list++)
		must(lists[list] == NULL || entries_parse("LIST", lists[list], &said.list[list], &error) == 0,
			"'%s': %s", lists[list], error.text);
	return said;
}

const char *times(const char *text, unsigned int n)
{
	static char buffers[4][8192];
	static unsigned int turn;
	char *buffer = buffers[turn++ % LENGTH(buffers)];
	const size_t length = strlen(text);

	assert_true(length * n < sizeof(buffers[0]));
	for (unsigned int i = 0; i < n; i++)
		memcpy(buffer + i * length, text, length);
	buffer[n * length] = '\0';
	return buffer;
}
