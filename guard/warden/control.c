/*
 * Callers, each in one state, none of whom can make the warden wait: see the header. Whoever has not proved
 * that he may is a stranger, and gets nothing but a challenge.
 */
#include "guard/warden/control.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guard/warden/caller.h"
#include "util/clock.h"
#include "util/log.h"

/* Connections taken, and messages read of one caller, at one time. */
#define ACCEPT_MAX 32
#define READ_MAX   64

/* How often refused strangers are said, in milliseconds. */
#define REFUSED_MS 60000

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

void control_close(struct control *control)
{
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++)
		if (control->callers[i].state != STATE_NONE)
			caller_drop(&control->callers[i]);
	if (control->socket >= 0)
		close(control->socket);
	free(control);
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
		caller_drop(caller);
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
	caller_finish(caller, FAIL_PRIVILEGE,
		"not permitted: a live change needs CAP_NET_ADMIN of the caller's own (docker exec -u root)");
}

/* A stranger's first message: with it the proof must be there. */
static void let_in(struct control *control, struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	if (proof_remove(&ward->start->firewall->netlink, caller->proof) < 0)
		refuse(control, caller);
	else
		caller_begin(ward, outbox, caller, message);
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
			let_in(control, ward, outbox, caller, &message);
		else if (ret == 0 && caller->state == STATE_RELOADING)
			caller_go_on(ward, outbox, caller, &message);
		else
			caller_give_up(ward, outbox, caller, false);
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
			caller_list_more(ward, caller);
		if (events & (POLLIN | POLLHUP | POLLERR) && caller->state != STATE_NONE)
			read_some(control, ward, outbox, caller);
		if (caller->state != STATE_NONE && caller->until <= now)
			caller_give_up(ward, outbox, caller, true);
	}
	if (n > 0 && fds[0].revents != 0)
		accept_all(control);
}

void control_learnt(struct control *control, struct ward *ward)
{
	for (int i = 0; i < CONTROL_CALLERS_MAX; i++)
		if (control->callers[i].state == STATE_WAITING &&
			live_addresses(ward, &control->callers[i].entry) > 0)
			caller_learnt(ward, &control->callers[i]);
}
