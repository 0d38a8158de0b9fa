/* What the fuzzers share. Each is libFuzzer's one function, which stops the program where a promise is
 * broken. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A promise. The stack that libFuzzer prints says which one was broken. */
#define must(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* The bytes with a zero behind them, in just as much memory; the caller frees. */
static inline char *text_of(const void *bytes, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	return text;
}

/* A file in memory and its path; the caller closes. */
struct file {
	int fd;
	char path[40];
};

static inline struct file file_of(const void *bytes, size_t size)
{
	struct file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

	must(file.fd >= 0 && write(file.fd, bytes, size) == (ssize_t)size);
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

#endif
