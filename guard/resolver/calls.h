/* The system calls that the resolver makes once everything is open, and no others. */
#ifndef GUARD_RESOLVER_CALLS_H
#define GUARD_RESOLVER_CALLS_H

/*
 * To be called between resolver_open and resolver_run, with no_new_privs set: any other call ends the process
 * from then on. Returns 0 or -errno; -ENOSYS or -EINVAL from a kernel without seccomp.
 */
int calls_confine(void);

#endif
