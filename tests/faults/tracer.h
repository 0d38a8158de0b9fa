/* What inject.c and netlink.c share: one traced process, and its registers. */
#ifndef TESTS_FAULTS_TRACER_H
#define TESTS_FAULTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#define CALLS_MAX 512 /* numbers of system calls */
#define FDS_MAX	  64
#define ROLES	  7

struct tracee {
	pid_t pid;
	int role;     /* of `roles`; -1: none that counts (what starts the container, grandchildren) */
	bool known;   /* its parent's fork was seen */
	bool waits;   /* stopped since before that */
	bool inside;  /* between a call's entry and its exit */
	bool skipped; /* the call is not made; result is what it gives */
	bool asleep;  /* the call became a sleep without end */
	long result;
	long number; /* of the call that it is in */
	uint64_t args[6];
	unsigned int counts[CALLS_MAX];
	unsigned int received; /* netlink messages */
	bool netlink[FDS_MAX];
};

/* How a netlink datagram is spoilt: see `inject` without arguments. */
struct spoil {
	const char *how; /* NULL: none is */
	int role;
	unsigned int when; /* the first is 1 */
};

/* At the exit of a receive that gave `length` bytes. True if the call is to be made again. */
bool spoil_exit(struct tracee *tracee, const struct spoil *spoil, struct user_regs_struct *regs);

/* At the entry of one. True if it is not to be made, and spoil_late() gives its result. */
bool spoil_entry(struct tracee *tracee, const struct spoil *spoil);
long spoil_late(struct tracee *tracee);

/* True if all that was to be spoilt is. */
bool spoil_done(void);

#endif
