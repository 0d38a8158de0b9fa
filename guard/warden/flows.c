/*
 * Walks the rules as the kernel would for a connection's first packet; the sets are asked in the kernel.
 * Source of the addresses: rtnetlink(7).
 */
#include "guard/warden/flows.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include "fw/conntrack.h"
#include "util/log.h"
#include "verify/sets.h"

/* A dump that was disturbed is done again, this often at most. */
#define DUMP_TRIES 5

struct flows {
	struct ward *ward;
	bool guards, blocked;
	struct prefixes local; /* this namespace's own addresses */
};

static int read_address(const struct nlmsghdr *message, void *data)
{
	struct prefixes *local = data;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr, *own = NULL;
	struct prefix address;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) ||
		(header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return MNL_CB_OK;
	/* where there is a peer, ADDRESS is the peer's, and LOCAL comes as well */
	netlink_for_each(attr, message, sizeof(*header)) {
		if (mnl_attr_get_payload_len(attr) == family_bits(header->ifa_family) / 8 &&
			(mnl_attr_get_type(attr) == IFA_LOCAL ||
				(mnl_attr_get_type(attr) == IFA_ADDRESS && own == NULL)))
			own = attr;
	}
	if (own == NULL)
		return MNL_CB_OK;
	address = prefix_make(header->ifa_family, mnl_attr_get_payload(own), family_bits(header->ifa_family));
	return prefixes_add(local, &address) < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int local_addresses(struct prefixes *local)
{
	char buffer[256];
	struct netlink netlink;
	int ret = netlink_open(&netlink, NETLINK_ROUTE);

	for (int tries = 0; ret == 0 && tries < DUMP_TRIES; tries++) {
		struct nlmsghdr *message = netlink_message(&netlink, buffer, RTM_GETADDR, NLM_F_DUMP);
		struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

		header->ifa_family = AF_UNSPEC;
		local->n = 0;
		ret = netlink_talk(&netlink, message, read_address, local);
		if (ret != -EINTR)
			break;
		ret = tries + 1 < DUMP_TRIES ? 0 : ret;
	}
	netlink_close(&netlink);
	return ret;
}

/* True if all that a rule asks but for a set is so. */
static bool matches(const struct flows *flows, const struct rule *rule, const struct prefix *peer,
	const struct connection *connection)
{
	if (rule->family != peer->family || rule->verdict == VERDICT_LOG || rule->states != 0 ||
		rule->loopback || rule->local == LOCAL_NOT_SENDER || rule->icmp6type != 0)
		return false;
	if (rule->user != USER_ANY && !flows->guards)
		return false;
	if (rule->peer.family != 0 && !prefix_covers(&rule->peer, peer))
		return false;
	if (rule->protocol != 0 && rule->protocol != connection->protocol)
		return false;
	return rule->dport == 0 || rule->dport == connection->port;
}

/* 1 if the first rule that matches lets it through, 0 if not, or -errno. */
static int lets_through(const struct flows *flows, enum chain chain, const struct prefix *peer,
	const struct connection *connection)
{
	const struct ward *ward = flows->ward;
	const struct ruleset *ruleset = ward->closed.n > 0 ? &ward->closed : &ward->ruleset;
	int ret = 0;

	for (size_t i = 0; i < ruleset->n; i++) {
		const struct rule *rule = &ruleset->v[i];

		if (rule->chain != (uint8_t)chain || !matches(flows, rule, peer, connection))
			continue;
		if (rule->set != 0)
			ret = verify_set_holds(&flows->ward->start->firewall->netlink, rule->set - 1, peer,
				connection->protocol, connection->port);
		if (ret < 0)
			return ret;
		if (rule->set == 0 || ret == 1)
			return rule->verdict == VERDICT_ACCEPT;
	}
	return 0;
}

static bool is_here(const struct flows *flows, const struct prefix *address)
{
	return prefix_kind(address) == ADDRESS_LOOPBACK || prefixes_cover(&flows->local, address);
}

static int to_be_forgotten(void *data, const struct connection *connection)
{
	const struct flows *flows = data;
	const bool from_here = is_here(flows, &connection->from), to_here = is_here(flows, &connection->to);
	uint32_t row = 0;
	int ret;

	if (from_here && to_here)
		return 0;
	if (flows->blocked && !leases_next_of(&flows->ward->leases, LIST_BLOCKED,
				      to_here ? &connection->from : &connection->to, &row))
		return 0;
	ret = to_here ? lets_through(flows, CHAIN_INPUT, &connection->from, connection)
		      : lets_through(flows, CHAIN_OUTPUT, &connection->to, connection);
	return ret < 0 ? ret : !ret;
}

static int forget(struct flows *flows, size_t *n)
{
	int ret = local_addresses(&flows->local);

	*n = 0;
	if (ret == 0)
		ret = conntrack_forget(&flows->ward->start->firewall->netlink, to_be_forgotten, flows, n);
	prefixes_free(&flows->local);
	return ret;
}

int flows_forget(struct ward *ward, bool guards, size_t *n)
{
	struct flows flows = {.ward = ward, .guards = guards};

	return forget(&flows, n);
}

static void end(struct ward *ward, bool blocked)
{
	struct flows flows = {.ward = ward, .guards = true, .blocked = blocked};
	size_t n;
	const int ret = forget(&flows, &n);

	if (ret < 0)
		log_error("connections that are no longer allowed cannot be ended: %s", strerror(-ret));
	else if (n > 0)
		log_info("%zu connections that are no longer allowed were ended", n);
}

void flows_end(struct ward *ward)
{
	end(ward, false);
}

void flows_end_blocked(struct ward *ward)
{
	end(ward, true);
}
