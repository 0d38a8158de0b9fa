/* Closing and opening, in order: see the header. */
#include "fw/firewall.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "fw/conntrack.h"
#include "fw/ipset.h"
#include "fw/kernel.h"
#include "fw/nft.h"

int firewall_begin(struct firewall *firewall, struct error *error)
{
	int ret;

	*firewall = (struct firewall){0};
	ret = netlink_open(&firewall->netlink, NETLINK_NETFILTER);
	if (ret < 0)
		return error_set(error, FAIL_KERNEL, -ret,
			"the kernel has no netfilter to talk to (NETLINK_NETFILTER: %s); gVisor and kernels "
			"without "
			"CONFIG_NETFILTER_NETLINK cannot isolate a container",
			strerror(-ret));
	return kernel_check(&firewall->netlink, error);
}

static int cut_off(struct firewall *firewall, struct error *error)
{
	int ret = conntrack_forget_all(&firewall->netlink);

	if (ret < 0)
		return error_set(error, FAIL_FIREWALL, -ret,
			"the connections of before could not be cut off (flushing conntrack: %s); the kernel "
			"must have "
			"nf_conntrack_netlink",
			strerror(-ret));
	return 0;
}

int firewall_close(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error)
{
	int ret = ipset_prepare(&firewall->netlink, ruleset, firewall->index, error);

	if (ret == 0)
		ret = nft_commit(
			&firewall->netlink, ruleset, detour, firewall->index, &firewall->owned, error);
	/* not before: the rules of an earlier start may rest on what its sets hold */
	if (ret == 0)
		ret = ipset_empty(&firewall->netlink, firewall->index, error);
	return ret == 0 ? cut_off(firewall, error) : ret;
}

int firewall_prepare(struct firewall *firewall, const struct ruleset *ruleset, struct error *error)
{
	return ipset_prepare(&firewall->netlink, ruleset, firewall->index, error);
}

int firewall_exchange(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error)
{
	return nft_exchange(&firewall->netlink, ruleset, detour, firewall->index, firewall->owned, error);
}

int firewall_commit(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error)
{
	return nft_commit(&firewall->netlink, ruleset, detour, firewall->index, &firewall->owned, error);
}

int firewall_settle(struct firewall *firewall, const struct ruleset *ruleset, const struct detour *detour,
	struct error *error)
{
	int ret = firewall_commit(firewall, ruleset, detour, error);

	return ret == 0 ? cut_off(firewall, error) : ret;
}

int firewall_open(struct firewall *firewall, const struct contents contents[LISTS], struct error *error)
{
	int ret = 0;

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = firewall_refill(
			firewall, (enum list)list, REFILL_MORE, &contents[list], NULL, 0, error);
	return ret;
}

int firewall_refill(struct firewall *firewall, enum list list, enum refill refill,
	const struct contents *contents, const struct lease *leases, size_t n, struct error *error)
{
	int ret = 0;

	/* the kinds without ports come first */
	for (int i = 0; i < SET_KINDS && ret == 0; i++) {
		const int set = SET_OF(list, refill == REFILL_MORE ? i : SET_KINDS - 1 - i);

		if (firewall->index[set] != IPSET_INVALID_ID)
			ret = ipset_fill(&firewall->netlink, set, contents, leases, n, error);
	}
	return ret;
}

int firewall_lend(struct firewall *firewall, enum list list, const struct lease *leases, size_t n)
{
	int ret = 0;

	for (int set = SET_OF(list, 0); set < SET_OF(list, SET_KINDS) && ret == 0; set++)
		if (firewall->index[set] != IPSET_INVALID_ID)
			ret = ipset_lend(&firewall->netlink, set, leases, n);
	return ret;
}

int firewall_take_back(struct firewall *firewall, enum list list, const struct lease *leases, size_t n)
{
	int ret = 0;

	for (int set = SET_OF(list, 0); set < SET_OF(list, SET_KINDS) && ret == 0; set++)
		if (firewall->index[set] != IPSET_INVALID_ID)
			ret = ipset_take_back(&firewall->netlink, set, leases, n);
	return ret;
}
