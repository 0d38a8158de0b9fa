/*
 * guard/warden/warden.h: a real warden in a network namespace of its own, beside a resolver and callers that
 * the test plays. What the kernel then holds is read by `ipset`, `nft` and `iptables`, which are nobody's of
 * ours. Where no such namespace can be made, or the programs are missing, the tests are skipped.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/capability.h>

#include "guard/warden/control.h"
#include "guard/first.h"
#include "guard/message.h"
#include "guard/warden/proof.h"
#include "guard/warden/warden.h"
#include "init/change.h"
#include "util/caps.h"
#include "util/confine.h"

/* One warden, and the test's ends of its sockets. */
static struct {
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
static const char *output(const char *command)
{
	static char text[65536];
	FILE *pipe = popen(command, "re");
	size_t length;

	assert_non_null(pipe);
	length = fread(text, 1, sizeof(text) - 1, pipe);
	text[length] = '\0';
	pclose(pipe);
	return text;
}

static int run(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void pause_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* Waits until the set of that name holds (or does not) what begins so; fails after three seconds. */
static void must_hold(const char *set, const char *element, bool holds)
{
	char command[100], line[100];

	snprintf(command, sizeof(command), "ipset list %s 2>&1", set);
	snprintf(line, sizeof(line), "\n%s ", element);
	for (int tries = 0; tries < 150; tries++) {
		if ((strstr(output(command), line) != NULL) == holds)
			return;
		pause_ms(20);
	}
	fail_msg("%s %s %s:\n%s", set, holds ? "lacks" : "holds", element, output(command));
}

static const char *warden_log(void)
{
	static char text[65536];
	FILE *file = fopen(it.log, "re");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static void must_log(const char *words)
{
	for (int tries = 0; tries < 150; tries++) {
		if (says(warden_log(), words))
			return;
		pause_ms(20);
	}
	fail_msg("the warden did not say '%s', but:\n%s", words, warden_log());
}

/* The prefix of an answer in the lookup. */
static void is_at(const char *name, const char *address)
{
	const struct prefix at = prefix(address);
	size_t place;

	assert_int_equal(lookup_add(&it.lookup, name, NEED_ALLOW, &place), 0);
	assert_int_equal(prefixes_add(&it.lookup.targets[place].addresses, &at), 0);
}

static void be_warden(int resolver, int fetcher, int lifeline)
{
	const struct guard_start start = {
		.policy = &it.policy,
		.resolv = &it.resolv,
		.host = &it.host,
		.lookup = &it.lookup,
		.ranges = &it.ranges,
		.ruleset = &it.ruleset,
		.firewall = &it.firewall,
		.settings = &it.settings,
	};
	const int log = open(it.log, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct warden *warden;
	struct error error;

	dup2(log, STDERR_FILENO);
	if (warden_open(&start, resolver, fetcher, lifeline, &warden, &error) < 0 ||
		confine_as(GUARD_UID_WARDEN, CAP_BIT(CAP_NET_ADMIN)) < 0) {
		dprintf(STDERR_FILENO, "warden: %s\n", error.text);
		_exit(99);
	}
	dprintf(STDERR_FILENO, "ready\n");
	_exit(warden_run(warden) == 0 ? 0 : 3);
}

/* Closes and opens a network as the init does, and starts the warden. */
static void begin(struct policy said, const char *allowed, const char *blocked)
{
	const struct first first = {&it.policy, &it.lookup, &it.ranges};
	int resolver[2], fetcher[2], lifeline[2];
	struct error error;

	said.isolated = true;
	said.guarded = true;
	it.policy = policy(said, allowed, blocked, NULL);
	must(policy_settle(&it.policy, &error) == 0, "%s", error.text);
	it.detour = policy_detour(&it.policy, &it.resolv);
	must(policy_rules(&it.policy, &it.resolv, &it.host, false, STAGE_AGENT, &it.ruleset, &error) == 0,
		"%s", error.text);
	must(firewall_begin(&it.firewall, &error) == 0, "%s", error.text);
	must(firewall_close(&it.firewall, &it.ruleset, NULL, &error) == 0, "%s", error.text);
	must(first_open(&it.firewall, &first, &error) == 0, "%s", error.text);
	must(firewall_settle(&it.firewall, &it.ruleset, &it.detour, &error) == 0, "%s", error.text);
	must(first_verify(&it.firewall, &first, &it.ruleset, &error) == 0, "%s", error.text);
	if (it.ownerless && it.firewall.owned) {
		netlink_close(&it.firewall.netlink);
		assert_int_equal(netlink_open(&it.firewall.netlink, NETLINK_NETFILTER), 0);
		it.firewall.owned = false;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, resolver), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fetcher), 0);
	assert_int_equal(pipe2(lifeline, O_CLOEXEC), 0);
	snprintf(it.log, sizeof(it.log), "/tmp/warden-log.XXXXXX");
	close(mkstemp(it.log));
	chmod(it.log, 0666);
	it.pid = fork();
	assert_true(it.pid >= 0);
	if (it.pid == 0) {
		close(resolver[0]);
		close(fetcher[0]);
		close(lifeline[1]);
		be_warden(resolver[1], fetcher[1], lifeline[0]);
	}
	close(resolver[1]);
	close(fetcher[1]);
	close(lifeline[0]);
	it.resolver = resolver[0];
	it.fetcher = fetcher[0];
	it.lifeline = lifeline[1];
	must_log("ready");
}

/* The warden's exit status. */
static int end_status(void)
{
	int status = -1;

	if (it.pid > 0)
		waitpid(it.pid, &status, 0);
	it.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int leave(void **state)
{
	(void)state;
	if (it.pid > 0) {
		close(it.lifeline);
		must(end_status() == 0, "the warden ended badly:\n%s", warden_log());
	}
	if (it.world > 0) {
		kill(it.world, SIGKILL);
		waitpid(it.world, NULL, 0);
	}
	if (it.possible) {
		close(it.resolver);
		close(it.fetcher);
		unlink(it.log);
		netlink_close(&it.firewall.netlink);
		policy_free(&it.policy);
		policy_free(&it.next);
		prefixes_free(&it.ranges);
		it.lookup.child = 0;
		lookup_end(&it.lookup);
		run("nft flush ruleset; ipset destroy");
	}
	return 0;
}

/* A network namespace of its own for each test, with one interface that leads nowhere. */
static int enter(void **state)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int inet;

	(void)state;
	memset(&it, 0, sizeof(it));
	it.lookup.socket = -1;
	it.resolv.servers[0] = prefix("192.0.2.53");
	it.resolv.n_servers = 1;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0 || run("ipset -v > /dev/null 2>&1") != 0 ||
		run("nft -v > /dev/null 2>&1") != 0)
		return 0;
	inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	it.possible = ioctl(inet, SIOCSIFFLAGS, &request) == 0 &&
		      run("ip link add eth0 type veth peer name eth1 && ip link set eth1 up && ip addr add "
			  "172.17.0.2/16 dev eth0 && "
			  "ip link set eth0 up && ip route add default via 172.17.0.1") == 0;
	close(inet);
	return 0;
}

/* Answers each byte on each of its connections, in a namespace of its own behind eth1. */
static void be_world(int ready)
{
	struct pollfd fds[16] = {{.events = POLLIN}};
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(443)};
	nfds_t n = 1;
	char byte;

