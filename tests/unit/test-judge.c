/*
 * fw/judge.h, fw/allow.h: what becomes of a packet under a policy, by the rules that follow from it and by
 * what the sets then hold. The order is that of docs/policy.md.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/allow.h"
#include "fw/judge.h"
#include "fw/policy-rules.h"

/* "203.0.113.9:443", "[2001:db8::1]:53/udp", "203.0.113.9/icmp" */
static struct packet packet(const char *words)
{
	struct packet it = {.protocol = IPPROTO_TCP};
	char text[80], *slash, *colon, *address = text;

	snprintf(text, sizeof(text), "%s", words);
	slash = strchr(text, '/');
	if (slash != NULL) {
		*slash++ = '\0';
		it.protocol = strcmp(slash, "udp") == 0	   ? IPPROTO_UDP
			      : strcmp(slash, "icmp") == 0 ? IPPROTO_ICMP
							   : IPPROTO_ICMPV6;
	}
	colon = strrchr(text, ':');
	if (*text == '[') {
		address++;
		*strchr(text, ']') = '\0';
	}
	if (it.protocol == IPPROTO_TCP || it.protocol == IPPROTO_UDP) {
		it.port = (uint16_t)atoi(colon + 1);
		*colon = '\0';
	}
	it.to = prefix(address);
	return it;
}

static int in_contents(void *data, int set, const struct packet *packet)
{
	const struct contents *contents = data;

	return contents_in(&contents[SET_LIST(set)], set, &packet->to, packet->port);
}

/* "ACCEPT", "REJECT" or "DROP". */
static const char *verdict(
	const struct policy *policy, const struct contents contents[LISTS], const char *words)
{
	struct resolv resolv;
	struct host_networks host = {0};
	const struct prefix network = prefix("172.17.0.0/16"), gateway = prefix("172.17.0.1");
	const struct packet it = packet(words);
	struct ruleset ruleset;
	struct error error;
	const struct rule *rule;
	unsigned int place;

	assert_int_equal(resolv_read(file_of(0, "nameserver 192.0.2.53\nnameserver 169.254.169.254\n"),
				 &resolv, &error),
		0);
	file_drop();
	assert_int_equal(prefixes_add(&host.networks, &network), 0);
	assert_int_equal(prefixes_add(&host.onlink, &network), 0);
	assert_int_equal(prefixes_add(&host.gateways, &gateway), 0);
	assert_int_equal(policy_rules(policy, &resolv, &host, false, STAGE_AGENT, &ruleset, &error), 0);
	assert_int_equal(judge(&ruleset, in_contents, (void *)contents, &it, &rule, &place), 0);
	prefixes_free(&host.networks);
	prefixes_free(&host.onlink);
	prefixes_free(&host.gateways);
	return rule == NULL ? "DROP" : rule->verdict == VERDICT_ACCEPT ? "ACCEPT" : "REJECT";
}

struct row {
	struct policy said;
	const char *allowed, *blocked, *accepts, *rejects; /* packets, separated by blanks */
};

static void follow(const struct row *rows, size_t n)
{
	const struct lookup lookup = {.socket = -1};
	const struct prefixes ranges = {0};

	for (size_t i = 0; i < n; i++) {
		struct policy it = policy(rows[i].said, rows[i].allowed, rows[i].blocked, NULL);
		struct contents contents[LISTS] = {0};
		struct error error;

		must(policy_settle(&it, &error) == 0, "row %zu: %s", i, error.text);
		must(allow_contents(&it, &lookup, &ranges, contents, &error) == 0, "row %zu: %s", i,
			error.text);
		for (int accepts = 0; accepts < 2; accepts++) {
			char text[400], *rest = text;

			snprintf(text, sizeof(text), "%s", accepts ? rows[i].accepts : rows[i].rejects);
			for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';)
				must(strcmp(verdict(&it, contents, word), accepts ? "ACCEPT" : "REJECT") == 0,
					"row %zu: %s is %s", i, word, verdict(&it, contents, word));
		}
		lists_free(contents);
		policy_free(&it);
	}
}

