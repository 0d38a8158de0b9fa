/*
 * delay NETNS_A NETNS_B MS: a line between two network namespaces that takes MS milliseconds each way.
 *
 * For kernels without netem. Makes a TAP device named eth0 in each of the two named namespaces and carries
 * every frame from one to the other. Prints "ready" once both exist; they go when the program ends, which it
 * does on SIGTERM or SIGINT, or when its parent or a namespace is gone.
 *
 * Sources: linux/if_tun.h and the kernel's Documentation/networking/tuntap.rst, setns(2), timerfd_create(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define DEVICE	     "eth0"
#define DELAY_MS_MAX 10000

#define FRAME_MAX 2048 /* more than Ethernet's 1514 bytes, a VLAN tag and some */
#define RING	  4096 /* frames under way in one direction; what is beyond is lost, as on a full line */

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct frame {
	int64_t due; /* ns of CLOCK_MONOTONIC */
	size_t length;
	unsigned char bytes[FRAME_MAX];
};

/* One way: what came in at from leaves at to. head and tail only grow; a frame's place is modulo RING. */
struct direction {
	int from, to;
	uint64_t head, tail;
	struct frame ring[RING];
};

static struct direction directions[2];

static _Noreturn void die(const char *what, const char *name)
{
	fprintf(stderr, "delay: %s %s: %s\n", what, name, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A TAP device in this namespace. It stays there wherever the program goes next. */
static int tap_in(const char *namespace)
{
	struct ifreq request = {.ifr_name = DEVICE, .ifr_flags = IFF_TAP | IFF_NO_PI};
	char path[128];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "/run/netns/%s", namespace) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		die("the namespace", namespace);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die("cannot enter the namespace", namespace);
	close(fd);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("cannot open", "/dev/net/tun");
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		die("cannot make " DEVICE " in", namespace);
	return fd;
}

/* Takes in all that has come. */
static void take(struct direction *direction, int64_t delay)
{
	static struct frame lost;

	for (;;) {
		const bool full = direction->tail - direction->head == RING;
		struct frame *frame = full ? &lost : &direction->ring[direction->tail % RING];
		const ssize_t length = read(direction->from, frame->bytes, sizeof(frame->bytes));

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return;
		frame->due = now_ns() + delay;
		frame->length = (size_t)length;
		if (!full)
			direction->tail++;
	}
}

/* Lets out what is due. A device that does not take it, since it is down, loses it. */
static void give(struct direction *direction)
{
	while (direction->head < direction->tail) {
		const struct frame *frame = &direction->ring[direction->head % RING];

		if (frame->due > now_ns())
			return;
		if (write(direction->to, frame->bytes, frame->length) < 0 && errno == EINTR)
			continue;
		direction->head++;
	}
}

/* Wakes us when the first frame of either direction is due; never, if there is none. */
static void set_timer(int timer)
{
	struct itimerspec when = {0};
	int64_t first = 0;

	for (int i = 0; i < 2; i++) {
		const struct direction *direction = &directions[i];
		const int64_t due = direction->ring[direction->head % RING].due;

		if (direction->head < direction->tail && (first == 0 || due < first))
			first = due;
	}
	when.it_value.tv_sec = (time_t)(first / NS_PER_S);
	when.it_value.tv_nsec = (long)(first % NS_PER_S);
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		die("cannot set", "the timer");
}

static _Noreturn void carry(int signals, int timer, int64_t delay)
{
	struct pollfd waits[] = {
		{.fd = signals, .events = POLLIN},
		{.fd = timer, .events = POLLIN},
		{.fd = directions[0].from, .events = POLLIN},
		{.fd = directions[1].from, .events = POLLIN},
	};

	for (;;) {
		uint64_t expirations;

		if (poll(waits, sizeof(waits) / sizeof(waits[0]), -1) < 0 && errno != EINTR)
			die("cannot wait for", "frames");
		if (waits[0].revents != 0)
			exit(0);
		if (waits[1].revents != 0 && read(timer, &expirations, sizeof(expirations)) < 0 &&
			errno != EAGAIN)
			die("cannot read", "the timer");
		if ((waits[2].revents | waits[3].revents) & POLLERR) {
			errno = ENODEV;
			die("a namespace went away with its", DEVICE);
		}
		for (int i = 0; i < 2; i++)
			take(&directions[i], delay);
		for (int i = 0; i < 2; i++)
			give(&directions[i]);
		set_timer(timer);
	}
}

int main(int argc, char *argv[])
{
	const struct sched_param first = {.sched_priority = 1};
	sigset_t ends;
	char *rest;
	long ms;
	int signals, timer;

	errno = 0;
	ms = argc == 4 ? strtol(argv[3], &rest, 10) : 0;
	if (argc != 4 || *rest != '\0' || ms < 1 || ms > DELAY_MS_MAX) {
		fprintf(stderr, "Usage: delay NETNS_A NETNS_B MS (1 to %d)\n", DELAY_MS_MAX);
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (signals < 0 || timer < 0)
		die("cannot make", "a signalfd or a timerfd");
	for (int i = 0; i < 2; i++)
		directions[i].from = directions[1 - i].to = tap_in(argv[1 + i]);

	/* The delay is to be the line's, not that of a busy machine. Where this is not allowed, it goes
	 * without. */
	sched_setscheduler(0, SCHED_FIFO, &first);
	puts("ready");
	fflush(stdout);
	carry(signals, timer, ms * NS_PER_MS);
}
