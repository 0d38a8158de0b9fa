/*
 * Each element that the kernel has is looked up in what was meant, and ticked off there; what is not ticked
 * off in the end is missing. See the header.
 */
#include "verify/lent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/set-dump.h"

struct comparison {
	const struct set_kind *kind;
	const struct contents *meant;
	const struct lease *leases;
	size_t n_leases;
	uint32_t *any, *endpoints, *lent; /* elements seen of each */
	struct set_element extra;
	bool has_extra;
};

static uint32_t slack(uint32_t seconds)
{
	return LENT_SLACK_SECONDS + seconds / 1000;
}

/* The number of elements that ports take in a set, both protocols of each; 1 where there are none. */
static uint32_t elements(const struct endpoint *endpoint)
{
	return endpoint->low == 0 ? 1 : (endpoint->high - endpoint->low + 1U) * 2;
}

/* How a range of a prefix's ports lies to an element: before it, with it inside, after it. */
static int order(const struct endpoint *endpoint, const struct set_element *element)
{
	const int by_prefix = prefix_compare(&endpoint->prefix, &element->prefix);

	if (by_prefix != 0)
		return by_prefix;
	if (element->port < endpoint->low)
		return 1;
	return element->port > endpoint->high ? -1 : 0;
}

static bool tick_contents(struct comparison *it, const struct set_element *element)
{
	const bool ports = it->kind->with_ports;
	size_t low = 0, high = ports ? it->meant->n_endpoints : it->meant->any.n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int where = ports ? order(&it->meant->endpoints[middle], element)
					: prefix_compare(&it->meant->any.v[middle], &element->prefix);

		if (where == 0) {
			++*(ports ? &it->endpoints[middle] : &it->any[middle]);
			return element->seconds == 0;
		}
		if (where < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool tick_lease(struct comparison *it, const struct set_element *element)
{
	size_t low = 0, high = it->n_leases;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct lease *lease = &it->leases[middle];
		const int where = order(&lease->endpoint, element);

		if (where == 0) {
			it->lent[middle]++;
			return element->seconds != 0 &&
			       element->seconds <= lease->seconds + slack(lease->seconds) &&
			       element->seconds + slack(lease->seconds) >= lease->seconds;
		}
		if (where < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static const char *take(void *data, const struct set_element *element)
{
	struct comparison *it = data;

	if (it->has_extra || (element->seconds == 0 ? tick_contents(it, element) : tick_lease(it, element)))
		return NULL;
	it->extra = *element;
	it->has_extra = true;
	return NULL;
}

static int says(struct error *error, const struct comparison *it, const char *what,
	const struct prefix *prefix, uint16_t port, uint32_t seconds)
{
	char text[PREFIX_TEXT], ports[16] = "", left[32] = "";

	if (port != 0)
		snprintf(ports, sizeof(ports), " port %u", port);
	if (seconds != 0)
		snprintf(left, sizeof(left), " for %u s", seconds);
	return error_set(error, FAIL_VERIFY, EBADE, "the set %s %s %s%s%s", it->kind->name, what,
		prefix_text(prefix, text), ports, left);
}

/* What the set lacks; what has at most the slack left may be gone already. */
static int missing(const struct comparison *it, struct error *error)
{
	const uint8_t family = it->kind->family;

	for (size_t i = 0; i < it->meant->any.n && !it->kind->with_ports; i++)
		if (it->meant->any.v[i].family == family && it->any[i] != 1)
			return says(error, it, "lacks", &it->meant->any.v[i], 0, 0);
	for (size_t i = 0; i < it->meant->n_endpoints && it->kind->with_ports; i++) {
		const struct endpoint *endpoint = &it->meant->endpoints[i];

		if (endpoint->prefix.family == family && it->endpoints[i] != elements(endpoint))
			return says(error, it, "lacks", &endpoint->prefix, endpoint->low, 0);
	}
	for (size_t i = 0; i < it->n_leases; i++) {
		const struct endpoint *endpoint = &it->leases[i].endpoint;
		const uint32_t seconds = it->leases[i].seconds;

		if (endpoint->prefix.family == family && (endpoint->low != 0) == it->kind->with_ports &&
			seconds > slack(seconds) && it->lent[i] != elements(endpoint))
			return says(error, it, "lacks", &endpoint->prefix, endpoint->low, seconds);
	}
	return 0;
}

static int compare_set(struct netlink *netlink, struct comparison *it, struct error *error)
{
	const char *odd;
	int ret = set_dump(netlink, it->kind, take, it, &odd);

	if (ret < 0)
		return error_set(error, FAIL_VERIFY, -ret, "the set %s cannot be read back: %s",
			it->kind->name, strerror(-ret));
	if (odd != NULL)
		return error_set(error, FAIL_VERIFY, EBADE, "the set %s is not as it was made: %s",
			it->kind->name, odd);
	if (it->has_extra)
		return says(error, it, "holds what was not meant:", &it->extra.prefix, it->extra.port,
			it->extra.seconds);
	return missing(it, error);
}

int verify_lent(struct netlink *netlink, const struct ruleset *ruleset, enum list list,
	const struct contents *meant, const struct lease *leases, size_t n, struct error *error)
{
	int ret = 0;

	for (int set = SET_OF(list, 0); set < SET_OF(list, SET_KINDS) && ret == 0; set++) {
		struct comparison it = {
			.kind = &set_kinds[set], .meant = meant, .leases = leases, .n_leases = n};

		if (!ruleset_uses(ruleset, set))
			continue;
		it.any = calloc(meant->any.n + 1, sizeof(*it.any));
		it.endpoints = calloc(meant->n_endpoints + 1, sizeof(*it.endpoints));
		it.lent = calloc(n + 1, sizeof(*it.lent));
		if (it.any == NULL || it.endpoints == NULL || it.lent == NULL)
			ret = error_set(
				error, FAIL_SYSTEM, ENOMEM, "out of memory for reading the sets back");
		else
			ret = compare_set(netlink, &it, error);
		free(it.any);
		free(it.endpoints);
		free(it.lent);
	}
	return ret;
}
