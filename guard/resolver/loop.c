/* epoll, and the call of whoever waits. */
#include "guard/resolver/loop.h"

#include <errno.h>
#include <unistd.h>

/* Told in one turn; what is left comes with the next. */
#define EVENTS 64

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

static int control(struct loop *loop, int operation, int fd, uint32_t events, struct watch *watch)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, struct watch *watch)
{
	return control(loop, EPOLL_CTL_ADD, fd, events, watch);
}

int loop_change(struct loop *loop, int fd, uint32_t events, struct watch *watch)
{
	return control(loop, EPOLL_CTL_MOD, fd, events, watch);
}

int loop_turn(struct loop *loop, int wait_ms)
{
	struct epoll_event events[EVENTS];
	const int n = epoll_wait(loop->epoll, events, EVENTS, wait_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const struct watch *watch = events[i].data.ptr;

		watch->ready(watch->owner, events[i].events);
	}
	return 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}
