/*
 * Callers, each in one state, none of whom can make the warden wait: see the header. Whoever has not proved
 * that he may is a stranger, and gets nothing but a challenge.
 */
#include "guard/warden/control.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guard/warden/proof.h"
#include "guard/warden/valid.h"
#include "util/clock.h"
#include "util/log.h"

/* Connections taken, and messages read of one caller, at one time. */
#define ACCEPT_MAX 32
#define READ_MAX   64

/* How often refused strangers are said, in milliseconds. */
#define REFUSED_MS 60000

enum state {
	STATE_NONE,	 /* the place is free */
	STATE_STRANGER,	 /* has been challenged */
	STATE_RELOADING, /* sends a policy */
	STATE_LISTING,	 /* is being sent the lists */
	STATE_WAITING,	 /* for the first address of its entry */
};

struct caller {
	enum state state;
	int socket;
	int64_t until;
	struct ucred who; /* for the record only */
	char proof[PROOF_NAME];
	struct entry entry;   /* of STATE_WAITING */
	struct policy policy; /* of STATE_RELOADING */
	size_t n;	      /* entries of it */
	int list;	      /* of STATE_LISTING: the next entry to be sent */
	size_t place;
};

struct control {
	int socket;
	struct caller callers[CONTROL_CALLERS_MAX];
	int64_t refused_at;	/* when it was said last */
	unsigned int refused_n; /* since then */
};

int control_open(struct control **control, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(CONTROL_NAME) - 1;
	struct control *it = calloc(1, sizeof(*it));

	if (it == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for live changes");
	/* abstract: a zero byte in front, none at the end */
	memcpy(address.sun_path + 1, CONTROL_NAME, sizeof(CONTROL_NAME) - 1);
	it->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (it->socket < 0 || bind(it->socket, (const struct sockaddr *)&address, length) < 0) {
		const int err = errno;

		control_close(it);
		return error_set(error, FAIL_SYSTEM, err,
			"the socket for live changes (@" CONTROL_NAME " of this network) cannot be had: %s",
			strerror(err));
	}
	*control = it;
	return 0;
}

int control_listen(const struct control *control)
{
	return listen(control->socket, ACCEPT_MAX) < 0 ? -errno : 0;
}

static void drop(struct caller *caller)
{
	close(caller->socket);
	policy_free(&caller->policy);
	*caller = (struct caller){0};
}

void control_close(struct control *control)
{
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++)
		if (control->callers[i].state != STATE_NONE)
			drop(&control->callers[i]);
	if (control->socket >= 0)
		close(control->socket);
	free(control);
}

/* The last word. Whoever does not read it has had his chance. */
static void finish(struct caller *caller, int status, const char *text)
{
	struct control_message message = {.type = CONTROL_DONE, .status = status};

	snprintf(message.text, sizeof(message.text), "%s", text);
	control_send(caller->socket, &message);
	drop(caller);
}

static void accept_one(struct control *control, int socket)
{
	struct control_message message = {.type = CONTROL_CHALLENGE};
	struct caller *caller = NULL;
	struct ucred who;
	socklen_t size = sizeof(who);
	unsigned int strangers = 0;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0) {
		close(socket);
		return;
	}
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++) {
		struct caller *it = &control->callers[i];

		if (it->state == STATE_NONE)
			caller = it;
		strangers += it->state == STATE_STRANGER && it->who.uid == who.uid && it->who.gid == who.gid;
	}
	if (caller == NULL || strangers >= CONTROL_STRANGERS || proof_invent(caller->proof) < 0) {
		close(socket);
		return;
	}
	caller->state = STATE_STRANGER;
	caller->socket = socket;
	caller->who = who;
	caller->until = clock_ms() + CONTROL_PROOF_MS;
	memcpy(message.text, caller->proof, sizeof(caller->proof));
	if (control_send(socket, &message) < 0)
		drop(caller);
}