	if (unshare(CLONE_NEWNET) < 0 || write(ready, "", 1) != 1 || read(ready, &byte, 1) != 1 ||
		run("ip link set lo up && ip addr add 172.17.0.1/16 dev eth1 && ip link set eth1 up && "
		    "ip addr add 198.18.0.1 dev lo && ip addr add 198.18.0.2 dev lo") != 0)
		_exit(1);
	fds[0].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fds[0].fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fds[0].fd, 100) < 0 ||
		write(ready, "", 1) != 1)
		_exit(1);
	while (poll(fds, n, -1) > 0) {
		if (fds[0].revents != 0 && n < LENGTH(fds))
			fds[n++] = (struct pollfd){.fd = accept(fds[0].fd, NULL, NULL), .events = POLLIN};
		for (nfds_t i = n - 1; i > 0; i--) {
			if (fds[i].revents == 0)
				continue;
			if (read(fds[i].fd, &byte, 1) != 1 || write(fds[i].fd, &byte, 1) != 1) {
				close(fds[i].fd);
				fds[i] = fds[--n];
			}
		}
	}
	_exit(0);
}

static void make_world(void)
{
	char command[100], byte;
	int ready[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready), 0);
	it.world = fork();
	if (it.world == 0)
		be_world(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(command, sizeof(command), "ip link set eth1 netns %d", it.world);
	assert_int_equal(run(command), 0);
	assert_int_equal(write(ready[0], "", 1), 1);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

/*
 * A connection to the world; -1 if it is refused. A connect that blocks would not hear of a refusal before
 * its second try, a second later.
 */
static int connection(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
	const struct timeval wait = {.tv_usec = 700000};
	struct pollfd fd = {.events = POLLOUT};
	int failed = 0;
	socklen_t size = sizeof(failed);

	fd.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	setsockopt(fd.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd.fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
		(errno == EINPROGRESS && poll(&fd, 1, 700) == 1 &&
			getsockopt(fd.fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed == 0)) {
		fcntl(fd.fd, F_SETFL, 0);
		return fd.fd;
	}
	close(fd.fd);
	return -1;
}

/* True if a byte comes back over it. */
static bool lives(int fd)
{
	char byte = 'x';

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1;
}

#define NEEDS_NAMESPACE           \
	do {                      \
		(void)state;      \
		if (!it.possible) \
			skip();   \
	} while (0)

static struct message learn_of(const char *name, const char *addresses, uint32_t seconds)
{
	static uint32_t number;
	struct message message = {.type = MESSAGE_LEARN, .number = ++number, .seconds = seconds};
	char text[1000], *rest = text;

	snprintf(message.name, sizeof(message.name), "%s", name);
	snprintf(text, sizeof(text), "%s", addresses);
	for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';)
		message.addresses[message.n++] = prefix(word);
	return message;
}

/* What the warden says next; fails after three seconds of silence. */
static struct message next_message(void)
{
	struct pollfd fd = {.fd = it.resolver, .events = POLLIN};
	struct message message;

	must(poll(&fd, 1, 3000) == 1, "the warden says nothing:\n%s", warden_log());
	assert_int_equal(message_receive(it.resolver, &message), 0);
	return message;
}

/* The warden's answer to a LEARN. */
static int learnt(const struct message *message)
{
	struct message answer;

	assert_int_equal(message_send(it.resolver, message), 0);
	answer = next_message();
	assert_int_equal(answer.type, MESSAGE_LEARNT);
	assert_int_equal(answer.number, message->number);
	return answer.status;
}

static int learn(const char *name, const char *addresses, uint32_t seconds)
{
	const struct message message = learn_of(name, addresses, seconds);

	return learnt(&message);
}

/* The seconds that an element has left; 0 if it is not there, or for good. */
static unsigned int left_of(const char *set, const char *element)
{
	char command[100], line[100];
	const char *found;

	snprintf(command, sizeof(command), "ipset list %s", set);
	snprintf(line, sizeof(line), "\n%s timeout ", element);
	found = strstr(output(command), line);
	return found == NULL ? 0 : (unsigned int)strtoul(found + strlen(line), NULL, 10);
}

static void what_is_learnt_is_lent(void **state)
{
	NEEDS_NAMESPACE;
	is_at("a.example", "192.0.2.1");
	begin((struct policy){0}, "a.example,b.example:443,10.0.0.0/24,*.w.example:8000-8001", "bad.example");
	must_hold("allowed-domains", "192.0.2.1", true);
	must_hold("allowed-domains", "10.0.0.0/24", true);
	assert_in_range(left_of("allowed-domains", "192.0.2.1"), 350, 360);

	/* clamped, at both ends, and with its grace */
	assert_int_equal(learn("a.example", "198.18.0.1 2001:db8::1", 5), 0);
	assert_in_range(left_of("allowed-domains", "198.18.0.1"), 355, 360);
	assert_in_range(left_of("allowed-domains6", "2001:db8::1"), 355, 360);
	assert_int_equal(learn("a.example", "198.18.0.2", 1000000), 0);
	assert_in_range(left_of("allowed-domains", "198.18.0.2"), 3895, 3900);
	/* never shortened */
	assert_int_equal(learn("a.example", "198.18.0.2", 60), 0);
	assert_in_range(left_of("allowed-domains", "198.18.0.2"), 3890, 3900);

	/* ports, and a wildcard's */
	assert_int_equal(learn("b.example", "198.18.0.3", 60), 0);
	must_hold("allowed-ports", "198.18.0.3,tcp:443", true);
	must_hold("allowed-ports", "198.18.0.3,udp:443", true);
	assert_int_equal(learn("x.y.w.example", "198.18.0.4", 60), 0);
	must_hold("allowed-ports", "198.18.0.4,tcp:8001", true);
	assert_int_equal(learn("w.example", "198.18.0.5", 60), -EPERM);
	must_hold("allowed-domains", "198.18.0.3", false);

	/* what stands for good is not lent */
	assert_int_equal(learn("a.example", "10.0.0.7", 60), 0);
	must_hold("allowed-domains", "10.0.0.7", false);
	assert_int_equal(learn("bad.example", "198.18.0.6", 60), 0);
	must_hold("blocked-domains", "198.18.0.6", true);
	must_hold("allowed-domains", "198.18.0.6", false);
}

static void nothing_is_believed(void **state)
{
	struct message message;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example,10.1.0.0/16", NULL);
	assert_int_equal(learn("other.example", "198.18.0.1", 60), -EPERM);
	assert_int_equal(learn("A.example", "198.18.0.1", 60), -EBADMSG);
	assert_int_equal(learn("a.example.", "198.18.0.1", 60), -EBADMSG);
	assert_int_equal(learn("", "198.18.0.1", 60), -EBADMSG);
	assert_int_equal(learn("a.example", "198.18.0.0/24", 60), -EBADMSG);
	assert_int_equal(learn("a.example", "127.0.0.1", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "169.254.169.254", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "::ffff:10.0.0.1", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "224.0.0.1 198.18.0.9", 60), -EADDRNOTAVAIL);
	must_hold("allowed-domains", "198.18.0.9", true);
	must_hold("allowed-domains", "198.18.0.1", false);
	/* private is the default profile's to open */
	assert_int_equal(learn("a.example", "10.0.0.1", 60), 0);
	message = learn_of("a.example", "198.18.0.1", 60);
	message.addresses[0].length = 200;
	assert_int_equal(learnt(&message), -EBADMSG);
	message = learn_of("a.example", "198.18.0.0", 60);
	message.addresses[0].family = 77;
	assert_int_equal(learnt(&message), -EBADMSG);
	/* not a whole message, and one too long */
	assert_true(send(it.resolver, &message, 10, 0) == 10);
	message = learn_of("a.example", "198.18.0.2", 60);
	message.n = 33;
	assert_int_equal(message_send(it.resolver, &message), 0);
	must_log("does not understand");
	assert_int_equal(learn("a.example", "198.18.0.3", 60), 0);
}

static void strict_keeps_private_closed(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){.strict = true}, "a.example,10.1.0.0/16", NULL);
	assert_int_equal(learn("a.example", "10.0.0.1", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "10.1.0.1", 60), 0);
	must_hold("allowed-domains", "10.0.0.1", false);
}

