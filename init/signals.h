/*
 * Signals as the kernel has them, all 64. The libc's calls will not do: musl keeps 32 to 34 for itself and
 * leaves them out of every mask, and an init must pass on whatever comes.
 */
#ifndef INIT_SIGNALS_H
#define INIT_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#define SIGNALS 64

/* Signal n is bit n - 1 (signal(7), rt_sigprocmask(2)). */
typedef uint64_t signal_mask;

#define SIGNAL_ALL ((signal_mask)~UINT64_C(0))

signal_mask signals_masked(void);
void signals_mask(signal_mask mask);

/*
 * Takes one pending signal of the set, or waits for it: for ever if wait_ms is negative. Returns its number,
 * or 0 if the time is over.
 */
int signals_take(signal_mask set, int wait_ms, siginfo_t *info);

/* Passes a received signal on as number to a process, or to a group if pid is negative; with its value, if it
 * has one. */
void signals_pass_on(pid_t pid, int number, const siginfo_t *info);

/* The number of "15", "TERM" or "SIGTERM"; or -EINVAL. 0 is a number too. */
int signals_parse(const char *text);

#endif
