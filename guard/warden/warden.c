/* The warden's one loop: see the header. */
#include "guard/warden/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard/warden/control.h"
#include "guard/warden/flows.h"
#include "guard/warden/learn.h"
#include "guard/message.h"
#include "guard/warden/outbox.h"
#include "guard/warden/tamper.h"
#include "guard/warden/ward.h"
#include "util/clock.h"
#include "util/log.h"

/* Messages read of one process at one time, and milliseconds spent on them, so that neither starves the rest:
 * an address with many ports is many elements of a set. */
#define MESSAGES_MAX 64
#define MESSAGES_MS  50

/* How often a full table is said, in milliseconds. */
#define FULL_QUIET_MS 60000

/* How often connections are looked through, for a blocked name that moves all the time. */
#define END_QUIET_MS 5000

enum fd { FD_LIFELINE, FD_RESOLVER, FD_FETCHER, FD_TAMPER, FD_CONTROL };

struct warden {
	struct ward ward;
	struct tamper tamper;
	struct control *control;
	struct outbox outbox;
	struct learn_ranges ranges;
	int lifeline, resolver, fetcher;
	int64_t full_again; /* when it may be said again that the table is full */
	int64_t end_again;  /* when what is blocked anew may be looked for among the connections again */
};

static void warden_free(struct warden *warden)
{
	if (warden->control != NULL)
		control_close(warden->control);
	tamper_close(&warden->tamper);
	ward_end(&warden->ward);
	outbox_free(&warden->outbox);
	prefixes_free(&warden->ranges.v);
	free(warden);
}