static void keeping(void **state)
{
	struct message message = {
		.type = MESSAGE_KEEP, .name = "a.example", .seconds = 1000, .status = KEEP_V4};

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example,*.w.example", NULL);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), 0);
	assert_int_equal(learn("x.w.example", "198.18.0.2", 60), 0);
	/* the family that was answered moves on */
	assert_int_equal(learn("a.example", "2001:db8:18::1", 60), 0);
	assert_int_equal(message_send(it.resolver, &message), 0);
	strcpy(message.name, "y.w.example");
	assert_int_equal(message_send(it.resolver, &message), 0);
	assert_int_equal(learn("a.example", "198.18.0.3", 60), 0);
	assert_in_range(left_of("allowed-domains6", "2001:db8:18::1"), 355, 360);
	assert_in_range(left_of("allowed-domains", "198.18.0.1"), 995, 1000);
	assert_in_range(left_of("allowed-domains", "198.18.0.2"), 355, 360);
}

static void the_table_is_bounded(void **state)
{
	int status = 0;
	unsigned int n = 0;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	while (status == 0 && n < 600) {
		struct message message = learn_of("a.example", "", 60);

		for (; message.n < MESSAGE_ADDRESSES; message.n++) {
			const uint32_t address = htonl(0x0b000000U + n * 32 + message.n);

			message.addresses[message.n] = prefix_make(AF_INET, &address, 32);
		}
		status = learnt(&message);
		n++;
	}
	assert_int_equal(status, -ENOSPC);
	assert_int_equal(n, 16384 / 32 + 1);
	must_log("more addresses than the sets take");
	assert_non_null(strstr(output("ipset list allowed-domains"), "Number of entries: 16384"));
}

