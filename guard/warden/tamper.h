/*
 * Watching: whether the rules and the sets are still what was meant. A change by somebody else is heard of at
 * once, by nf_tables' notifications; what makes none (ip_set has no such thing) is found by reading.
 */
#ifndef GUARD_WARDEN_TAMPER_H
#define GUARD_WARDEN_TAMPER_H

#include <stdbool.h>
#include <stdint.h>

#include "guard/warden/ward.h"
#include "util/netlink.h"

/* How often all is read back, in milliseconds; and when again after a repair that failed. */
#define TAMPER_CHECK_MS 10000
#define TAMPER_RETRY_MS 1000

/* Readings that fail one after another, each tried again as after a repair, before that is taken for a
 * change. */
#define TAMPER_UNREAD_MAX 5

/* The same difference is said again at most this often, in milliseconds, with a count. */
#define TAMPER_QUIET_MS 60000

/* Room for the name of a process in the kernel (linux/sched.h, TASK_COMM_LEN). */
#define TAMPER_NAME 16

struct tamper {
	struct netlink notifications;
	bool stop; /* PARA_ON_TAMPER=stop */
	int64_t next_check;
	char by[TAMPER_NAME]; /* who made the last change that was heard of; "" if that is not known */
	uint32_t elsewhere;   /* kinds of changes to tables of others that were said, a bit for each */
	uint64_t said;	      /* hash of the last difference that was said; 0: none was */
	int64_t said_at;
	unsigned int again;  /* how often it was found since */
	unsigned int unread; /* readings that failed one after another */
};

/* Subscribes. Returns 0 or -errno with *error filled. */
int tamper_open(struct tamper *tamper, bool stop, struct error *error);
void tamper_close(struct tamper *tamper);

/* To be polled for reading; then tamper_read, which never blocks. */
int tamper_fd(const struct tamper *tamper);

/*
 * Reads what there is of notifications, and the rules if one is of somebody else. Says and repairs what
 * differs. Returns 0, or -EPERM if something does and the agent is to be stopped.
 */
int tamper_read(struct tamper *tamper, struct ward *ward);

/* Reads rules and sets back if it is time, or tries again what failed and left the network closed. The same.
 */
int tamper_check(struct tamper *tamper, struct ward *ward, int64_t now);

#endif
