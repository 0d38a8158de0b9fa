/* Reading ip_set back, and comparing. Source: linux/netfilter/ipset/ip_set.h. */
#include "verify/sets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "verify/set-dump.h"

struct listing {
	const struct set_kind *kind;
	size_t n, room;
	struct set_element *v;
};

static struct nlmsghdr *ask(
	struct netlink *netlink, void *buffer, uint8_t command, uint16_t flags, const char *name)
{
	struct nlmsghdr *message =
		netlink_nf_message(netlink, buffer, NFNL_SUBSYS_IPSET, command, flags, AF_UNSPEC, 0);

	mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, name);
	return message;
}

static int read_index(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == IPSET_ATTR_INDEX &&
			mnl_attr_get_payload_len(attr) == sizeof(uint16_t))
			*(uint16_t *)data = ntohs(mnl_attr_get_u16(attr));
	}
	return MNL_CB_OK;
}

int verify_set_indexes(
	struct netlink *netlink, const struct ruleset *ruleset, uint16_t index[SETS], struct error *error)
{
	char buffer[256];

	for (int set = 0; set < SETS; set++) {
		int ret;

		index[set] = IPSET_INVALID_ID;
		ret = netlink_talk(netlink,
			ask(netlink, buffer, IPSET_CMD_GET_BYNAME, NLM_F_ACK, set_kinds[set].name),
			read_index, &index[set]);
		if (ruleset != NULL && ruleset_uses(ruleset, set) &&
			(ret < 0 || index[set] == IPSET_INVALID_ID))
			return error_set(error, FAIL_VERIFY, ENOENT,
				"the set %s cannot be found in the kernel: %s", set_kinds[set].name,
				strerror(ret < 0 ? -ret : ENOENT));
	}
	return 0;
}

int verify_set_holds(
	struct netlink *netlink, int set, const struct prefix *address, uint8_t protocol, uint16_t port)
{
	const bool v4 = address->family == AF_INET;
	char buffer[512];
	struct nlmsghdr *message = ask(netlink, buffer, IPSET_CMD_TEST, NLM_F_ACK, set_kinds[set].name);
	struct nlattr *data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
	struct nlattr *ip = mnl_attr_nest_start(message, IPSET_ATTR_IP);
	int ret;

	mnl_attr_put(message, (v4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6) | NLA_F_NET_BYTEORDER,
		family_bits(address->family) / 8, address->addr);
	mnl_attr_nest_end(message, ip);
	if (set_kinds[set].with_ports) {
		mnl_attr_put_u8(message, IPSET_ATTR_PROTO, protocol);
		mnl_attr_put_u16(message, IPSET_ATTR_PORT | NLA_F_NET_BYTEORDER, htons(port));
	}
	mnl_attr_nest_end(message, data);
	ret = netlink_talk(netlink, message, NULL, NULL);
	/* how ip_set says that it is not there */
	if (ret == -IPSET_ERR_EXIST)
		return 0;
	return ret < 0 ? ret : 1;
}

static bool put_element(struct listing *listing, const struct set_element *element)
{
	if (listing->n == listing->room) {
		size_t room = listing->room == 0 ? 64 : listing->room * 2;
		struct set_element *v = reallocarray(listing->v, room, sizeof(*v));

		if (v == NULL)
			return false;
		listing->v = v;
		listing->room = room;
	}
	listing->v[listing->n++] = *element;
	return true;
}

static const char *take(void *data, const struct set_element *element)
{
	if (element->seconds != 0)
		return "an element that does not stay";
	return put_element(data, element) ? NULL : "more elements than there is memory for";
}

static int compare(const void *a, const void *b)
{
	const struct set_element *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	if (order != 0)
		return order;
	if (x->protocol != y->protocol)
		return (int)x->protocol - (int)y->protocol;
	return (int)x->port - (int)y->port;
}

/* What the set is meant to hold, element by element. */
static int expand(struct listing *listing, const struct contents *meant)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	if (!listing->kind->with_ports) {
		for (size_t i = 0; i < meant->any.n; i++) {
			const struct set_element element = {.prefix = meant->any.v[i]};

			if (element.prefix.family == listing->kind->family && !put_element(listing, &element))
				return -ENOMEM;
		}
		return 0;
	}
	for (size_t i = 0; i < meant->n_endpoints; i++) {
		const struct endpoint *endpoint = &meant->endpoints[i];

		if (endpoint->prefix.family != listing->kind->family)
			continue;
		for (size_t p = 0; p < sizeof(protocols); p++) {
			for (unsigned int port = endpoint->low; port <= endpoint->high; port++) {
				const struct set_element element = {.prefix = endpoint->prefix,
					.protocol = protocols[p],
					.port = (uint16_t)port};

				if (!put_element(listing, &element))
					return -ENOMEM;
			}
		}
	}
	return 0;
}

/* Says the first element that is in one and not in the other; a NULL from both means they are the same. */
static const struct set_element *first_difference(
	const struct listing *is, const struct listing *should, bool *extra)
{
	size_t i = 0;

	while (i < is->n && i < should->n && compare(&is->v[i], &should->v[i]) == 0)
		i++;
	if (i == is->n && i == should->n)
		return NULL;
	*extra = i == should->n || (i < is->n && compare(&is->v[i], &should->v[i]) < 0);
	return *extra ? &is->v[i] : &should->v[i];
}

static int verify_set(struct netlink *netlink, const struct set_kind *kind, const struct contents *meant,
	struct error *error)
{
	char text[PREFIX_TEXT];
	struct listing is = {.kind = kind}, should = {.kind = kind};
	const struct set_element *element = NULL;
	const char *odd;
	bool extra = false;
	int ret = set_dump(netlink, kind, take, &is, &odd);

	if (ret == 0)
		ret = expand(&should, meant);
	if (ret < 0) {
		error_set(error, FAIL_VERIFY, -ret, "the set %s cannot be read back: %s", kind->name,
			strerror(-ret));
	} else if (odd != NULL) {
		ret = error_set(
			error, FAIL_VERIFY, EBADE, "the set %s is not as it was made: %s", kind->name, odd);
	} else {
		if (is.n > 0)
			qsort(is.v, is.n, sizeof(*is.v), compare);
		if (should.n > 0)
			qsort(should.v, should.n, sizeof(*should.v), compare);
		element = first_difference(&is, &should, &extra);
	}
	if (element != NULL)
		ret = error_set(error, FAIL_VERIFY, EBADE, "the set %s %s %s port %u protocol %u", kind->name,
			extra ? "holds what was not meant:" : "lacks", prefix_text(&element->prefix, text),
			element->port, element->protocol);
	free(is.v);
	free(should.v);
	return ret;
}

int verify_sets(struct netlink *netlink, const struct ruleset *ruleset, const struct contents meant[LISTS],
	struct error *error)
{
	for (int set = 0; set < SETS; set++) {
		int ret = 0;

		if (ruleset_uses(ruleset, set))
			ret = verify_set(netlink, &set_kinds[set], &meant[SET_LIST(set)], error);

		if (ret < 0)
			return ret;
	}
	return 0;
}