static void a_changed_set_is_put_back(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), 0);
	assert_int_equal(run("ipset add allowed-domains 203.0.113.0/24"), 0);
	/* the next look is at most ten seconds away */
	for (int i = 0; i < 600 && !says(warden_log(), "FIREWALL WAS CHANGED"); i++)
		pause_ms(20);
	must_log("THE FIREWALL WAS CHANGED|allowed-domains|203.0.113.0/24|put back");
	must_hold("allowed-domains", "203.0.113.0/24", false);
	must_hold("allowed-domains", "198.18.0.1", true);
}

static void quiet_when_nothing_happens(void **state)
{
	NEEDS_NAMESPACE;
	is_at("a.example", "192.0.2.1");
	begin((struct policy){.connections = 100, .bytes = 1000000},
		"a.example:1-100,b.example:443,10.0.0.0/24:80", "bad.example,192.0.2.9:25");
	assert_int_equal(learn("b.example", "198.18.0.1 2001:db8::5", 60), 0);
	assert_int_equal(learn("bad.example", "198.18.0.2", 60), 0);
	pause_ms(11000);
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
}

/* Owned tables nobody else can change. */
static void owned_rules_stand(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	if (!it.firewall.owned)
		skip();
	assert_int_not_equal(run("nft flush table ip filter 2> /dev/null"), 0);
	assert_int_not_equal(run("nft delete table inet secure-init 2> /dev/null"), 0);
	/* a table of somebody else's is said, and left alone */
	assert_int_equal(run("nft add table ip other"), 0);
	must_log("somebody else changes packet filters|a table was made");
	assert_int_equal(run("nft delete table ip other"), 0);
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
}

/* The tables without what is counted, and whose they are. */
static const char *rules_as_they_are(void)
{
	return output("(iptables -S; ip6tables -S; nft -s list table inet secure-init) 2>&1 | grep -v -e "
		      "flags -e progname -e '^$' -e 'table inet'");
}

/* A change is said before it is put back. */
static void wait_for_rules(const char *as)
{
	for (int tries = 0; tries < 50 && strcmp(rules_as_they_are(), as) != 0; tries++)
		pause_ms(50);
}

static void changed_rules_are_put_back(void **state)
{
	char before[65536];

	NEEDS_NAMESPACE;
	it.ownerless = true;
	begin((struct policy){.bytes = 1000000}, "a.example", NULL);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), 0);
	snprintf(before, sizeof(before), "%s", rules_as_they_are());
	assert_non_null(strstr(before, "allowed-domains dst"));
	assert_int_equal(run("iptables -I OUTPUT -j ACCEPT"), 0);
	must_log("THE FIREWALL WAS CHANGED by iptables|put back");
	wait_for_rules(before);
	assert_string_equal(rules_as_they_are(), before);
	must(!says(warden_log(), "COULD NOT"), "%s", warden_log());
}

static void changed_tables_are_put_back(void **state)
{
	static const char *const changes[] = {
		"nft delete table inet secure-init",
		"nft add rule inet secure-init dns accept",
		"nft insert rule inet secure-init dns accept",
		"nft flush chain inet secure-init dns",
		"nft add chain inet secure-init other '{ type filter hook output priority -300; }'",
		"iptables -P OUTPUT ACCEPT",
		"ip6tables -F INPUT",
		"nft delete table ip6 filter",
		"nft flush ruleset",
	};
	char before[65536];

	NEEDS_NAMESPACE;
	for (size_t i = 0; i < LENGTH(changes); i++) {
		if (i > 0) {
			leave(state);
			enter(state);
		}
		it.ownerless = true;
		begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
		snprintf(before, sizeof(before), "%s", rules_as_they_are());
		must(run(changes[i]) == 0, "%s", changes[i]);
		must_log("THE FIREWALL WAS CHANGED by|put back");
		wait_for_rules(before);
		must(strcmp(rules_as_they_are(), before) == 0, "after '%s':\n%s", changes[i],
			rules_as_they_are());
		must_hold("allowed-ports", "10.0.0.0/24,tcp:80", true);
	}
}

static void sets_that_are_gone_are_made_again(void **state)
{
	NEEDS_NAMESPACE;
	it.ownerless = true;
	begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), 0);
	kill(it.pid, SIGSTOP);
	run("nft flush ruleset; for i in 1 2 3 4 5 6 7 8 9; do ipset destroy 2> /dev/null && break; sleep "
	    "0.1; done");
	assert_string_equal(output("ipset list"), "");
	kill(it.pid, SIGCONT);
	must_log("THE FIREWALL WAS CHANGED by nft|put back");
	must_hold("allowed-ports", "10.0.0.0/24,tcp:80", true);
	must_hold("allowed-domains", "198.18.0.1", true);
}

static void stopping_on_tamper(void **state)
{
	NEEDS_NAMESPACE;
	it.settings.stop_on_tamper = true;
	begin((struct policy){0}, "a.example", NULL);
	assert_int_equal(run("ipset add allowed-domains 203.0.113.0/24"), 0);
	for (int i = 0; i < 600 && waitpid(it.pid, NULL, WNOHANG) == 0; i++)
		pause_ms(20);
	it.pid = 0;
	must_log("THE FIREWALL WAS CHANGED|the agent is stopped");
}

