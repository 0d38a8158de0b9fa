/*
 * verify/table.h: what the kernel has of the guard's table is told from every other that was meant, and from
 * what nft(8) makes of it. In a network namespace of its own; where none can be made, it is skipped.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "fw/expression.h"
#include "fw/nft.h"
#include "verify/table.h"

static struct netlink netlink;
static bool owned;

static const struct detour detours[] = {
	{0},
	{.docker = true},
	{.dns = true},
	{.dns = true, .root_asks = true},
	{.asks = true},
	{.asks = true, .root_asks = true},
	{.dns = true, .asks = true},
	{.connections = 60},
	{.connections = 61},
	{.bytes = 1000000},
	{.bytes = 1000001},
	{.connections = 60, .bytes = 1000000},
	{.dns = true, .docker = true, .asks = true, .root_asks = true, .connections = 60, .bytes = 1000000},
};

static int enter(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) == 0)
		assert_int_equal(netlink_open(&netlink, NETLINK_NETFILTER), 0);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	netlink_close(&netlink);
	return 0;
}

static void put(const struct detour *detour)
{
	static const struct ruleset none;
	const uint16_t index[SETS] = {0};
	struct error error;

	must(nft_commit(&netlink, &none, detour, index, &owned, &error) == 0, "%s", error.text);
}

static int verify(const struct detour *detour, uint64_t *used, struct error *error)
{
	return verify_table(&netlink, detour, owned ? OWNER_SOME : OWNER_NONE, used, error);
}

static void each_is_told_from_the_others(void **state)
{
	struct error error;

	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (size_t is = 0; is < LENGTH(detours); is++) {
		put(&detours[is]);
		for (size_t meant = 0; meant < LENGTH(detours); meant++) {
			const int ret = verify(&detours[meant], NULL, &error);

			must(ret == (is == meant ? 0 : -EBADE), "%zu, where %zu was meant: %d, %s", is, meant,
				ret, ret < 0 ? error.text : "");
		}
	}
}

/* What a quota has counted is no difference, also when it is all of it. */
static void quotas_count_on(void **state)
{
	struct detour detour = {.bytes = 1000};
	struct error error;
	uint64_t used = 0;

	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (detour.used = 0; detour.used <= 1000; detour.used += 500) {
		const struct detour fresh = {.bytes = 1000};

		put(&detour);
		must(verify(&fresh, &used, &error) == 0, "%s", error.text);
		assert_int_equal(used, detour.used);
		must(verify(&detour, &used, &error) == 0, "%s", error.text);
		assert_int_equal(used, detour.used);
	}
}

/* Of a table without an owner, since nobody but us can change ours. */
static void what_nft_changes_is_seen(void **state)
{
	static const struct {
		const char *change, *words;
	} rows[] = {
		{"add table inet secure-init { flags dormant; }", "switched off"},
		{"delete chain inet secure-init own", "a chain is another"},
		{"delete chain inet secure-init limits", "lacks a chain"},
		{"add chain inet secure-init more", "a chain too many"},
		{"add chain inet secure-init dns { policy drop; }", "a chain is another"},
		{"delete chain inet secure-init own; add chain inet secure-init own { type filter hook "
		 "output priority "
		 "-6; }",
			"is another"},
		{"flush chain inet secure-init own", "a rule is another"},
		{"flush chain inet secure-init limits", "lacks a rule"},
		{"add rule inet secure-init limits accept", "a rule too many"},
		{"insert rule inet secure-init own accept", "is another"},
		{"flush chain inet secure-init dns; add rule inet secure-init dns meta l4proto udp redirect "
		 "to :10053",
			"is another"},
		{"delete table inet secure-init", "is missing"},
	};
	const struct detour *detour = &detours[LENGTH(detours) - 1];

	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct batch batch;
		struct refusal refusal = {0};
		struct error error;
		char command[300];

		batch_open(&batch, &netlink);
		detour_put(&batch, detour, 0);
		assert_int_equal(batch_send(&batch, &refusal), 0);
		must(verify_table(&netlink, detour, OWNER_NONE, NULL, &error) == 0, "%s", error.text);
		snprintf(command, sizeof(command), "nft '%s'", rows[i].change);
		must(system(command) == 0, "%s", command);
		must(verify_table(&netlink, detour, OWNER_NONE, NULL, &error) == -EBADE, "not seen: %s",
			rows[i].change);
		must_say(&error, FAIL_VERIFY, rows[i].words, rows[i].change);
	}
}

/* More than was meant in the last rule: a comment, of which nobody could say what else it may be; an
 * expression. */
static void what_is_said_beside_is_seen(void **state)
{
	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (int expression = 0; expression < 2; expression++) {
		struct nlmsghdr *message;
		struct nlattr *attr;
		struct batch batch;
		struct refusal refusal = {0};
		struct error error;
		uint32_t before;

		batch_open(&batch, &netlink);
		detour_put(&batch, &detours[1], 0);
		message = (void *)batch.bytes;
		while ((const char *)message + message->nlmsg_len < batch.bytes + batch.used)
			message = (void *)((char *)message + message->nlmsg_len);
		before = message->nlmsg_len;
		if (expression == 0)
			mnl_attr_put_strz(message, NFTA_RULE_USERDATA, "abc");
		else
			expression_counter(message);
		netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
			if (mnl_attr_get_type(attr) == NFTA_RULE_EXPRESSIONS && expression == 1)
				attr->nla_len = (uint16_t)(attr->nla_len + message->nlmsg_len - before);
		}
		batch.used += message->nlmsg_len - before;
		assert_int_equal(batch_send(&batch, &refusal), 0);
		assert_int_equal(verify_table(&netlink, &detours[1], OWNER_NONE, NULL, &error), -EBADE);
		must_say(&error, FAIL_VERIFY, "a rule is another", "something more");
	}
}

static void whose_it_is(void **state)
{
	struct netlink other;
	struct error error;

	(void)state;
	put(&detours[1]);
	if (netlink.socket == NULL || !owned)
		skip();
	assert_int_equal(verify_table(&netlink, &detours[1], OWNER_NONE, NULL, &error), -EBADE);
	assert_int_equal(netlink_open(&other, NETLINK_NETFILTER), 0);
	assert_int_equal(verify_table(&other, &detours[1], OWNER_SOME, NULL, &error), -EBADE);
	must_say(&error, FAIL_VERIFY, "belongs to another process", "another socket");
	assert_int_equal(verify_table(&other, &detours[1], OWNER_ANY, NULL, &error), 0);
	netlink_close(&other);
	/* the owner is gone, and the table stays */
	netlink_close(&netlink);
	assert_int_equal(netlink_open(&netlink, NETLINK_NETFILTER), 0);
	assert_int_equal(verify_table(&netlink, &detours[1], OWNER_SOME, NULL, &error), -EBADE);
	assert_int_equal(verify_table(&netlink, &detours[1], OWNER_ANY, NULL, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_told_from_the_others, enter, leave),
		cmocka_unit_test_setup_teardown(quotas_count_on, enter, leave),
		cmocka_unit_test_setup_teardown(what_nft_changes_is_seen, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_said_beside_is_seen, enter, leave),
		cmocka_unit_test_setup_teardown(whose_it_is, enter, leave),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
