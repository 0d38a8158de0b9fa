/* guard/warden/warden.h: what is learnt, and what is put back as it was. */
#include "tests/unit/live-warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "fw/firewall.h"
#include "guard/message.h"

static void what_is_learnt_is_lent(void **state)
{
	NEEDS_NAMESPACE;
	is_at("a.example", "192.0.2.1");
	warden_begin((struct policy){0}, "a.example,b.example:443,10.0.0.0/24,*.w.example:8000-8001",
		"bad.example");
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

/* The end of a lease opens what is blocked: it comes only when the name is known to be elsewhere. */
static void what_is_blocked_stays_blocked(void **state)
{
	const int most = 20 * 24 * 3600, least = most - 20;

	NEEDS_NAMESPACE;
	is_at("bad.example", "192.0.2.1");
	warden_begin((struct policy){0}, "a.example", "bad.example,worse.example:443,*.w.example");
	assert_in_range(left_of("blocked-domains", "192.0.2.1"), least, most);
	assert_int_equal(learn("worse.example", "198.18.0.1 198.18.0.2", 5), 0);
	assert_in_range(left_of("blocked-ports", "198.18.0.2,udp:443"), least, most);

	/* elsewhere, by one family; the other one, and other names, stay */
	assert_int_equal(learn("bad.example", "2001:db8:18::1", 60), 0);
	assert_in_range(left_of("blocked-domains", "192.0.2.1"), least, most);
	assert_int_equal(learn("worse.example", "198.18.0.2 198.18.0.3", 60), 0);
	assert_in_range(left_of("blocked-ports", "198.18.0.1,tcp:443"), 350, 360);
	assert_in_range(left_of("blocked-ports", "198.18.0.2,tcp:443"), least, most);
	assert_in_range(left_of("blocked-ports", "198.18.0.3,tcp:443"), least, most);
	assert_in_range(left_of("blocked-domains", "192.0.2.1"), least, most);
	assert_in_range(left_of("blocked-domains6", "2001:db8:18::1"), least, most);
	/* and back */
	assert_int_equal(learn("worse.example", "198.18.0.1", 60), 0);
	assert_in_range(left_of("blocked-ports", "198.18.0.1,tcp:443"), least, most);
	assert_in_range(left_of("blocked-ports", "198.18.0.2,tcp:443"), 350, 360);
	/* nowhere that can be blocked is no news */
	assert_int_equal(learn("worse.example", "0.0.0.0", 60), -EADDRNOTAVAIL);
	assert_in_range(left_of("blocked-ports", "198.18.0.1,tcp:443"), least, most);
	/* an answer of several messages says in none of them where the name is not */
	for (unsigned int i = 0; i < 2; i++) {
		struct message message = learn_of("bad.example", "", 60);
		char text[16];

		message.status = LEARN_PART;
		for (unsigned int a = 0; a < (i == 0 ? MESSAGE_ADDRESSES : 8U); a++) {
			snprintf(text, sizeof(text), "198.18.%u.%u", 7 + i, a);
			message.addresses[message.n++] = prefix(text);
		}
		assert_int_equal(learnt(&message), 0);
	}
	assert_in_range(left_of("blocked-domains", "198.18.7.31"), least, most);
	assert_in_range(left_of("blocked-domains", "198.18.8.7"), least, most);
	assert_in_range(left_of("blocked-domains", "192.0.2.1"), least, most);
	/* but not so many of them that other names find no place */
	for (unsigned int i = 0; i < 2048 / MESSAGE_ADDRESSES; i++) {
		struct message message = learn_of("bad.example", "", 60);

		message.status = LEARN_PART;
		for (; message.n < MESSAGE_ADDRESSES; message.n++) {
			const uint32_t address = htonl(0x0b000000U + i * 32 + message.n);

			message.addresses[message.n] = prefix_make(AF_INET, &address, 32);
		}
		assert_int_equal(learnt(&message), 0);
	}
	assert_in_range(left_of("blocked-domains", "198.18.8.7"), 350, 360);
	assert_in_range(left_of("blocked-domains", "11.0.7.255"), least, most);
	/* below a wildcard are many names */
	assert_int_equal(learn("x.w.example", "198.18.0.7", 60), 0);
	assert_in_range(left_of("blocked-domains", "198.18.0.7"), 350, 360);
}

static void nothing_is_believed(void **state)
{
	struct message message;

	NEEDS_NAMESPACE;
	warden_begin((struct policy){0}, "a.example,10.1.0.0/16", NULL);
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
	warden_begin((struct policy){.strict = true}, "a.example,10.1.0.0/16", NULL);
	assert_int_equal(learn("a.example", "10.0.0.1", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "10.1.0.1", 60), 0);
	assert_int_equal(learn("a.example", "198.18.0.1", 60), -EADDRNOTAVAIL);
	assert_int_equal(learn("a.example", "64:ff9b:1::0808:0808", 60), -EADDRNOTAVAIL);
	must_hold("allowed-domains", "10.0.0.1", false);
}

static void keeping(void **state)
{
	struct message message = {
		.type = MESSAGE_KEEP, .name = "a.example", .seconds = 1000, .status = KEEP_V4};

	NEEDS_NAMESPACE;
	warden_begin((struct policy){0}, "a.example,*.w.example", NULL);
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
	warden_begin((struct policy){0}, "a.example", "bad.example");
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
	/* whoever has an allowed name's answers must not keep a blocked name's out */
	assert_int_equal(learn("bad.example", "198.18.0.9", 60), 0);
	must_hold("blocked-domains", "198.18.0.9", true);
}

static void a_changed_set_is_put_back(void **state)
{
	NEEDS_NAMESPACE;
	warden_begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
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
	warden_begin((struct policy){.connections = 100, .bytes = 1000000},
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
	warden_begin((struct policy){0}, "a.example", NULL);
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
	warden_begin((struct policy){.bytes = 1000000}, "a.example", NULL);
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
			warden_leave(state);
			warden_enter(state);
		}
		it.ownerless = true;
		warden_begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
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
	warden_begin((struct policy){0}, "a.example,10.0.0.0/24:80", NULL);
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
	warden_begin((struct policy){0}, "a.example", NULL);
	assert_int_equal(run("ipset add allowed-domains 203.0.113.0/24"), 0);
	for (int i = 0; i < 600 && waitpid(it.pid, NULL, WNOHANG) == 0; i++)
		pause_ms(20);
	it.pid = 0;
	must_log("THE FIREWALL WAS CHANGED|the agent is stopped");
}

static void the_resolver_goes(void **state)
{
	NEEDS_NAMESPACE;
	warden_begin((struct policy){0}, "a.example", NULL);
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
	warden_begin((struct policy){0}, "github.com:443", NULL);
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

/* Ranges that have no room beside what is lent are not taken. */
static void ranges_without_room(void **state)
{
	struct message message = {.type = MESSAGE_RANGE};

	NEEDS_NAMESPACE;
	prefixes_add(&it.ranges, &(struct prefix){.family = AF_INET, .length = 20, .addr = {140, 82, 112}});
	warden_begin((struct policy){0}, "github.com:1-65535", NULL);
	assert_int_equal(learn("github.com", "198.18.0.1", 60), 0);
	message.addresses[message.n++] = prefix("140.82.112.0/20");
	message.addresses[message.n++] = prefix("185.199.108.0/22");
	assert_int_equal(message_send(it.fetcher, &message), 0);
	message = (struct message){.type = MESSAGE_RANGES_DONE};
	assert_int_equal(message_send(it.fetcher, &message), 0);
	must_log("with what DNS says of its names|those of before stay");
	pause_ms(11000);
	assert_int_equal(run("ipset -q test allowed-ports 140.82.112.0/20,tcp:443"), 0);
	must(!says(warden_log(), "CHANGED") && !says(warden_log(), "CLOSED"), "%s", warden_log());
}

/* What begins while somebody has the rules open ends with the repair. */
static void no_connection_outlives_tampering(void **state)
{
	int fd, before;

	NEEDS_NAMESPACE;
	make_world();
	it.ownerless = true;
	warden_begin((struct policy){.ssh = SSH_NONE, .host = HOST_NONE}, "198.18.0.2", NULL);
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

/* What cannot be put back whole is closed, and no connection goes on that began meanwhile. */
static void what_cannot_be_put_back_is_closed(void **state)
{
	static const char *const ways[] = {
		/* there to be asked, but cannot be filled */
		"ipset create blocked-domains-next hash:ip; nft flush ruleset; ipset flush blocked-domains",
		/* cannot even be asked */
		"nft flush ruleset; for i in 1 2 3 4 5 6 7 8 9; do ipset destroy 2> /dev/null && break; "
		"sleep 0.1; "
		"done; ipset create blocked-domains hash:ip",
	};

	NEEDS_NAMESPACE;
	for (size_t i = 0; i < LENGTH(ways); i++) {
		int fd;

		if (i > 0) {
			warden_leave(state);
			warden_enter(state);
		}
		make_world();
		it.ownerless = true;
		warden_begin((struct policy){.mode = MODE_BLOCKLIST, .ssh = SSH_NONE, .host = HOST_NONE},
			NULL, "198.18.0.1");
		kill(it.pid, SIGSTOP);
		assert_int_equal(run(ways[i]), 0);
		fd = connection("198.18.0.1");
		assert_true(lives(fd));
		kill(it.pid, SIGCONT);
		must_log("THE FIREWALL WAS CHANGED by nft|IT COULD NOT BE PUT BACK: the network is closed");
		pause_ms(1500);
		assert_false(lives(fd));
		close(fd);
		assert_int_equal(connection("198.18.0.1"), -1);
		assert_int_equal(connection("198.18.0.2"), -1);
		/* closed rules ask no set, so that the one in the way can go */
		assert_int_equal(run(i == 0 ? "ipset destroy blocked-domains-next" : "ipset destroy"), 0);
		must_hold("blocked-domains", "198.18.0.1", true);
		must_log("the policy is in place now");
		fd = connection("198.18.0.2");
		assert_true(lives(fd));
		close(fd);
		assert_int_equal(connection("198.18.0.1"), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_learnt_is_lent, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(what_is_blocked_stays_blocked, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(nothing_is_believed, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(strict_keeps_private_closed, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(keeping, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(the_table_is_bounded, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(a_changed_set_is_put_back, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(quiet_when_nothing_happens, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(owned_rules_stand, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(changed_rules_are_put_back, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(changed_tables_are_put_back, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(
			sets_that_are_gone_are_made_again, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(stopping_on_tamper, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(the_resolver_goes, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(ranges_of_github, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(ranges_without_room, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(no_connection_outlives_tampering, warden_enter, warden_leave),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_put_back_is_closed, warden_enter, warden_leave),
	};

	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