static void the_resolver_goes(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	close(it.resolver);
	must_log("the resolver is gone: DNS is closed");
	it.resolver = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void ranges_of_github(void **state)
{
	struct message message = {.type = MESSAGE_RANGE};

	NEEDS_NAMESPACE;
	it.ranges = (struct prefixes){0};
	prefixes_add(&it.ranges, &(struct prefix){.family = AF_INET, .length = 20, .addr = {140, 82, 112}});
	begin((struct policy){0}, "github.com:443", NULL);
	must_hold("allowed-ports", "140.82.112.0/20,tcp:443", true);
	message.addresses[message.n++] = prefix("185.199.108.0/22");
	message.addresses[message.n++] = prefix("2a0a:a440::/29");
	assert_int_equal(message_send(it.fetcher, &message), 0);
	message = (struct message){.type = MESSAGE_RANGES_DONE};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_hold("allowed-ports", "185.199.108.0/22,tcp:443", true);
	must_hold("allowed-ports6", "2a0a:a440::/29,udp:443", true);
	must_hold("allowed-ports", "140.82.112.0/20,tcp:443", false);
	must_log("fetched again: 2 networks");

	/* too wide, or none: those of before stay */
	message = (struct message){.type = MESSAGE_RANGE, .n = 1, .addresses = {prefix("128.0.0.0/2")}};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	message = (struct message){.type = MESSAGE_RANGES_DONE};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_log("alone is wider|those of before stay");
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_log("ranges are empty");
	message = (struct message){
		.type = MESSAGE_RANGE, .n = 2, .addresses = {prefix("4.0.0.0/12"), prefix("6.0.0.0/32")}};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	message = (struct message){.type = MESSAGE_RANGES_DONE};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_log("together they hold far more");
	message = (struct message){.type = MESSAGE_RANGES_FAILED, .name = "no way there"};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_log("no way there");
	must_hold("allowed-ports", "185.199.108.0/22,tcp:443", true);
}

/* What a caller said to the end: its return value, its words, its error. */
static struct {
	int ret;
	char text[8192];
	struct error error;
} said;

/* `secure-init WORDS`, in this process. */
static int call(const char *words)
{
	struct config config = {.policy = it.next};
	char text[400], *rest = text, *arguments[20];
	const int file = memfd_create("said", MFD_CLOEXEC), before = dup(STDOUT_FILENO);
	ssize_t length;
	int n = 0;

	snprintf(text, sizeof(text), "%s", words);
	while (n < 19 && (arguments[n] = strsep(&rest, " ")) != NULL)
		n++;
	arguments[n] = NULL;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	said.error.text[0] = '\0';
	said.ret = change(&config, arguments, &said.error);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	length = pread(file, said.text, sizeof(said.text) - 1, 0);
	said.text[length > 0 ? length : 0] = '\0';
	close(file);
	return said.ret;
}

static void must_call(const char *words, const char *answer)
{
	must(call(words) == 0, "'%s': %s", words, said.error.text);
	must(says(said.text, answer), "'%s' does not say '%s' but '%s'", words, answer, said.text);
}

static void must_fail(const char *words, enum failure kind, const char *answer)
{
	must(call(words) < 0, "'%s' is done: %s", words, said.text);
	must_say(&said.error, kind, answer, words);
}

static void allowing_an_address(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example,10.0.0.0/24", NULL);
	must_call("allow 198.18.0.1:443,8000-8001", "198.18.0.1:443,8000-8001: allowed");
	must_hold("allowed-ports", "198.18.0.1,tcp:8001", true);
	must_call("allow 198.18.1.0/24 --for 2h", "allowed");
	assert_in_range(left_of("allowed-domains", "198.18.1.0/24"), 7190, 7200);
	must_call("allow 198.18.1.0/24 --for 10m", "its time is changed");
	assert_in_range(left_of("allowed-domains", "198.18.1.0/24"), 590, 600);
	must_call("allow 198.18.1.0/24", "its time is changed");
	must_hold("allowed-domains", "198.18.1.0/24", true);
	assert_int_equal(left_of("allowed-domains", "198.18.1.0/24"), 0);
	must_call("allow 198.18.1.0/24 --for 10m", "already, for good");
	must_call("allow 127.0.0.1", "loopback is open in any case");
	must_call("allow [2001:db8::1]:443 --for 1d", "allowed");
	must_hold("allowed-ports6", "2001:db8::1,tcp:443", true);
	must_call("list", "allowed a.example (from the start, 0 addresses by DNS)\n|"
			  "allowed 198.18.0.1:443,8000-8001 (by a live change)|[2001:db8::1]:443 (by a live "
			  "change, for 86400 s more)");
	must_call("list json", "\"list\": \"allowed\", \"entry\": \"10.0.0.0/24\", \"from\": \"start\", "
			       "\"seconds\": null");
	must_log("live change by uid 0, pid|allow 198.18.0.1:443,8000-8001: allowed");

	/* for a second: the kernel and the warden agree about its end */
	must_call("allow 198.18.2.2 --for 1s", "allowed");
	must_hold("allowed-domains", "198.18.2.2", true);
	must_hold("allowed-domains", "198.18.2.2", false);
	must_log("198.18.2.2 is no longer allowed: its time is over");

	must_call("deny 198.18.0.1", "no longer allowed");
	must_hold("allowed-ports", "198.18.0.1,tcp:8001", false);
	must_call("deny 10.0.0.0/24", "no longer allowed");
	must_hold("allowed-domains", "10.0.0.0/24", false);
	must_fail("deny 10.0.0.0/24", FAIL_CONFIG, "not on the list");
	must_fail("deny 198.18.1.0/24:80", FAIL_CONFIG, "not on the list");
	must_fail("allow", FAIL_USAGE, "allow what");
	must_fail("allow x..y", FAIL_CONFIG, "entry 1");
	must_fail("allow 1.2.3.4 --for 10", FAIL_USAGE, "30s, 10m");
	must_fail("allow 1.2.3.4 --for 99d", FAIL_USAGE, "24 days");
	must_fail("allow 1.2.3.4 --for", FAIL_USAGE, "what time");
	must_fail("deny 1.2.3.4 --for 10s", FAIL_USAGE, "no option");
	assert_string_equal(output("ipset list -n | grep si-"), "");
	pause_ms(11000);
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
}

/* A resolver that knows addresses, in a process of its own. */
static pid_t resolver_that_says(const char *addresses, uint32_t seconds)
{
	const pid_t pid = fork();
	struct message message;

	if (pid != 0)
		return pid;
	for (;;) {
		if (message_receive(it.resolver, &message) < 0)
			_exit(0);
		if (message.type != MESSAGE_ADD)
			continue;
		snprintf(message.name, sizeof(message.name), "%s", message.entry.name);
		message = learn_of(message.name, addresses, seconds);
		message_send(it.resolver, &message);
	}
}

static void end_resolver(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void allowing_a_name(void **state)
{
	struct message message;
	pid_t pid;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	pid = resolver_that_says("198.18.0.1 2001:db8::1", 1000);
	must_call("allow b.example:443", "b.example:443: allowed, at 198.18.0.1 2001:db8::1");
	must_hold("allowed-ports", "198.18.0.1,tcp:443", true);
	must_call("allow c.example --for 2m", "allowed, at");
	assert_in_range(left_of("allowed-domains", "198.18.0.1"), 110, 120);
	must_call("allow b.example:80", "b.example:80: allowed");
	must_hold("allowed-ports", "198.18.0.1,tcp:80", true);
	must_call("allow *.w.example:443", "each name below it as it is asked for");
	must_call("list", "allowed b.example:443 (by a live change, 2 addresses by DNS)|*.w.example:443");
	end_resolver(pid);

	/* one of two entries with these addresses goes */
	must_call("deny c.example", "no longer allowed");
	must_hold("allowed-domains", "198.18.0.1", false);
	must_hold("allowed-ports", "198.18.0.1,tcp:443", true);
	message = next_message();
	assert_int_equal(message.type, MESSAGE_REMOVE);
	assert_string_equal(message.entry.name, "c.example");
	must_call("deny b.example:80", "no longer allowed");
	must_hold("allowed-ports", "198.18.0.1,tcp:80", false);
	must_hold("allowed-ports", "198.18.0.1,tcp:443", true);
	assert_int_equal(next_message().type, MESSAGE_REMOVE);
	must_call("deny b.example", "no longer allowed");
	must_hold("allowed-ports", "198.18.0.1,tcp:443", false);
	assert_int_equal(next_message().type, MESSAGE_REMOVE);
	assert_int_equal(learn("b.example", "198.18.0.1", 60), -EPERM);

	/* nobody knows where it is, or only what nobody may open */
	must_fail("allow d.example", FAIL_NAMES, "no address that may be opened for d.example within 5 s");
	assert_int_equal(next_message().type, MESSAGE_ADD);
	assert_int_equal(next_message().type, MESSAGE_REMOVE);
	assert_int_equal(learn("d.example", "198.18.0.1", 60), -EPERM);
	pid = resolver_that_says("127.0.0.1", 1000);
	must_fail("allow d.example", FAIL_NAMES, "no address that may be opened");
	end_resolver(pid);
	must_call("list", "allowed a.example (from the start");
	must(!says(said.text, "d.example"), "%s", said.text);
}

static void nothing_beside_a_proxy(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){.mode = MODE_PROXY}, "10.0.0.1:3128", NULL);
	must_fail("allow 198.18.0.1", FAIL_CONFIG, "mode is proxy");
}

