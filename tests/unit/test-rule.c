/* fw/rule.h: rules in the words of iptables -S. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "fw/rule.h"

static void rules_in_words(void **state)
{
	const struct {
		struct rule rule;
		const char *words;
	} rows[] = {
		{{.family = AF_INET, .chain = CHAIN_INPUT, .loopback = 1}, "-A INPUT -i lo -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .loopback = 1}, "-A OUTPUT -o lo -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .loopback = 1, .local = LOCAL_RECEIVER},
			"-A OUTPUT -o lo -m addrtype --dst-type LOCAL -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_FORWARD}, "-A FORWARD -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_INPUT, .states = STATE_ESTABLISHED | STATE_RELATED},
			"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .states = STATE_ESTABLISHED},
			"-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT"},
		{{.family = AF_INET,
			 .chain = CHAIN_OUTPUT,
			 .peer = prefix("192.0.2.53"),
			 .protocol = IPPROTO_UDP,
			 .dport = 53},
			"-A OUTPUT -d 192.0.2.53 -p udp --dport 53 -j ACCEPT"},
		{{.family = AF_INET,
			 .chain = CHAIN_OUTPUT,
			 .protocol = IPPROTO_TCP,
			 .dport = 53,
			 .user = USER_ROOT},
			"-A OUTPUT -p tcp --dport 53 -m owner --uid-owner 0 -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .peer = prefix("127.0.0.11"), .user = USER_GUARD},
			"-A OUTPUT -d 127.0.0.11 -m owner --uid-owner 65501 -j ACCEPT"},
		{{.family = AF_INET6,
			 .chain = CHAIN_OUTPUT,
			 .local = LOCAL_NOT_SENDER,
			 .verdict = VERDICT_REJECT},
			"-A OUTPUT -m addrtype ! --src-type LOCAL -j REJECT --reject-with "
			"icmp6-adm-prohibited"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_LOG},
			"-A OUTPUT -j NFLOG --nflog-prefix refused --nflog-group 10053"},
		{{.family = AF_INET6,
			 .chain = CHAIN_OUTPUT,
			 .protocol = IPPROTO_TCP,
			 .set = SET_OF(LIST_BLOCKED, SET_PORTS6) + 1,
			 .verdict = VERDICT_LOG},
			"-A OUTPUT -p tcp -m set --match-set blocked-ports6 dst,dst -j NFLOG --nflog-prefix "
			"refused --nflog-group 10053"},
		{{.family = AF_INET, .chain = CHAIN_INPUT, .peer = prefix("172.17.0.0/16")},
			"-A INPUT -s 172.17.0.0/16 -j ACCEPT"},
		{{.family = AF_INET6, .chain = CHAIN_OUTPUT, .peer = prefix("fd00::/64")},
			"-A OUTPUT -d fd00::/64 -j ACCEPT"},
		{{.family = AF_INET6, .chain = CHAIN_INPUT, .protocol = IPPROTO_ICMPV6, .icmp6type = 135},
			"-A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .set = SET_ANY4 + 1},
			"-A OUTPUT -p tcp -m set --match-set allowed-domains dst -j ACCEPT"},
		{{.family = AF_INET6, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_TCP, .set = SET_ANY6 + 1},
			"-A OUTPUT -p tcp -m set --match-set allowed-domains6 dst -j ACCEPT"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP, .set = SET_PORTS4 + 1},
			"-A OUTPUT -p udp -m set --match-set allowed-ports dst,dst -j ACCEPT"},
		{{.family = AF_INET6, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_UDP, .set = SET_PORTS6 + 1},
			"-A OUTPUT -p udp -m set --match-set allowed-ports6 dst,dst -j ACCEPT"},
		/* in INPUT the set asks for who comes, and for our port */
		{{.family = AF_INET,
			 .chain = CHAIN_INPUT,
			 .protocol = IPPROTO_TCP,
			 .set = SET_OF(LIST_INBOUND, SET_ANY4) + 1},
			"-A INPUT -p tcp -m set --match-set inbound-hosts src -j ACCEPT"},
		{{.family = AF_INET6,
			 .chain = CHAIN_INPUT,
			 .protocol = IPPROTO_UDP,
			 .set = SET_OF(LIST_INBOUND, SET_PORTS6) + 1},
			"-A INPUT -p udp -m set --match-set inbound-ports6 src,dst -j ACCEPT"},
		{{.family = AF_INET,
			 .chain = CHAIN_INPUT,
			 .set = SET_OF(LIST_BLOCKED, SET_ANY4) + 1,
			 .verdict = VERDICT_REJECT},
			"-A INPUT -m set --match-set blocked-domains src -j REJECT --reject-with "
			"icmp-admin-prohibited"},
		{{.family = AF_INET, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT},
			"-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited"},
		{{.family = AF_INET6, .chain = CHAIN_OUTPUT, .verdict = VERDICT_REJECT},
			"-A OUTPUT -j REJECT --reject-with icmp6-adm-prohibited"},
		{{.family = AF_INET6,
			 .chain = CHAIN_OUTPUT,
			 .protocol = IPPROTO_TCP,
			 .verdict = VERDICT_RESET},
			"-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char text[RULE_TEXT];

		assert_ptr_equal(rule_text(&rows[i].rule, text), text);
		assert_string_equal(text, rows[i].words);
	}
}

