/* guard/warden/control.h: live changes, by who may make them and who may not, under a real warden. */
#include "tests/unit/live-warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "guard/message.h"
#include "guard/warden/control.h"
#include "guard/warden/proof.h"
#include "init/change.h"
#include "util/caps.h"
#include "util/confine.h"

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
	warden_begin((struct policy){0}, "a.example,10.0.0.0/24", NULL);
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
	warden_begin((struct policy){0}, "a.example", NULL);
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
	warden_begin((struct policy){.mode = MODE_PROXY}, "10.0.0.1:3128", NULL);
	must_fail("allow 198.18.0.1", FAIL_CONFIG, "mode is proxy");
}

static void blocking(void **state)
{
	NEEDS_NAMESPACE;
	warden_begin((struct policy){.mode = MODE_BLOCKLIST}, "10.0.0.1", NULL);
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
	warden_begin((struct policy){0}, "a.example,b.example:443,10.0.0.0/24", NULL);
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
	warden_begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example", NULL);
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

/* Of a private address that DNS says, nothing is left when the network that named it goes, whatever the
 * resolver says then. */
static void denied_networks_take_what_they_named(void **state)
{
	const struct message keep = {
		.type = MESSAGE_KEEP, .name = "a.example", .seconds = 1000, .status = KEEP_V4 | KEEP_V6};

	NEEDS_NAMESPACE;
	warden_begin((struct policy){.strict = true}, "a.example,10.1.0.0/16", NULL);
	assert_int_equal(learn("a.example", "10.1.0.1 192.0.2.1", 60), 0);
	/* which names itself, and stays */
	must_call("allow 169.254.169.254 --for 2h", "allowed");
	must_call("deny 10.1.0.0/16", "no longer allowed");
	must_hold("allowed-domains", "10.1.0.1", false);
	assert_int_equal(message_send(it.resolver, &keep), 0);
	assert_int_equal(learn("a.example", "10.1.0.1", 60), -EADDRNOTAVAIL);
	must_hold("allowed-domains", "10.1.0.1", false);
	assert_in_range(left_of("allowed-domains", "192.0.2.1"), 995, 1000);
	assert_in_range(left_of("allowed-domains", "169.254.169.254"), 7100, 7200);

	/* and when its time is over */
	must_call("allow 10.2.0.0/16 --for 1s", "allowed");
	assert_int_equal(learn("a.example", "10.2.0.1", 60), 0);
	must_log("10.2.0.0/16 is no longer allowed: its time is over");
	must_hold("allowed-domains", "10.2.0.1", false);
}

/* An address that is blocked only now may have connections. */
static void blocked_connections_end(void **state)
{
	int blocked, other;

	NEEDS_NAMESPACE;
	make_world();
	warden_begin((struct policy){.mode = MODE_BLOCKLIST}, NULL, "bad.example");
	blocked = connection("198.18.0.1");
	other = connection("198.18.0.2");
	assert_true(lives(blocked) && lives(other));
	assert_int_equal(learn("bad.example", "198.18.0.1", 60), 0);
	must_log("1 connections that are no longer allowed were ended");
	assert_false(lives(blocked));
	assert_true(lives(other));
	close(blocked);
	close(other);
}

/* A connection outlives what its address is lent, also if something else is blocked meanwhile. */
static void other_connections_live(void **state)
{
	int fd;

	NEEDS_NAMESPACE;
	make_world();
	warden_begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example", "bad.example");
	assert_int_equal(learn("a.example", "198.18.0.2", 60), 0);
	fd = connection("198.18.0.2");
	assert_true(lives(fd));
	assert_int_equal(run("ipset del allowed-domains 198.18.0.2"), 0);
	assert_int_equal(learn("bad.example", "198.18.0.1", 60), 0);
	/* answered after connections were looked through */
	must_call("list", "bad.example");
	assert_true(lives(fd));
	close(fd);
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
	warden_begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "a.example,10.0.0.0/8", NULL);
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

/* Has the sets of that name not be filled any more, by one that is in the way; and again. */
static void no_filling(const char *set, bool on)
{
	char command[100];

	snprintf(
		command, sizeof(command), on ? "ipset create %s-next hash:ip" : "ipset destroy %s-next", set);
	assert_int_equal(run(command), 0);
}

/* Longer than a look of the warden's takes to come. */
static void must_log_by_itself(const char *words)
{
	for (int i = 0; i < 600 && !says(warden_log(), words); i++)
		pause_ms(20);
	must_log(words);
}

/* Waits until a connection comes about, which lives. */
static int opened(const char *address)
{
	int fd = -1;

	for (int i = 0; i < 150 && fd < 0; i++) {
		fd = connection(address);
		if (fd < 0)
			pause_ms(20);
	}
	assert_true(lives(fd));
	return fd;
}

/* The sets cannot be filled half-way: all stays closed until they can, and the resolver knows. */
static void a_reload_that_fails_stays_closed(void **state)
{
	static const struct policy blocklist = {.mode = MODE_BLOCKLIST, .ssh = SSH_NONE, .host = HOST_NONE};
	int other;

	NEEDS_NAMESPACE;
	make_world();
	warden_begin(blocklist, NULL, "198.18.0.1");
	assert_int_equal(connection("198.18.0.1"), -1);
	other = opened("198.18.0.2");
	no_filling("blocked-domains", true);
	next(blocklist, NULL, "198.18.0.1,bad.example");
	must_fail("reload", FAIL_FIREWALL,
		"the network is closed until the new policy can be put in place|"
		"blocked-domains-next");
	assert_false(lives(other));
	close(other);
	assert_int_equal(next_message().type, MESSAGE_ADD);
	assert_int_equal(next_message().type, MESSAGE_FILTER);
	assert_int_equal(connection("198.18.0.2"), -1);

	/* whoever tries again opens nothing either */
	must_log_by_itself("THE NETWORK IS CLOSED|blocked-domains-next|it is tried again");
	pause_ms(1500);
	assert_int_equal(connection("198.18.0.1"), -1);
	assert_int_equal(connection("198.18.0.2"), -1);
	must_fail("deny 198.18.0.9", FAIL_FIREWALL, "blocked-domains-next");
	must_fail("allow 10.9.9.9", FAIL_FIREWALL, "blocked-domains-next");
	assert_int_equal(connection("198.18.0.2"), -1);

	no_filling("blocked-domains", false);
	close(opened("198.18.0.2"));
	assert_int_equal(connection("198.18.0.1"), -1);
	must_hold("blocked-domains", "198.18.0.1", true);
	must_log("the policy is in place now");
	must_call("reload", "2 entries");
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
}

/* As above, and a reload to what can be put in place ends it. */
static void a_reload_after_one_that_failed(void **state)
{
	static const struct policy blocklist = {.mode = MODE_BLOCKLIST, .ssh = SSH_NONE, .host = HOST_NONE};
	struct message message;

	NEEDS_NAMESPACE;
	make_world();
	warden_begin(blocklist, NULL, "198.18.0.1");
	no_filling("blocked-ports", true);
	next(blocklist, NULL, "198.18.0.1:443,bad.example");
	must_fail("reload", FAIL_FIREWALL, "blocked-ports-next");
	next((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "198.18.0.2", NULL);
	must_call("reload", "1 entries");
	close(opened("198.18.0.2"));
	assert_int_equal(connection("198.18.0.1"), -1);
	assert_int_equal(next_message().type, MESSAGE_ADD);
	assert_int_equal(next_message().type, MESSAGE_FILTER);
	message = next_message();
	assert_int_equal(message.type, MESSAGE_REMOVE);
	assert_string_equal(message.entry.name, "bad.example");
	no_filling("blocked-ports", false);
}

/* What has no room is refused before anything changes, what is lent counted too. */
static void a_reload_without_room(void **state)
{
	static const struct policy blocklist = {.mode = MODE_BLOCKLIST, .ssh = SSH_NONE, .host = HOST_NONE};
	int stays;

	NEEDS_NAMESPACE;
	make_world();
	warden_begin(blocklist, NULL, "198.18.0.1,bad.example");
	assert_int_equal(learn("bad.example", "192.0.2.1 192.0.2.2", 60), 0);
	stays = opened("198.18.0.2");
	next(blocklist, NULL, "198.18.0.1:443-445,bad.example:1-65535");
	must_fail("reload", FAIL_CONFIG, "with what DNS says of its names");
	assert_true(lives(stays));
	close(stays);
	close(opened("198.18.0.2"));
	assert_int_equal(connection("198.18.0.1"), -1);
	must_hold("blocked-domains", "192.0.2.1", true);
	/* what just fits, does */
	next(blocklist, NULL, "198.18.0.1:443-444,bad.example:1-65535");
	must_call("reload", "2 entries");
	close(opened("198.18.0.2"));
	assert_int_equal(connection("198.18.0.1"), -1);
}

/* Tries what is blocked over and over. */
static void try_blocked(int report)
{
	/* whatever becomes of the test */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		const int fd = connection("198.18.0.1");

		if (fd >= 0 && write(report, "what is blocked was open", 24) > 0)
			_exit(0);
	}
}

/* A reload that has no room for both policies puts the old one back, and opens nothing on the way. */
static void going_back_opens_nothing(void **state)
{
	static const struct policy blocklist = {.mode = MODE_BLOCKLIST, .ssh = SSH_NONE, .host = HOST_NONE};
	char text[100] = "";
	int report[2];
	pid_t pids[4];

	NEEDS_NAMESPACE;
	make_world();
	warden_begin(blocklist, "10.0.0.0/24:1-65535", "198.18.0.1:443,10.1.0.0/24:1-65535");
	assert_int_equal(pipe2(report, O_CLOEXEC | O_NONBLOCK), 0);
	/* one whose packet is dropped is long in waiting */
	for (size_t i = 0; i < LENGTH(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			try_blocked(report[1]);
	}
	next(blocklist, "10.0.1.0/24:1-65535,10.0.2.0/24:1-65000", "10.1.0.0/24:1-65535");
	for (int i = 0; i < 8; i++)
		must_fail("reload", FAIL_SYSTEM, "no room for both policies");
	if (read(report[0], text, sizeof(text) - 1) < 0)
		assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < LENGTH(pids); i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	must(*text == '\0', "%s", text);
	close(report[0]);
	close(report[1]);
	close(opened("198.18.0.2"));
	must(!says(warden_log(), "CHANGED"), "%s", warden_log());
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
	warden_begin((struct policy){0}, "a.example", NULL);
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
	warden_begin((struct policy){0}, "a.example", NULL);
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
		cmocka_unit_test_setup_teardown(allowing_an_address, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(allowing_a_name, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(nothing_beside_a_proxy, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(blocking, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(reloading, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(denied_connections_end, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(
			denied_networks_take_what_they_named, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(blocked_connections_end, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(other_connections_live, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(reloading_under_load, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(a_reload_that_fails_stays_closed, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(a_reload_after_one_that_failed, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(a_reload_without_room, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(going_back_opens_nothing, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(who_may_not, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(hostile_structs, warden_enter, warden_leave),
	};

	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