static void blocking(void **state)
{
	NEEDS_NAMESPACE;
	begin((struct policy){.mode = MODE_BLOCKLIST}, "10.0.0.1", NULL);
	must_call("deny 198.18.0.0/24", "198.18.0.0/24: blocked");
	must_hold("blocked-domains", "198.18.0.0/24", true);
	must_call("deny 198.18.0.0/24", "blocked already");
	must_call("deny bad.example:443", "blocked, as far as DNS says");
	assert_int_equal(next_message().type, MESSAGE_ADD);
	assert_int_equal(learn("bad.example", "198.18.1.1", 60), 0);
	must_hold("blocked-ports", "198.18.1.1,tcp:443", true);
	/* no exception any more, and so blocked */
	must_call("deny 10.0.0.1", "10.0.0.1: blocked");
	must_hold("allowed-domains", "10.0.0.1", false);
	must_hold("blocked-domains", "10.0.0.1", true);
}

/* A new policy, as its caller reads it. */
static void next(struct policy policy_said, const char *allowed, const char *blocked)
{
	struct error error;

	policy_free(&it.next);
	policy_said.isolated = true;
	policy_said.guarded = true;
	it.next = policy(policy_said, allowed, blocked, NULL);
	must(policy_settle(&it.next, &error) == 0, "%s", error.text);
}

static void reloading(void **state)
{
	struct message message;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example,b.example:443,10.0.0.0/24", NULL);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), 0);
	assert_int_equal(learn("b.example", "198.18.0.2", 60), 0);
	must_call("allow 198.18.9.9", "allowed");
	next((struct policy){.ssh = SSH_NONE, .filter = true}, "b.example:80,c.example,10.0.1.0/24",
		"10.0.1.9,bad.example");
	must_call("reload", "read again: 5 entries");
	must_hold("allowed-domains", "10.0.1.0/24", true);
	must_hold("allowed-domains", "10.0.0.0/24", false);
	must_hold("allowed-domains", "198.18.0.1", false);
	must_hold("allowed-domains", "198.18.9.9", false);
	must_hold("allowed-ports", "198.18.0.2,tcp:80", true);
	must_hold("allowed-ports", "198.18.0.2,tcp:443", false);
	must_hold("blocked-domains", "10.0.1.9", true);
	assert_non_null(strstr(output("iptables -S OUTPUT"), "match-set blocked-domains dst -j REJECT"));
	assert_null(strstr(output("iptables -S OUTPUT"), "--dport 22 -j ACCEPT"));
	for (int i = 0; i < 6; i++) {
		static const char *const told[] = {
			"a.example", "b.example", "b.example", "c.example", "bad.example", ""};

		message = next_message();
		assert_string_equal(message.entry.name, told[i]);
		assert_int_equal(message.type, i < 2 ? MESSAGE_REMOVE : i < 5 ? MESSAGE_ADD : MESSAGE_FILTER);
	}
	assert_int_equal(message.status, 1);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), -EPERM);
	assert_int_equal(learn("c.example", "198.18.0.3", 60), 0);

	/* and back, so that the blocked sets are asked by nobody */
	next((struct policy){0}, "a.example", NULL);
	must_call("reload", "read again: 1 entries");
	assert_null(strstr(output("iptables -S OUTPUT"), "blocked-domains"));
	must_hold("blocked-domains", "10.0.1.9", false);
	next((struct policy){.mode = MODE_NONE}, NULL, NULL);
	must_call("reload", "read again: 0 entries");
	must_fail("allow 198.18.0.1", FAIL_CONFIG, "mode is none");
	it.next.isolated = false;
	must_fail("reload", FAIL_CONFIG, "without network isolation");
	it.next.isolated = true;
	it.next.strict = true;
	must_fail("reload", FAIL_CONFIG, "profile");
	pause_ms(11000);
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
}

