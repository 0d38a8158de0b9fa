/*
 * The agent's seccomp filter: what goes round netfilter, and what a program has no need of and kernels have
 * been broken by. A short list of what is refused (docs/threat-model.md), not of what is allowed: an agent
 * runs anything.
 */
#ifndef INIT_FENCE_H
#define INIT_FENCE_H

#include <stdbool.h>

/* How the operator wants it (PARA_SECCOMP). */
struct fence {
	bool up;
	bool io_uring; /* whose calls no filter sees one by one, and which is refused else */
};

/*
 * Puts it around this process, for good and for whatever it executes. Needs no_new_privs. Returns 0 or
 * -errno: -EINVAL or -ENOSYS from a kernel without seccomp filters.
 */
int fence_put(const struct fence *fence);

#endif
