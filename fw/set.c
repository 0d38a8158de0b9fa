/* What the sets are called and what they hold: see the header. */
#include "fw/set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

const struct set_kind set_kinds[SETS] = {
	{"allowed-domains", "hash:net", AF_INET, false},
	{"allowed-domains6", "hash:net", AF_INET6, false},
	{"allowed-ports", "hash:net,port", AF_INET, true},
	{"allowed-ports6", "hash:net,port", AF_INET6, true},
	{"blocked-domains", "hash:net", AF_INET, false},
	{"blocked-domains6", "hash:net", AF_INET6, false},
	{"blocked-ports", "hash:net,port", AF_INET, true},
	{"blocked-ports6", "hash:net,port", AF_INET6, true},
	{"inbound-hosts", "hash:net", AF_INET, false},
	{"inbound-hosts6", "hash:net", AF_INET6, false},
	{"inbound-ports", "hash:net,port", AF_INET, true},
	{"inbound-ports6", "hash:net,port", AF_INET6, true},
};

int contents_add(struct contents *contents, const struct prefix *prefix)
{
	return prefixes_add(&contents->any, prefix);
}

int contents_add_ports(struct contents *contents, const struct prefix *prefix, uint16_t low, uint16_t high)
{
	if (contents->n_endpoints == contents->room) {
		size_t room = contents->room == 0 ? 16 : contents->room * 2;
		struct endpoint *v = reallocarray(contents->endpoints, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		contents->endpoints = v;
		contents->room = room;
	}
	contents->endpoints[contents->n_endpoints++] = (struct endpoint){*prefix, low, high};
	return 0;
}

static int compare_endpoints(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order != 0 ? order : (int)x->low - (int)y->low;
}

int contents_settle(struct contents *contents)
{
	struct endpoint *v = contents->endpoints;
	size_t kept = 0;

	prefixes_aggregate(&contents->any);
	if (contents->n_endpoints > 0)
		qsort(v, contents->n_endpoints, sizeof(*v), compare_endpoints);
	for (size_t i = 0; i < contents->n_endpoints; i++) {
		struct endpoint *last = kept > 0 ? &v[kept - 1] : NULL;

		if (prefixes_cover(&contents->any, &v[i].prefix))
			continue;
		if (last != NULL && prefix_compare(&last->prefix, &v[i].prefix) == 0 &&
			v[i].low <= last->high + 1) {
			if (v[i].high > last->high)
				last->high = v[i].high;
			continue;
		}
		v[kept++] = v[i];
	}
	contents->n_endpoints = kept;
	for (int set = 0; set < SET_KINDS; set++)
		if (contents_count(contents, set) > SET_ELEMENTS_MAX)
			return -E2BIG;
	return 0;
}

void contents_free(struct contents *contents)
{
	prefixes_free(&contents->any);
	free(contents->endpoints);
	*contents = (struct contents){0};
}

void lists_free(struct contents contents[LISTS])
{
	for (int list = 0; list < LISTS; list++)
		contents_free(&contents[list]);
}

size_t contents_count(const struct contents *contents, int set)
{
	const struct set_kind *kind = &set_kinds[set];
	size_t n = 0;

	if (kind->with_ports) {
		for (size_t i = 0; i < contents->n_endpoints; i++) {
			const struct endpoint *endpoint = &contents->endpoints[i];
			const size_t ports = (size_t)endpoint->high - endpoint->low + 1;

			if (endpoint->prefix.family == kind->family)
				n += ports * 2; /* TCP and UDP */
		}
	} else {
		for (size_t i = 0; i < contents->any.n; i++)
			n += contents->any.v[i].family == kind->family;
	}
	return n;
}

bool contents_in(const struct contents *contents, int set, const struct prefix *address, uint16_t port)
{
	if (set_kinds[set].family != address->family)
		return false;
	if (!set_kinds[set].with_ports)
		return prefixes_cover(&contents->any, address);
	for (size_t i = 0; i < contents->n_endpoints; i++)
		if (prefix_covers(&contents->endpoints[i].prefix, address) &&
			port >= contents->endpoints[i].low && port <= contents->endpoints[i].high)
			return true;
	return false;
}

bool contents_hold(const struct contents *contents, const struct prefix *address, uint16_t port)
{
	for (int set = 0; set < SET_KINDS; set++)
		if (contents_in(contents, set, address, port))
			return true;
	return false;
}