static void what_becomes_of_a_packet(void **state)
{
	static const struct row rows[] = {
		/* an entry opens TCP and UDP, of its ports if it has any */
		{.allowed = "198.51.100.7,203.0.113.0/24:443,8000-8010,2001:db8::/32",
			.accepts =
				"198.51.100.7:1 198.51.100.7:65535/udp 203.0.113.9:443 203.0.113.9:8010/udp "
				"[2001:db8::1]:80 127.0.0.1:80 [::1]:80 127.0.0.1/icmp",
			.rejects = "198.51.100.8:443 198.51.100.7/icmp 203.0.113.9:442 203.0.113.9:8011 "
				   "203.0.114.1:443 [2001:db9::1]:80 [2001:db8::1]/icmp6"},
		/* the essential services */
		{.accepts = "192.0.2.53:53 192.0.2.53:53/udp 169.254.169.254:53/udp 198.51.100.1:22 "
			    "172.17.3.4:80 "
			    "172.17.3.4/icmp [2001:db8::1]:22",
			.rejects = "192.0.2.53:54 192.0.2.54:53 169.254.169.254:80 198.51.100.1:22/udp "
				   "172.18.0.1:80"},
		/* blocked comes before them, and allowed before blocked */
		{.allowed = "198.51.100.7:22",
			.blocked = "198.51.100.0/24,192.0.2.53,172.17.0.1:80,169.254.0.0/16",
			.accepts = "198.51.100.7:22 172.17.0.1:81 172.17.0.2:80 169.254.169.254:53",
			.rejects = "198.51.100.8:22 198.51.100.7:80 192.0.2.53:53 172.17.0.1:80 "
				   "172.17.0.1:80/udp"},
		{.said = {.mode = MODE_BLOCKLIST},
			.allowed = "203.0.113.5",
			.blocked = "203.0.113.0/24,198.51.100.1:443,2001:db8::/32",
			.accepts = "203.0.113.5:80 198.51.100.1:80 198.51.100.1/icmp 8.8.8.8:53/udp "
				   "[2001:db9::1]:80",
			.rejects = "203.0.113.6:80 203.0.113.6/icmp 198.51.100.1:443 198.51.100.1:443/udp "
				   "[2001:db8::1]:80 [2001:db8::1]/icmp6"},
		/* behind the guard the agent gets to it alone, and not to whom it asks */
		{.said = {.guarded = true},
			.allowed = "198.51.100.7,203.0.113.53:53",
			.accepts = "127.0.0.1:10053/udp [::1]:10053 198.51.100.7:1 203.0.113.53:53/udp "
				   "198.51.100.1:22",
			.rejects = "192.0.2.53:53 192.0.2.53:53/udp 169.254.169.254:53/udp 198.51.100.1:53 "
				   "198.51.100.1:10053"},
		{.said = {.guarded = true, .mode = MODE_OBSERVE},
			.blocked = "198.51.100.0/24",
			.accepts = "203.0.113.9:1 203.0.113.9/icmp [2001:db8::1]:80",
			.rejects = "198.51.100.1:80 198.51.100.1/icmp"},
		{.said = {.mode = MODE_PROXY},
			.allowed = "203.0.113.5:3128",
			.accepts = "203.0.113.5:3128 192.0.2.53:53/udp",
			.rejects = "203.0.113.5:80 198.51.100.1:22 172.17.0.1:80"},
		{.said = {.mode = MODE_NONE},
			.accepts = "127.0.0.1:80",
			.rejects = "192.0.2.53:53 198.51.100.1:22 172.17.0.1:80 [2001:db8::1]:22"},
		{.said = {.strict = true},
			.allowed = "203.0.113.5:22",
			.accepts = "203.0.113.5:22",
			.rejects = "192.0.2.53:53/udp 198.51.100.1:22 172.17.0.1:80 203.0.113.5:23"},
		/* no SSH is none anywhere, not even where all ports are allowed */
		{.said = {.ssh = SSH_NONE},
			.allowed = "203.0.113.5",
			.accepts = "203.0.113.5:80 203.0.113.5:22/udp 172.17.0.1:80",
			.rejects = "203.0.113.5:22 172.17.0.1:22 198.51.100.1:22"},
		{.said = {.mode = MODE_BLOCKLIST, .ssh = SSH_NONE},
			.allowed = "203.0.113.5",
			.accepts = "203.0.113.5:80 198.51.100.1:80",
			.rejects = "203.0.113.5:22 198.51.100.1:22 [2001:db8::1]:22"},
		{.said = {.host = HOST_GATEWAY, .dns = DNS_NONE, .ssh = SSH_ALLOWLIST},
			.allowed = "203.0.113.5",
			.accepts = "172.17.0.1:80 203.0.113.5:22",
			.rejects = "172.17.0.2:80 192.0.2.53:53 198.51.100.1:22"},
	};

	(void)state;
	follow(rows, LENGTH(rows));
}

