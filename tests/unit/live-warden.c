#include "tests/unit/live-warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/capability.h>

#include "fw/policy-rules.h"
#include "guard/first.h"
#include "guard/warden/warden.h"
#include "util/caps.h"
#include "util/confine.h"

struct live_warden it;

const char *output(const char *command)
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

int run(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void pause_ms(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

void must_hold(const char *set, const char *element, bool holds)
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

const char *warden_log(void)
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

void must_log(const char *words)
{
	for (int tries = 0; tries < 150; tries++) {
		if (says(warden_log(), words))
			return;
		pause_ms(20);
	}
	fail_msg("the warden did not say '%s', but:\n%s", words, warden_log());
}

void is_at(const char *name, const char *address)
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

void warden_begin(struct policy said, const char *allowed, const char *blocked)
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

int warden_end(void)
{
	int status = -1;

	if (it.pid > 0)
		waitpid(it.pid, &status, 0);
	it.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int warden_leave(void **state)
{
	(void)state;
	if (it.pid > 0) {
		close(it.lifeline);
		must(warden_end() == 0, "the warden ended badly:\n%s", warden_log());
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

int warden_enter(void **state)
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

void make_world(void)
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

int connection(const char *address)
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

bool lives(int fd)
{
	char byte = 'x';

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && recv(fd, &byte, 1, 0) == 1;
}

struct message learn_of(const char *name, const char *addresses, uint32_t seconds)
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

struct message next_message(void)
{
	struct pollfd fd = {.fd = it.resolver, .events = POLLIN};
	struct message message;

	must(poll(&fd, 1, 3000) == 1, "the warden says nothing:\n%s", warden_log());
	assert_int_equal(message_receive(it.resolver, &message), 0);
	return message;
}

int learnt(const struct message *message)
{
	struct message answer;

	assert_int_equal(message_send(it.resolver, message), 0);
	answer = next_message();
	assert_int_equal(answer.type, MESSAGE_LEARNT);
	assert_int_equal(answer.number, message->number);
	return answer.status;
}

int learn(const char *name, const char *addresses, uint32_t seconds)
{
	const struct message message = learn_of(name, addresses, seconds);

	return learnt(&message);
}

unsigned int left_of(const char *set, const char *element)
{
	char command[100], line[100];
	const char *found;

	snprintf(command, sizeof(command), "ipset list %s", set);
	snprintf(line, sizeof(line), "\n%s timeout ", element);
	found = strstr(output(command), line);
	return found == NULL ? 0 : (unsigned int)strtoul(found + strlen(line), NULL, 10);
}