static void accept_all(struct control *control)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		const int socket = accept4(control->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (socket >= 0)
			accept_one(control, socket);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* Somebody wanted what only NET_ADMIN may: said, but not as often as he likes. */
static void refuse(struct control *control, struct caller *caller)
{
	const int64_t now = clock_ms();

	control->refused_n++;
	if (control->refused_at == 0 || now >= control->refused_at + REFUSED_MS) {
		log_warn("a live change was refused: uid %u, pid %d has no NET_ADMIN (%u such since the last "
			 "that was said)",
			caller->who.uid, caller->who.pid, control->refused_n);
		control->refused_at = now;
		control->refused_n = 0;
	}
	finish(caller, FAIL_PRIVILEGE,
		"not permitted: a live change needs CAP_NET_ADMIN of the caller's own (docker exec -u root)");
}

static void record(const struct caller *caller, const char *what, const char *entry, const char *text)
{
	log_info("live change by uid %u, pid %d: %s%s%s: %s", caller->who.uid, caller->who.pid, what,
		*entry == '\0' ? "" : " ", entry, text);
}

/* The addresses that a name has now, as many as there is room for. */
static void say_addresses(const struct ward *ward, const struct entry *entry, char text[LIVE_TEXT])
{
	const uint32_t subject = lists_subject(&ward->lists, LIST_ALLOWED, entry);
	int used = snprintf(text, LIVE_TEXT, "allowed, at");

	for (uint32_t i = 0; i < ward->leases.n; i++) {
		const struct lease_row *row = &ward->leases.rows[i];
		char address[PREFIX_TEXT];

		if (row->subject != subject || row->list != LIST_ALLOWED)
			continue;
		if (used > LIVE_TEXT - PREFIX_TEXT - 8) {
			snprintf(text + used, (size_t)(LIVE_TEXT - used), " ...");
			return;
		}
		used += snprintf(
			text + used, (size_t)(LIVE_TEXT - used), " %s", prefix_text(&row->address, address));
	}
}

static void allow(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];
	struct error error;
	bool wait;

	if (live_allow(ward, outbox, &message->entry, message->seconds, &wait, text, &error) < 0) {
		finish(caller, (int)error.kind, error.text);
		return;
	}
	if (wait) {
		caller->state = STATE_WAITING;
		caller->until = clock_ms() + CONTROL_MS;
		caller->entry = message->entry;
		return;
	}
	record(caller, "allow", entry_text(&message->entry, entry), text);
	finish(caller, 0, text);
}

static void deny(struct ward *ward, struct outbox *outbox, struct caller *caller, const struct entry *entry)
{
	char text[LIVE_TEXT], words[ENTRY_TEXT];
	struct error error;

	if (live_deny(ward, outbox, entry, text, &error) < 0) {
		finish(caller, (int)error.kind, error.text);
		return;
	}
	record(caller, "deny", entry_text(entry, words), text);
	finish(caller, 0, text);
}

static void fill_listed(
	const struct ward *ward, enum list list, size_t place, struct control_message *message)
{
	const struct listed *about = &ward->lists.about[list][place];
	const int64_t left = about->until - clock_ms();

	*message = (struct control_message){.type = CONTROL_LISTED,
		.list = (uint32_t)list,
		.live = about->live,
		.entry = ward->lists.policy.list[list].v[place]};
	if (about->until != 0)
		message->seconds = left > 0 ? (uint32_t)((left + 999) / 1000) : 1;
	if (message->entry.kind == ENTRY_PREFIX)
		message->addresses = 1;
	else
		message->addresses = (uint32_t)leases_count(&ward->leases, list, about->subject);
}

/* As much of the lists as the caller's socket takes. */
static void list_more(const struct ward *ward, struct caller *caller)
{
	while (caller->list < LISTS) {
		struct control_message message;
		int ret;

		if (caller->place >= ward->lists.policy.list[caller->list].n) {
			caller->list++;
			caller->place = 0;
			continue;
		}
		fill_listed(ward, (enum list)caller->list, caller->place, &message);
		ret = control_send(caller->socket, &message);
		if (ret == -EAGAIN)
			return;
		if (ret < 0) {
			drop(caller);
			return;
		}
		caller->place++;
	}
	finish(caller, 0, "");
}

static void commit(struct ward *ward, struct outbox *outbox, struct caller *caller)
{
	char text[LIVE_TEXT];
	struct error error;

	if (live_reload(ward, outbox, &caller->policy, text, &error) < 0) {
		log_error("live change by uid %u, pid %d: reload: %s", caller->who.uid, caller->who.pid,
			error.text);
		finish(caller, (int)error.kind, error.text);
		return;
	}
	record(caller, "reload", "", text);
	finish(caller, 0, text);
}

static void malformed(struct caller *caller)
{
	finish(caller, FAIL_USAGE, "the warden did not understand that; are both of one version?");
}

/* One more message of a policy. */
static void reload_more(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	if (message->type == CONTROL_COMMIT)
		commit(ward, outbox, caller);
	else if (message->type != CONTROL_ENTRY || message->list >= LISTS || !valid_entry(&message->entry))
		malformed(caller);
	else if (++caller->n > CONTROL_ENTRIES_MAX ||
		 entries_add(&caller->policy.list[message->list], &message->entry) < 0)
		finish(caller, FAIL_CONFIG, "the new policy has more entries than the warden takes");
}