static void the_longest_rules(void **state)
{
	struct rule rule = {.family = AF_INET6,
		.chain = CHAIN_OUTPUT,
		.peer = prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"),
		.protocol = IPPROTO_ICMPV6,
		.dport = 65535,
		.user = USER_ROOT,
		.set = SET_ANY6 + 1,
		.verdict = VERDICT_REJECT};
	char text[RULE_TEXT + 1];

	(void)state;
	/* more than any of ours asks for: whole */
	rule_text(&rule, text);
	must(says(text, " --reject-with icmp6-adm-prohibited"), "%s", text);
	rule.user = USER_GUARD;
	rule.verdict = VERDICT_LOG;
	rule_text(&rule, text);
	must(says(text, " --uid-owner 65501 | --nflog-group 10053"), "%s", text);
	rule.verdict = VERDICT_REJECT;
	/* all at once, which only a rule that is read back can have: cut, but inside its room */
	rule.loopback = 1;
	rule.icmp6type = 255;
	rule.states = STATE_ESTABLISHED | STATE_RELATED;
	text[RULE_TEXT] = '!';
	rule_text(&rule, text);
	assert_int_equal(text[RULE_TEXT], '!');
	assert_int_equal(strlen(text), RULE_TEXT - 1);
}

/* A rule that is read back may ask for any protocol; it must not be shown as another one. */
static void a_protocol_of_another_kind_is_not_called_icmp(void **state)
{
	const struct rule rule = {.family = AF_INET, .chain = CHAIN_OUTPUT, .protocol = IPPROTO_SCTP};
	char text[RULE_TEXT];

	(void)state;
	rule_text(&rule, text);
	must(strstr(text, "icmp") == NULL, "%s", text);
	must(says(text, "132") || says(text, "sctp"), "%s", text);
}

static void which_sets_are_used(void **state)
{
	struct ruleset ruleset = {.n = 3};

	(void)state;
	for (int set = 0; set < SETS; set++)
		assert_false(ruleset_uses(&ruleset, set));
	ruleset.v[0].set = SET_OF(LIST_ALLOWED, SET_ANY4) + 1;
	ruleset.v[2].set = SET_OF(LIST_INBOUND, SET_PORTS6) + 1;
	/* behind the last rule */
	ruleset.v[3].set = SET_OF(LIST_BLOCKED, SET_ANY4) + 1;
	for (int set = 0; set < SETS; set++)
		must(ruleset_uses(&ruleset, set) == (set == 0 || set == SETS - 1), "%s is%s used",
			set_kinds[set].name, ruleset_uses(&ruleset, set) ? "" : " not");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_in_words),
		cmocka_unit_test(the_longest_rules),
		cmocka_unit_test(which_sets_are_used),
		cmocka_unit_test(a_protocol_of_another_kind_is_not_called_icmp),
	};

	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
