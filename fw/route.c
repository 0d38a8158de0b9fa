/* Routes from rtnetlink(7): see the header. */
#include "fw/route.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include "util/netlink.h"

/* Tables that come out changed under the dump are read again, this often at most. */
#define DUMP_TRIES 5

#define ROUTES_MAX 256

/* No network that a host is on is wider. */
#define SHORTEST4 8
#define SHORTEST6 16

struct route {
	struct prefix to;
	struct prefix gateway; /* family 0: none */
	bool elsewhere;	       /* through something other than one gateway of this family */
	bool untold;	       /* through nobody knows what */
	uint32_t interface;    /* 0: several */
	uint32_t metric;
};

struct routes {
	uint8_t family;
	bool overflow;
	size_t n;
	struct route v[ROUTES_MAX];
};

static uint32_t get_u32(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;
}

static int read_route(const struct nlmsghdr *message, void *data)
{
	struct routes *routes = data;
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	static const uint8_t zero[16];
	struct route route = {0};
	const struct nlattr *attr;
	bool object = false;
	uint32_t table;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || header->rtm_family != routes->family ||
		header->rtm_type != RTN_UNICAST || header->rtm_dst_len > family_bits(routes->family))
		return MNL_CB_OK;
	table = header->rtm_table;
	route.to = prefix_make(routes->family, zero, header->rtm_dst_len);
	netlink_for_each(attr, message, sizeof(*header)) {
		const bool address = mnl_attr_get_payload_len(attr) == family_bits(routes->family) / 8;
		const void *payload = mnl_attr_get_payload(attr);

		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			if (address)
				route.to = prefix_make(routes->family, payload, header->rtm_dst_len);
			break;
		case RTA_GATEWAY:
			if (address)
				route.gateway =
					prefix_make(routes->family, payload, family_bits(routes->family));
			break;
		case RTA_VIA: /* a gateway of the other family */
		case RTA_MULTIPATH:
		case RTA_ENCAP:
			route.elsewhere = true;
			break;
		case RTA_NH_ID:
			object = true;
			break;
		case RTA_OIF:
			route.interface = get_u32(attr);
			break;
		case RTA_PRIORITY:
			route.metric = get_u32(attr);
			break;
		case RTA_TABLE:
			table = get_u32(attr);
			break;
		default:
			break;
		}
	}
	if (table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	/* by a nexthop object, of which nothing more is said (ip-sysctl.rst, nexthop_compat_mode) */
	route.untold = object && route.interface == 0;
	if (routes->n == ROUTES_MAX)
		routes->overflow = true;
	else
		routes->v[routes->n++] = route;
	return MNL_CB_OK;
}

static int dump_routes(struct netlink *netlink, struct routes *routes)
{
	char buffer[256];

	for (int tries = 0;; tries++) {
		struct nlmsghdr *message = netlink_message(netlink, buffer, RTM_GETROUTE, NLM_F_DUMP);
		struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
		int ret;

		header->rtm_family = routes->family;
		routes->n = 0;
		ret = netlink_talk(netlink, message, read_route, routes);
		if (ret != -EINTR || tries == DUMP_TRIES)
			return ret;
	}
}

static const struct route *default_route(const struct routes *routes)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < routes->n; i++)
		if (routes->v[i].to.length == 0 && (best == NULL || routes->v[i].metric < best->metric))
			best = &routes->v[i];
	return best;
}

static int add_networks(const struct routes *routes, const struct route *by, struct prefixes *networks)
{
	const bool any = by->gateway.family == AF_UNSPEC || prefix_kind(&by->gateway) == ADDRESS_LINK_LOCAL;

	for (size_t i = 0; i < routes->n; i++) {
		const struct route *route = &routes->v[i];

		if (route->interface != by->interface || route->to.length == 0 || route->elsewhere ||
			route->untold || route->gateway.family != AF_UNSPEC ||
			prefix_kind(&route->to) == ADDRESS_MULTICAST)
			continue;
		if (!any && !prefix_covers(&route->to, &by->gateway))
			continue;
		/* halves of the whole address space are a tunnel's default route, not a network */
		if (route->to.length < (routes->family == AF_INET ? SHORTEST4 : SHORTEST6))
			continue;
		if (prefixes_add(networks, &route->to) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What can be reached without a gateway, or may be, whichever interface it is on. */
static int add_onlink(const struct routes *routes, struct prefixes *onlink)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->v[i].to.length > 0 && routes->v[i].gateway.family == AF_UNSPEC &&
			!routes->v[i].elsewhere && prefix_kind(&routes->v[i].to) != ADDRESS_MULTICAST &&
			prefixes_add(onlink, &routes->v[i].to) < 0)
			return -ENOMEM;
	return 0;
}

int route_host_networks(struct host_networks *host, struct error *error)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct routes routes;
	struct netlink netlink;
	int ret;

	*host = (struct host_networks){0};
	ret = netlink_open(&netlink, NETLINK_ROUTE);
	for (int f = 0; f < 2 && ret == 0; f++) {
		const struct route *by;

		routes = (struct routes){.family = families[f]};
		ret = dump_routes(&netlink, &routes);
		if (ret == 0 && routes.overflow)
			ret = -E2BIG;
		by = ret == 0 ? default_route(&routes) : NULL;
		if (ret == 0)
			ret = add_onlink(&routes, &host->onlink);
		if (ret == 0 && by != NULL)
			ret = add_networks(&routes, by, &host->networks);
		if (ret == 0 && by != NULL && by->gateway.family != AF_UNSPEC)
			ret = prefixes_add(&host->gateways, &by->gateway);
	}
	netlink_close(&netlink);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret, "the routes cannot be read from the kernel: %s",
			strerror(-ret));
	prefixes_aggregate(&host->networks);
	prefixes_aggregate(&host->onlink);
	return 0;
}