/* A stranger's first message: with it the proof must be there. */
static void begin(struct control *control, struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	const bool with_entry = message->type == CONTROL_ALLOW || message->type == CONTROL_DENY;

	if (proof_remove(&ward->start->firewall->netlink, caller->proof) < 0) {
		refuse(control, caller);
		return;
	}
	caller->until = clock_ms() + CONTROL_MS;
	if ((with_entry && (!valid_entry(&message->entry) || message->seconds > LEASE_SECONDS_MAX)) ||
		(message->type == CONTROL_RELOAD && !control_policy(&message->settings, &caller->policy))) {
		malformed(caller);
		return;
	}
	switch (message->type) {
	case CONTROL_ALLOW:
		allow(ward, outbox, caller, message);
		return;
	case CONTROL_DENY:
		deny(ward, outbox, caller, &message->entry);
		return;
	case CONTROL_LIST:
		caller->state = STATE_LISTING;
		list_more(ward, caller);
		return;
	case CONTROL_RELOAD:
		caller->state = STATE_RELOADING;
		return;
	default:
		malformed(caller);
	}
}

/* The caller is gone, or out of time, or spoke when it should not have. */
static void give_up(struct ward *ward, struct outbox *outbox, struct caller *caller, bool late)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];

	if (caller->state == STATE_WAITING) {
		live_take_back(ward, outbox, &caller->entry);
		snprintf(text, sizeof(text),
			"DNS gave no address that may be opened for %.250s within %d s; it is not allowed",
			entry_text(&caller->entry, entry), CONTROL_MS / 1000);
		if (late) {
			finish(caller, FAIL_NAMES, text);
			return;
		}
	}
	drop(caller);
}

static void read_some(
	struct control *control, struct ward *ward, struct outbox *outbox, struct caller *caller)
{
	for (int i = 0; i < READ_MAX && caller->state != STATE_NONE; i++) {
		struct control_message message;
		const int ret = control_receive(caller->socket, &message);

		if (ret == -EAGAIN)
			return;
		if (ret == 0 && caller->state == STATE_STRANGER)
			begin(control, ward, outbox, caller, &message);
		else if (ret == 0 && caller->state == STATE_RELOADING)
			reload_more(ward, outbox, caller, &message);
		else
			give_up(ward, outbox, caller, false);
	}
}

unsigned int control_poll(const struct control *control, struct pollfd *fds, int64_t *until)
{
	unsigned int n = 0;

	fds[n++] = (struct pollfd){.fd = control->socket, .events = POLLIN};
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++) {
		const struct caller *caller = &control->callers[i];

		if (caller->state == STATE_NONE)
			continue;
		fds[n] = (struct pollfd){.fd = caller->socket, .events = POLLIN};
		if (caller->state == STATE_LISTING)
			fds[n].events = POLLIN | POLLOUT;
		n++;
		if (caller->until < *until)
			*until = caller->until;
	}
	return n;
}

static int events_of(const struct caller *caller, const struct pollfd *fds, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++)
		if (fds[i].fd == caller->socket)
			return fds[i].revents;
	return 0;
}

void control_serve(struct control *control, struct ward *ward, struct outbox *outbox,
	const struct pollfd *fds, unsigned int n)
{
	const int64_t now = clock_ms();

	/* before new ones come, who could get the descriptors of those that go */
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++) {
		struct caller *caller = &control->callers[i];
		const int events = caller->state == STATE_NONE ? 0 : events_of(caller, fds, n);

		if (events & POLLOUT && caller->state == STATE_LISTING)
			list_more(ward, caller);
		if (events & (POLLIN | POLLHUP | POLLERR) && caller->state != STATE_NONE)
			read_some(control, ward, outbox, caller);
		if (caller->state != STATE_NONE && caller->until <= now)
			give_up(ward, outbox, caller, true);
	}
	if (n > 0 && fds[0].revents != 0)
		accept_all(control);
}

static void answer_learnt(struct ward *ward, struct caller *caller)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];

	say_addresses(ward, &caller->entry, text);
	record(caller, "allow", entry_text(&caller->entry, entry), text);
	finish(caller, 0, text);
}

void control_learnt(struct control *control, struct ward *ward)
{
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++)
		if (control->callers[i].state == STATE_WAITING &&
			live_addresses(ward, &control->callers[i].entry) > 0)
			answer_learnt(ward, &control->callers[i]);
}