static void denied_connections_end(void **state)
{
	int allowed, denied, timed, stays;

	NEEDS_NAMESPACE;
	make_world();
	begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example", NULL);
	assert_int_equal(connection("198.18.0.1"), -1);
	assert_int_equal(learn("a.example", "198.18.0.2", 60), 0);
	allowed = connection("198.18.0.2");
	must_call("allow 198.18.0.1:443", "allowed");
	denied = connection("198.18.0.1");
	assert_true(lives(allowed) && lives(denied));
	must_call("deny 198.18.0.1", "no longer allowed");
	assert_false(lives(denied));
	assert_true(lives(allowed));
	assert_int_equal(connection("198.18.0.1"), -1);
	must_log("1 connections that are no longer allowed were ended");

	/* a time that is over ends them, too */
	must_call("allow 198.18.0.1 --for 1s", "allowed");
	timed = connection("198.18.0.1");
	assert_true(lives(timed));
	must_hold("allowed-domains", "198.18.0.1", false);
	must_log("198.18.0.1 is no longer allowed: its time is over|");
	for (int tries = 0; tries < 100 && lives(timed); tries++)
		pause_ms(20);
	assert_false(lives(timed));
	assert_true(lives(allowed));

	/* a reload leaves what it allows, too */
	next((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "b.example,198.18.0.1", NULL);
	must_call("reload", "2 entries; 1 connections were ended");
	assert_false(lives(allowed));
	stays = connection("198.18.0.1");
	must_call("reload", "2 entries; 0 connections were ended");
	assert_true(lives(stays));
	close(allowed);
	close(denied);
	close(timed);
	close(stays);
}

/* Tries both addresses over and over; reports the first that was not as it should be. */
static void try_both(int report)
{
	for (;;) {
		int fd = connection("198.18.0.2");

		if ((fd < 0 || !lives(fd)) && write(report, "what both allow was refused", 27) > 0)
			_exit(0);
		close(fd);
		fd = connection("198.18.0.1");
		if (fd >= 0 && write(report, "what neither allows was open", 28) > 0)
			_exit(0);
	}
}

/* From one policy to another and back, under an agent that never rests. */
static void reloading_under_load(void **state)
{
	char text[100] = "";
	int report[2];
	pid_t pid;

	NEEDS_NAMESPACE;
	make_world();
	begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example,10.0.0.0/8", NULL);
	assert_int_equal(learn("a.example", "198.18.0.2", 3600), 0);
	assert_int_equal(pipe2(report, O_CLOEXEC | O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0)
		try_both(report[1]);
	for (int i = 0; i < 40; i++) {
		if (i % 2 == 0)
			next((struct policy){.mode = MODE_BLOCKLIST}, "a.example:443", "198.18.0.0/24");
		else
			next((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example,10.0.0.0/8",
				NULL);
		must_call("reload", "read again");
	}
	if (read(report[0], text, sizeof(text) - 1) < 0)
		assert_int_equal(errno, EAGAIN);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	must(*text == '\0', "%s", text);
	close(report[0]);
	close(report[1]);
}

/* What begins while somebody has the rules open ends with the repair. */
static void no_connection_outlives_tampering(void **state)
{
	int fd, before;

	NEEDS_NAMESPACE;
	make_world();
	it.ownerless = true;
	begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "198.18.0.2", NULL);
	before = connection("198.18.0.2");
	kill(it.pid, SIGSTOP);
	assert_int_equal(run("nft flush ruleset"), 0);
	fd = connection("198.18.0.1");
	assert_true(lives(fd) && lives(before));
	kill(it.pid, SIGCONT);
	must_log("THE FIREWALL WAS CHANGED by nft|put back");
	/* it is said before it is done */
	for (int tries = 0; tries < 100 && lives(fd); tries++)
		pause_ms(20);
	assert_false(lives(fd));
	assert_true(lives(before));
	close(fd);
	close(before);
}

/* A socket to the warden with its challenge read; -1 if it does not talk. */
static int stranger(struct control_message *challenge)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int socket_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, CONTROL_NAME, sizeof(CONTROL_NAME) - 1);
	assert_int_equal(connect(socket_fd, (const struct sockaddr *)&address,
				 offsetof(struct sockaddr_un, sun_path) + sizeof(CONTROL_NAME)),
		0);
	if (control_receive(socket_fd, challenge) == 0)
		return socket_fd;
	close(socket_fd);
	return -1;
}

