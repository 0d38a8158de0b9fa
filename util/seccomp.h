/* Which system calls a process may make from now on. */
#ifndef UTIL_SECCOMP_H
#define UTIL_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

/*
 * One that is allowed: always, or, where mask is not 0, if the bits of mask in the lower 32 of its argument
 * of this number (0 to 5) have this value. A call may stand in a list several times.
 */
struct seccomp_call {
	int number;
	unsigned int argument;
	uint32_t mask, value;
};

#define SECCOMP_CALLS_MAX 80

/*
 * Any other call, or one of another architecture's numbering, ends the process (seccomp(2),
 * SECCOMP_RET_KILL_PROCESS). For ever, for all threads to come and what is executed. Needs no_new_privs, or
 * CAP_SYS_ADMIN. Returns 0 or -errno.
 */
int seccomp_allow(const struct seccomp_call *calls, size_t n);

#endif
