/*
 * Live changes: what a caller and the warden say to each other over an abstract unix socket of this network
 * namespace, one struct at a time, and the warden's side of it. The caller reads words; here come only
 * structs of fixed size, and every field of them is looked at again.
 *
 *   warden: CHALLENGE (text: a set's name)
 *   caller, having made that set: ALLOW, DENY or LIST; or RELOAD, ENTRY…, COMMIT
 *   warden: LISTED… and DONE
 */
#ifndef GUARD_WARDEN_CONTROL_H
#define GUARD_WARDEN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/policy.h"
#include "guard/warden/live.h"
#include "util/error.h"

/* The socket's name (unix(7), abstract): a zero byte, and this. */
#define CONTROL_NAME "secure-init"

/*
 * What a caller has for its proof; for all else it says; and then a live name for its first answer of DNS. In
 * milliseconds.
 */
#define CONTROL_PROOF_MS 1000
#define CONTROL_MS	 5000

/*
 * Callers at one time; and of one user and group before they have proved that they may be. A caller that may
 * takes the warden's group to have places that an agent, also of the same user, cannot hold.
 */
#define CONTROL_CALLERS_MAX 8
#define CONTROL_STRANGERS   3

/* Entries of one new policy. */
#define CONTROL_ENTRIES_MAX 8192

enum control_type {
	CONTROL_CHALLENGE = 1,
	CONTROL_ALLOW,	/* entry, seconds (0: for good) */
	CONTROL_DENY,	/* entry */
	CONTROL_LIST,	/* all entries */
	CONTROL_RELOAD, /* settings: a new policy begins */
	CONTROL_ENTRY,	/* entry, list: one of its entries */
	CONTROL_COMMIT, /* that was all of it */
	CONTROL_LISTED, /* entry, list, live, seconds (left; 0: for good), addresses (now) */
	CONTROL_DONE,	/* status (0 or enum failure), text; after it nothing comes */
};

/* The part of a policy that is no list; of struct policy, each in a byte. */
struct control_settings {
	uint8_t isolated, defaulted, strict, filter, inbound_said, inbound_none, inbound_host;
	uint8_t mode, dns, ssh, host; /* their enums */
	uint8_t reserved;
};

struct control_message {
	uint32_t type; /* enum control_type */
	int32_t status;
	uint32_t list; /* enum list */
	uint32_t live; /* 1: by a live change */
	uint32_t seconds, addresses;
	struct control_settings settings;
	struct entry entry;
	char text[LIVE_TEXT];
};

/* Sends or receives one, whole. The same answers as message_send and message_receive; text ends within it. */
int control_send(int socket, const struct control_message *message);
int control_receive(int socket, struct control_message *message);

void control_settings_of(const struct policy *policy, struct control_settings *settings);

/* Fills all of policy but its lists. False if a byte is none that it can be. */
bool control_policy(const struct control_settings *settings, struct policy *policy);

struct control;

/* Binds the socket. Returns 0 with *control (control_close gives it back) or -errno with *error filled. */
int control_open(struct control **control, struct error *error);
void control_close(struct control *control);

/*
 * Lets callers come. To be called as the user that they shall find here: the kernel shows them who listened
 * (unix(7), SO_PEERCRED). Returns 0 or -errno.
 */
int control_listen(const struct control *control);

/* Fills in what to poll, at most CONTROL_CALLERS_MAX + 1, and how long at most. Returns the number. */
struct pollfd;
unsigned int control_poll(const struct control *control, struct pollfd *fds, int64_t *until);

/* Does what the poll says can be done; never waits. fds are those of control_poll, n of them. */
void control_serve(struct control *control, struct ward *ward, struct outbox *outbox,
	const struct pollfd *fds, unsigned int n);

/* Something was learnt: who waits for it gets its answer. */
void control_learnt(struct control *control, struct ward *ward);

#endif