/* What is closed is closed in every mode: so the summary says, and so strict promises. */
static void closed_services_of_a_block_list(void **state)
{
	static const struct row rows[] = {
		{.said = {.mode = MODE_BLOCKLIST, .ssh = SSH_ALLOWLIST},
			.allowed = "203.0.113.5",
			.accepts = "203.0.113.5:22 198.51.100.1:80",
			.rejects = "198.51.100.1:22 [2001:db8::1]:22"},
		{.said = {.mode = MODE_BLOCKLIST, .dns = DNS_NONE},
			.accepts = "198.51.100.1:80",
			.rejects = "192.0.2.53:53 192.0.2.53:53/udp 8.8.8.8:53/udp"},
		{.said = {.mode = MODE_BLOCKLIST, .host = HOST_NONE},
			.accepts = "198.51.100.1:80",
			.rejects = "172.17.0.1:80 172.17.0.2:80"},
		{.said = {.mode = MODE_BLOCKLIST, .host = HOST_GATEWAY},
			.accepts = "172.17.0.1:80",
			.rejects = "172.17.0.2:80"},
		{.said = {.mode = MODE_BLOCKLIST, .strict = true},
			.accepts = "198.51.100.1:80 192.0.2.53:53",
			.rejects = "198.51.100.1:22 172.17.0.1:80"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		follow(&rows[i], 1);
}

/* The rule and its number, as iptables -S OUTPUT counts. */
static void which_rule_decides(void **state)
{
	const struct ruleset ruleset = {
		.n = 6,
		.v = {{.family = AF_INET, .chain = CHAIN_INPUT}, {.family = AF_INET6, .chain = CHAIN_OUTPUT},
			{.family = AF_INET, .chain = CHAIN_OUTPUT, .states = STATE_ESTABLISHED},
			{.family = AF_INET, .chain = CHAIN_OUTPUT, .user = USER_ROOT},
			{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP},
			{.family = AF_INET6, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT}},
	};
	const struct packet udp = packet("192.0.2.1:53/udp"), tcp = packet("192.0.2.1:53"),
			    six = packet("[2001:db8::1]:53");
	const struct rule *rule;
	unsigned int place;

	(void)state;
	assert_int_equal(judge(&ruleset, NULL, NULL, &udp, &rule, &place), 0);
	assert_ptr_equal(rule, &ruleset.v[4]);
	assert_int_equal(place, 3);
	assert_int_equal(judge(&ruleset, NULL, NULL, &six, &rule, &place), 0);
	assert_ptr_equal(rule, &ruleset.v[1]);
	assert_int_equal(place, 1);
	/* none: the chain's policy */
	assert_int_equal(judge(&ruleset, NULL, NULL, &tcp, &rule, &place), 0);
	assert_null(rule);
}

/* Who only tells decides nothing; who is let through by his uid is not the agent. */
static void what_the_guard_is_told(void **state)
{
	const struct ruleset ruleset = {
		.n = 5,
		.v = {{.family = AF_INET, .chain = CHAIN_OUTPUT, .user = USER_GUARD},
			{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_LOG},
			{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT},
			{.family = AF_INET6, .chain = CHAIN_OUTPUT, .verdict = VERDICT_LOG},
			{.family = AF_INET6, .chain = CHAIN_OUTPUT}},
	};
	const struct packet four = packet("192.0.2.1:53/udp"), six = packet("[2001:db8::1]:53");
	const struct rule *rule;
	unsigned int place;

	(void)state;
	assert_int_equal(judge(&ruleset, NULL, NULL, &four, &rule, &place), 0);
	assert_ptr_equal(rule, &ruleset.v[2]);
	assert_int_equal(place, 3);
	assert_int_equal(judge(&ruleset, NULL, NULL, &six, &rule, &place), 0);
	assert_ptr_equal(rule, &ruleset.v[4]);
	assert_int_equal(place, 2);
}

static int no_answer(void *data, int set, const struct packet *packet)
{
	(void)data;
	(void)set;
	(void)packet;
	return -EIO;
}

static void a_set_that_cannot_be_asked(void **state)
{
	const struct ruleset ruleset = {.n = 2,
		.v = {{.family = AF_INET, .chain = CHAIN_OUTPUT, .set = SET_ANY4 + 1},
			{.family = AF_INET, .chain = CHAIN_OUTPUT}}};
	const struct packet it = packet("192.0.2.1:53");
	const struct rule *rule;
	unsigned int place;

	(void)state;
	assert_int_equal(judge(&ruleset, no_answer, NULL, &it, &rule, &place), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_becomes_of_a_packet),
		cmocka_unit_test(closed_services_of_a_block_list),
		cmocka_unit_test(which_rule_decides),
		cmocka_unit_test(what_the_guard_is_told),
		cmocka_unit_test(a_set_that_cannot_be_asked),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
