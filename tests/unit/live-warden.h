/*
 * guard/warden/warden.h: a real warden in a network namespace of its own, beside a resolver and callers that
 * the test plays. What the kernel then holds is read by `ipset`, `nft` and `iptables`, which are nobody's of
 * ours. Where no such namespace can be made, or the programs are missing, the tests are skipped.
 */
#ifndef TESTS_LIVE_WARDEN_H
#define TESTS_LIVE_WARDEN_H

#include "tests/unit/unit.h"

#include <sys/types.h>

#include "fw/detour.h"
#include "fw/firewall.h"
#include "fw/lookup.h"
#include "guard/guard.h"
#include "guard/message.h"

/* One warden, and the test's ends of its sockets. */
extern struct live_warden {
	bool possible;
	bool ownerless; /* the tables are, as on a kernel that knows no owners */
	struct policy policy;
	struct resolv resolv;
	struct host_networks host;
	struct lookup lookup;
	struct prefixes ranges;
	struct ruleset ruleset;
	struct detour detour;
	struct firewall firewall;
	struct guard_settings settings;
	pid_t pid, world;
	int resolver, fetcher, lifeline;
	struct policy next; /* what a reload sends */
	char log[32];
} it;

/* What a command prints; good until the next call. */
const char *output(const char *command);

/* Its exit status. */
int run(const char *command);

void pause_ms(long ms);

/* Waits until the set of that name holds (or does not) what begins so; fails after three seconds. */
void must_hold(const char *set, const char *element, bool holds);

const char *warden_log(void);
void must_log(const char *words);

/* The prefix of an answer in the lookup. */
void is_at(const char *name, const char *address);

/* A network namespace of its own for each test, with one interface that leads nowhere; and its end. */
int warden_enter(void **state);
int warden_leave(void **state);

/* Closes and opens a network as the init does, and starts the warden. */
void warden_begin(struct policy said, const char *allowed, const char *blocked);

/* The warden's exit status. */
int warden_end(void);

/* Lets something be there that connections come to. */
void make_world(void);

/*
 * A connection to the world; -1 if it is refused. A connect that blocks would not hear of a refusal before
 * its second try, a second later.
 */
int connection(const char *address);

/* True if a byte comes back over it. */
bool lives(int fd);

/* What a resolver says of a name, with a number of its own. */
struct message learn_of(const char *name, const char *addresses, uint32_t seconds);

/* What the warden says next; fails after three seconds of silence. */
struct message next_message(void);

/* The warden's answer to a LEARN. */
int learnt(const struct message *message);
int learn(const char *name, const char *addresses, uint32_t seconds);

/* The seconds that an element has left; 0 if it is not there, or for good. */
unsigned int left_of(const char *set, const char *element);

#define NEEDS_NAMESPACE           \
	do {                      \
		(void)state;      \
		if (!it.possible) \
			skip();   \
	} while (0)

#endif
