/*
 * Allocations that fail, linked into secure-init in place of malloc and kin (ld's --wrap; tests/faults.mk).
 *
 * FAULT_ALLOC=ROLE:N fails the N-th of one process, ROLE:N+ that one and all later ones; ROLE is 0 for
 * process 1, K for its K-th child. FAULT_ALLOC=report says each allocation instead. Lines go to standard
 * error and begin with "fault: ".
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
pid_t __real_fork(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
pid_t __wrap_fork(void);

static struct {
	bool read, report, onwards;
	int role; /* which one is to fail */
	unsigned long when;
	int mine, children; /* -1: a grandchild */
	unsigned long count;
} it;

static void read_aim(void)
{
	const char *text = getenv("FAULT_ALLOC");
	char *end;

	it.read = true;
	it.role = -2;
	if (text == NULL)
		return;
	it.report = strcmp(text, "report") == 0;
	if (it.report)
		return;
	it.role = (int)strtol(text, &end, 10);
	it.when = strtoul(end + 1, &end, 10);
	it.onwards = *end == '+';
}

static void say(void)
{
	char line[64];
	const int length = snprintf(line, sizeof(line), "fault: allocation %d %lu\n", it.mine, it.count);

	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		_exit(125);
}

static bool fails(void)
{
	bool now;

	if (!it.read)
		read_aim();
	it.count++;
	now = it.mine == it.role && (it.onwards ? it.count >= it.when : it.count == it.when);
	if (it.report || (now && it.count == it.when))
		say();
	if (now)
		errno = ENOMEM;
	return now;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (pid != 0) {
		it.children += pid > 0;
		return pid;
	}
	it.mine = it.mine == 0 ? it.children + 1 : -1;
	it.count = 0;
	return 0;
}
