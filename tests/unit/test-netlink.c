/*
 * util/netlink.h: an exchange that ended early leaves nothing that the next could take for its own. Many
 * routes, in a network namespace of its own; where none can be made, it is skipped.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include "util/netlink.h"

/* The dump of so many takes several datagrams. */
#define ROUTES 2000

static struct netlink netlink;

static int add_route(uint32_t to, uint8_t length)
{
	char buffer[256];
	struct nlmsghdr *message = netlink_message(&netlink, buffer, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	*header = (struct rtmsg){.rtm_family = AF_INET,
		.rtm_dst_len = length,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_BLACKHOLE};
	mnl_attr_put_u32(message, RTA_DST, htonl(to));
	return netlink_talk(&netlink, message, NULL, NULL);
}

struct counted {
	unsigned int n, ends_at;
	int err;
};

static int count(const struct nlmsghdr *message, void *data)
{
	struct counted *counted = data;

	(void)message;
	if (++counted->n != counted->ends_at)
		return MNL_CB_OK;
	errno = counted->err;
	return MNL_CB_ERROR;
}

static int dump(struct counted *counted)
{
	char buffer[256];
	struct nlmsghdr *message = netlink_message(&netlink, buffer, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = AF_INET;
	return netlink_talk(&netlink, message, count, counted);
}

static int enter(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	assert_int_equal(netlink_open(&netlink, NETLINK_ROUTE), 0);
	for (uint32_t i = 0; i < ROUTES; i++)
		assert_int_equal(add_route(0x0a000000U + i, 32), 0);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	netlink_close(&netlink);
	return 0;
}

/* Torn (NLM_F_DUMP_INTR), or for any other reason, at its beginning, in the middle and at its end. */
static void a_dump_that_ends_early(void **state)
{
	static const unsigned int ends[] = {1, ROUTES / 2, ROUTES};

	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (size_t i = 0; i < LENGTH(ends); i++) {
		struct counted early = {.ends_at = ends[i], .err = i == 1 ? ENOMEM : EINTR}, whole = {0};

		assert_int_equal(dump(&early), -early.err);
		assert_int_equal(early.n, ends[i]);
		assert_int_equal(dump(&whole), 0);
		assert_int_equal(whole.n, ROUTES);
	}
}

/* An error ends an exchange, too. */
static void a_refusal(void **state)
{
	struct counted whole = {0};

	(void)state;
	if (netlink.socket == NULL)
		skip();
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_route(0, 33), -EINVAL);
	assert_int_equal(dump(&whole), 0);
	assert_int_equal(whole.n, ROUTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_that_ends_early),
		cmocka_unit_test(a_refusal),
	};

	return cmocka_run_group_tests_name("netlink", tests, enter, leave);
}
