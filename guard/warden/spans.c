/* From the table's rows to what the sets hold for a time: see guard/warden/leases.h. */
#include <errno.h>
#include <stdlib.h>

#include "guard/warden/leases.h"

/* Ports of one address that are lent as long. {0, 0} is the whole of a network without ports. */
struct span {
	uint16_t low, high;
	int64_t until;
};

/* A growing array. */
struct spans {
	struct span *v;
	size_t n, room;
};

void leases_out_free(struct leases_out *out)
{
	free(out->v);
	*out = (struct leases_out){0};
}

static int lay(struct spans *spans, uint16_t low, uint16_t high, int64_t until)
{
	if (spans->n == spans->room) {
		const size_t room = spans->room == 0 ? 8 : spans->room * 2;
		struct span *v = reallocarray(spans->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		spans->v = v;
		spans->room = room;
	}
	spans->v[spans->n++] = (struct span){low, high, until};
	return 0;
}

/* The ports of every entry of a row's subject. */
static int lay_row(struct spans *spans, const struct lists *lists, const struct lease_row *row)
{
	const struct entries *entries = &lists->policy.list[row->list];
	int ret = 0;

	for (size_t i = 0; i < entries->n && ret == 0; i++) {
		const struct listed *about = &lists->about[row->list][i];
		const struct entry *entry = &entries->v[i];
		const int64_t until =
			about->until != 0 && about->until < row->until ? about->until : row->until;

		if (about->subject != row->subject)
			continue;
		if (entry->n_ports == 0)
			ret = lay(spans, 0, 0, until);
		for (unsigned int p = 0; p < entry->n_ports && ret == 0; p++)
			ret = lay(spans, entry->ports[p].low, entry->ports[p].high, until);
	}
	return ret;
}

/* True if a list of prefixes that is sorted and aggregated covers one: only the last that is not after it
 * can.
 */
static bool covers(const struct prefixes *sorted, const struct prefix *address)
{
	size_t low = 0, high = sorted->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (prefix_compare(&sorted->v[middle], address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && prefix_covers(&sorted->v[low - 1], address);
}

/* The first endpoint of the address, in settled contents; n_endpoints if there is none. */
static size_t first_endpoint(const struct contents *contents, const struct prefix *address)
{
	size_t low = 0, high = contents->n_endpoints;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (prefix_compare(&contents->endpoints[middle].prefix, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Adds what stands for good, as what is lent the longest. */
static int lay_contents(struct spans *spans, const struct contents *contents, const struct prefix *address)
{
	int ret = 0;

	for (size_t i = first_endpoint(contents, address);
		i < contents->n_endpoints && ret == 0 &&
		prefix_compare(&contents->endpoints[i].prefix, address) == 0;
		i++)
		ret = lay(spans, contents->endpoints[i].low, contents->endpoints[i].high, INT64_MAX);
	return ret;
}

static int out_add(struct leases_out *out, const struct prefix *address, const struct span *span, int64_t now)
{
	if (out->n == out->room) {
		const size_t room = out->room == 0 ? 32 : out->room * 2;
		struct lease *v = reallocarray(out->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		out->v = v;
		out->room = room;
	}
	/* never shorter than the table has it */
	out->v[out->n++] = (struct lease){
		.endpoint = {*address, span->low, span->high},
		.seconds = (uint32_t)((span->until - now + 999) / 1000),
	};
	return 0;
}

static int compare_bounds(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The longest that any of the spans lends a port for. */
static int64_t longest(const struct spans *spans, uint32_t port)
{
	int64_t until = 0;

	for (size_t i = 0; i < spans->n; i++)
		if (spans->v[i].low <= port && port <= spans->v[i].high && spans->v[i].until > until)
			until = spans->v[i].until;
	return until;
}

/* Cuts spans that overlap where any of them begins or ends; each piece lasts as long as its longest. */
static int cut(const struct spans *spans, const struct prefix *address, int64_t now, struct leases_out *out)
{
	const size_t n = spans->n * 2;
	uint32_t *bounds = reallocarray(NULL, n + 1, sizeof(*bounds));
	int ret = 0;

	if (bounds == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < spans->n; i++) {
		bounds[2 * i] = spans->v[i].low;
		bounds[2 * i + 1] = spans->v[i].high + 1U;
	}
	qsort(bounds, n, sizeof(*bounds), compare_bounds);
	for (size_t i = 0; i + 1 < n && ret == 0; i++) {
		const int64_t until = longest(spans, bounds[i]);

		if (bounds[i] == bounds[i + 1] || until <= now || until == INT64_MAX)
			continue;
		ret = out_add(out, address,
			&(const struct span){(uint16_t)bounds[i], (uint16_t)(bounds[i + 1] - 1), until}, now);
	}
	free(bounds);
	return ret;
}

int leases_of(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, const struct prefix *address, int64_t now, struct leases_out *out)
{
	struct spans spans = {0};
	uint32_t place = 0;
	int ret = 0;

	if (covers(&contents->any, address))
		return 0;
	while (ret == 0 && leases_next_of(leases, list, address, &place))
		ret = lay_row(&spans, lists, &leases->rows[place - 1]);
	if (ret == 0)
		ret = lay_contents(&spans, contents, address);
	if (ret == 0 && spans.n > 0)
		ret = cut(&spans, address, now, out);
	free(spans.v);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;
	const int order = prefix_compare(&x->endpoint.prefix, &y->endpoint.prefix);

	return order != 0 ? order : (int)x->endpoint.low - (int)y->endpoint.low;
}

size_t leases_elements(const struct leases_out *out, int set)
{
	const struct set_kind *kind = &set_kinds[set];
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++) {
		const struct endpoint *endpoint = &out->v[i].endpoint;

		if (endpoint->prefix.family == kind->family && (endpoint->low != 0) == kind->with_ports)
			n += kind->with_ports ? ((size_t)endpoint->high - endpoint->low + 1) * 2 : 1;
	}
	return n;
}

int leases_all(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, int64_t now, struct leases_out *out)
{
	int ret = 0;

	for (uint32_t i = 0; i < leases->n && ret == 0; i++) {
		const struct lease_row *row = &leases->rows[i];
		uint32_t first = 0;

		/* each address once: at the first of its rows */
		if (row->subject != 0 && row->list == (uint8_t)list &&
			leases_next_of(leases, list, &row->address, &first) && first == i + 1)
			ret = leases_of(leases, lists, contents, list, &row->address, now, out);
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), compare);
	return ret;
}