/* Nobody can make the warden wait. */
static int never_block(int fd, struct error *error)
{
	const int flags = fd < 0 ? 0 : fcntl(fd, F_GETFL);

	if (fd >= 0 && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
		return error_set(error, FAIL_SYSTEM, errno, "the guard's sockets: %s", strerror(errno));
	return 0;
}

int warden_open(const struct guard_start *start, int resolver, int fetcher, int lifeline,
	struct warden **warden, struct error *error)
{
	struct warden *it = calloc(1, sizeof(*it));
	int ret;

	if (it == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the warden");
	it->lifeline = lifeline;
	it->resolver = resolver;
	it->fetcher = fetcher;
	ret = never_block(resolver, error);
	if (ret == 0)
		ret = never_block(fetcher, error);
	/* before the first look, so that no change after that goes unheard */
	if (ret == 0)
		ret = tamper_open(&it->tamper, start->settings->stop_on_tamper, error);
	if (ret == 0)
		ret = ward_begin(&it->ward, start, error);
	if (ret == 0)
		ret = control_open(&it->control, error);
	if (ret < 0) {
		warden_free(it);
		return ret;
	}
	*warden = it;
	return 0;
}

static void resolver_is_gone(struct warden *warden)
{
	log_error("the resolver is gone: DNS is closed");
	close(warden->resolver);
	warden->resolver = -1;
	outbox_free(&warden->outbox);
}

static void learn(struct warden *warden, const struct message *message)
{
	const struct outgoing answer = {.type = MESSAGE_LEARNT,
		.number = message->number,
		.status = learn_name(&warden->ward, message)};

	if (answer.status == -ENOSPC && clock_ms() >= warden->full_again) {
		log_warn(
			"more addresses than the sets take (%d of a list for a time): no new ones until some "
			"of them have expired",
			LEASES_MAX);
		warden->full_again = clock_ms() + FULL_QUIET_MS;
	}
	if (outbox_put(&warden->outbox, &answer) < 0)
		log_error("out of memory: the resolver gets no answer");
	control_learnt(warden->control, &warden->ward);
}

/* Reads while the resolver takes the answers: who does not is not heard. */
static void serve_resolver(struct warden *warden)
{
	const int64_t until = clock_ms() + MESSAGES_MS;

	for (int i = 0; i < MESSAGES_MAX && outbox_empty(&warden->outbox) && clock_ms() < until; i++) {
		struct message message;
		const int ret = message_receive(warden->resolver, &message);

		if (ret == -EAGAIN)
			return;
		if (ret < 0 && ret != -EBADMSG) {
			resolver_is_gone(warden);
			return;
		}
		if (ret == 0 && message.type == MESSAGE_LEARN)
			learn(warden, &message);
		else if (ret == 0 && message.type == MESSAGE_KEEP)
			learn_keep(&warden->ward, &message);
		else
			log_warn("the resolver said something that the warden does not understand");
		if (outbox_send(&warden->outbox, warden->resolver) < 0) {
			resolver_is_gone(warden);
			return;
		}
	}
}

static void serve_fetcher(struct warden *warden)
{
	for (int i = 0; i < MESSAGES_MAX; i++) {
		struct message message;
		const int ret = message_receive(warden->fetcher, &message);

		if (ret == -EAGAIN)
			return;
		if (ret < 0) {
			close(warden->fetcher);
			warden->fetcher = -1;
			return;
		}
		if (message.type == MESSAGE_RANGE)
			learn_range(&warden->ranges, &message);
		else if (message.type == MESSAGE_RANGES_DONE)
			learn_ranges_done(&warden->ward, &warden->ranges);
		else if (message.type == MESSAGE_RANGES_FAILED)
			learn_ranges_failed(&warden->ranges, &message);
	}
}

/* What is due by the clock. Returns 0, or -EPERM if the agent is to be stopped. */
static int serve_clock(struct warden *warden)
{
	const int64_t now = clock_ms();

	live_end_due(&warden->ward, &warden->outbox, now);
	if (warden->ward.blocked_anew && now >= warden->end_again) {
		warden->ward.blocked_anew = false;
		flows_end_blocked(&warden->ward);
		warden->end_again = clock_ms() + END_QUIET_MS;
	}
	return tamper_check(&warden->tamper, &warden->ward, now);
}

/* When the loop has to turn even if nobody says anything. */
static int64_t next_time(const struct warden *warden)
{
	const int64_t due = lists_next(&warden->ward.lists);
	int64_t until = warden->tamper.next_check;

	if (due != 0 && due < until)
		until = due;
	return warden->ward.blocked_anew && warden->end_again < until ? warden->end_again : until;
}

static int wait_ms(int64_t until)
{
	const int64_t left = until - clock_ms();

	return left > 0 ? (int)left : 0;
}

int warden_run(struct warden *warden)
{
	const int listening = control_listen(warden->control);

	if (listening < 0)
		return listening;
	for (;;) {
		struct pollfd fds[FD_CONTROL + 1 + CONTROL_CALLERS_MAX] = {
			[FD_LIFELINE] = {.fd = warden->lifeline, .events = POLLIN},
			[FD_RESOLVER] = {.fd = warden->resolver,
				.events = outbox_empty(&warden->outbox) ? POLLIN : POLLOUT},
			[FD_FETCHER] = {.fd = warden->fetcher, .events = POLLIN},
			[FD_TAMPER] = {.fd = tamper_fd(&warden->tamper), .events = POLLIN},
		};
		int64_t until = next_time(warden);
		const unsigned int n = control_poll(warden->control, fds + FD_CONTROL, &until);
		int ret = 0;

		if (poll(fds, FD_CONTROL + n, wait_ms(until)) < 0 && errno != EINTR)
			return -errno;
		if (fds[FD_LIFELINE].revents != 0)
			return 0;
		if (fds[FD_TAMPER].revents != 0)
			ret = tamper_read(&warden->tamper, &warden->ward);
		if (ret == 0)
			ret = serve_clock(warden);
		if (ret < 0)
			return ret;
		control_serve(warden->control, &warden->ward, &warden->outbox, fds + FD_CONTROL, n);
		if (warden->resolver < 0)
			outbox_free(&warden->outbox);
		else if (outbox_send(&warden->outbox, warden->resolver) < 0)
			resolver_is_gone(warden);
		if (warden->resolver >= 0 && fds[FD_RESOLVER].revents != 0)
			serve_resolver(warden);
		if (warden->fetcher >= 0 && fds[FD_FETCHER].revents != 0)
			serve_fetcher(warden);
	}
}
