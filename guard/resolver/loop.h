/* One wait for everything that can happen: epoll(7), level-triggered. Knows descriptors and nothing of DNS.
 */
#ifndef GUARD_RESOLVER_LOOP_H
#define GUARD_RESOLVER_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/*
 * Who is to be told of a descriptor, in memory that stays where it is for as long as the loop runs. ready may
 * be called once more after the descriptor was closed, or replaced by another: it must bear finding nothing.
 */
struct watch {
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

struct loop {
	int epoll;
};

/* All return 0 or -errno. A descriptor that is closed leaves by itself. */
int loop_open(struct loop *loop);
int loop_watch(struct loop *loop, int fd, uint32_t events, struct watch *watch);
int loop_change(struct loop *loop, int fd, uint32_t events, struct watch *watch);
int loop_turn(struct loop *loop, int wait_ms);
void loop_close(struct loop *loop);

#endif
