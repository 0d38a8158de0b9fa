/*
 * What ends the set-up early: its deadline, and the signals by which a container is stopped. One mechanism
 * for every place where it may be waiting, since the process simply ends; PID 1's end takes its children
 * along.
 */
#ifndef INIT_INTERRUPT_H
#define INIT_INTERRUPT_H

#include <signal.h>

#define INTERRUPT_SIGNALS 5

/* How the signals were handled before; the agent gets that back. */
struct interrupt {
	struct sigaction before[INTERRUPT_SIGNALS];
};

/* From now on the deadline and the stop signals end the process. seconds: 0 for no deadline. */
void interrupt_begin(struct interrupt *interrupt, unsigned int seconds);

/* Says what is being done, a few words after "while", for the message of the deadline. */
void interrupt_doing(const char *what);

/* Back to how it was. The caller has blocked all signals: none is lost between the two regimes. */
void interrupt_end(const struct interrupt *interrupt);

#endif