static void who_may_not(void **state)
{
	struct control_message message, request = {.type = CONTROL_ALLOW,
						.entry = {.kind = ENTRY_PREFIX, .prefix = prefix("8.8.8.8")}};
	int fds[40], status, n = 0;
	pid_t pid;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	/* without a proof, whoever it is */
	fds[0] = stranger(&message);
	assert_true(proof_is_name(message.text));
	assert_int_equal(control_send(fds[0], &request), 0);
	assert_int_equal(control_receive(fds[0], &message), 0);
	assert_int_equal(message.type, CONTROL_DONE);
	assert_int_equal(message.status, FAIL_PRIVILEGE);
	close(fds[0]);
	/* root without the capability, and another user */
	for (uid_t uid = 0; uid < 2000; uid += 1000) {
		pid = fork();
		if (pid == 0) {
			const struct caps none = {0};

			_exit((uid != 0 && setresuid(uid, uid, uid) < 0) || caps_set(&none) < 0 ||
						call("allow 8.8.8.8") == 0 ||
						!says(said.error.text, "CAP_NET_ADMIN")
					? 1
					: 0);
		}
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
	}
	must_hold("allowed-domains", "8.8.8.8", false);
	/* a proof for one connection is none for another */
	{
		struct control_message first, second;
		struct netlink netlink;

		assert_int_equal(netlink_open(&netlink, NETLINK_NETFILTER), 0);
		fds[0] = stranger(&first);
		fds[1] = stranger(&second);
		assert_int_equal(proof_make(&netlink, first.text), 0);
		assert_int_equal(control_send(fds[1], &request), 0);
		assert_int_equal(control_receive(fds[1], &message), 0);
		assert_int_equal(message.status, FAIL_PRIVILEGE);
		close(fds[0]);
		close(fds[1]);
		assert_int_equal(proof_remove(&netlink, first.text), 0);
		netlink_close(&netlink);
	}
	/* strangers who say nothing keep nobody out for long */
	pid = fork();
	if (pid == 0) {
		if (setresuid(1000, 1000, 1000) < 0)
			_exit(1);
		for (n = 0; n < 40; n++)
			fds[n] = stranger(&message);
		pause_ms(3000);
		_exit(0);
	}
	pause_ms(200);
	must_call("list", "a.example");
	waitpid(pid, NULL, 0);
	must_log("a live change was refused: uid 0");
}

/* Whatever the bytes are, the warden answers or hangs up, and lives on. */
static void hostile_structs(void **state)
{
	struct netlink netlink;

	NEEDS_NAMESPACE;
	begin((struct policy){0}, "a.example", NULL);
	assert_int_equal(netlink_open(&netlink, NETLINK_NETFILTER), 0);
	srandom(1);
	for (int i = 0; i < 2000; i++) {
		struct control_message message, request;
		int fd = -1;

		for (int tries = 0; fd < 0 && tries < 100; tries++)
			fd = stranger(&message);
		assert_true(fd >= 0);
		assert_int_equal(proof_make(&netlink, message.text), 0);
		for (size_t b = 0; b < sizeof(request); b++)
			((unsigned char *)&request)[b] = (unsigned char)(random() % 4 == 0 ? random() : 0);
		request.type = CONTROL_ALLOW + (uint32_t)random() % 7;
		if (i % 2) {
			request.entry = (struct entry){.kind = (enum entry_kind)(random() % 6),
				.n_ports = (unsigned int)random() % 40,
				.prefix = prefix("198.18.0.0/24")};
			request.entry.prefix.length = (uint8_t)(random() % 40);
			request.entry.name[0] = (char)(random() % 3);
		}
		if (i % 7 == 0)
			send(fd, &request, 100, MSG_NOSIGNAL);
		else
			control_send(fd, &request);
		if (request.type != CONTROL_RELOAD)
			control_receive(fd, &message);
		close(fd);
		proof_remove(&netlink, message.text);
	}
	netlink_close(&netlink);
	must_call("list", "allowed a.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_learnt_is_lent, enter, leave),
		cmocka_unit_test_setup_teardown(nothing_is_believed, enter, leave),
		cmocka_unit_test_setup_teardown(strict_keeps_private_closed, enter, leave),
		cmocka_unit_test_setup_teardown(keeping, enter, leave),
		cmocka_unit_test_setup_teardown(the_table_is_bounded, enter, leave),
		cmocka_unit_test_setup_teardown(a_changed_set_is_put_back, enter, leave),
		cmocka_unit_test_setup_teardown(quiet_when_nothing_happens, enter, leave),
		cmocka_unit_test_setup_teardown(owned_rules_stand, enter, leave),
		cmocka_unit_test_setup_teardown(changed_rules_are_put_back, enter, leave),
		cmocka_unit_test_setup_teardown(changed_tables_are_put_back, enter, leave),
		cmocka_unit_test_setup_teardown(sets_that_are_gone_are_made_again, enter, leave),
		cmocka_unit_test_setup_teardown(stopping_on_tamper, enter, leave),
		cmocka_unit_test_setup_teardown(the_resolver_goes, enter, leave),
		cmocka_unit_test_setup_teardown(ranges_of_github, enter, leave),
		cmocka_unit_test_setup_teardown(allowing_an_address, enter, leave),
		cmocka_unit_test_setup_teardown(allowing_a_name, enter, leave),
		cmocka_unit_test_setup_teardown(nothing_beside_a_proxy, enter, leave),
		cmocka_unit_test_setup_teardown(blocking, enter, leave),
		cmocka_unit_test_setup_teardown(reloading, enter, leave),
		cmocka_unit_test_setup_teardown(denied_connections_end, enter, leave),
		cmocka_unit_test_setup_teardown(reloading_under_load, enter, leave),
		cmocka_unit_test_setup_teardown(no_connection_outlives_tampering, enter, leave),
		cmocka_unit_test_setup_teardown(who_may_not, enter, leave),
		cmocka_unit_test_setup_teardown(hostile_structs, enter, leave),
	};

	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
