/*
 * The sets by which rules know what is allowed: their names, and what they hold. Names and types are what
 * `ipset list` shows. Nothing here talks to the kernel.
 */
#ifndef FW_SET_H
#define FW_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"

/* Four sets: any port or some ports, IPv4 or IPv6. */
enum set_id { SET_ANY4, SET_ANY6, SET_PORTS4, SET_PORTS6, SETS };

/*
 * Most elements of one set (ipset's maxelem). A hash:net,port holds one element a network, protocol and port,
 * so that a range of ports counts fully, twice.
 */
#define SET_ELEMENTS_MAX 262144

struct set_kind {
	const char *name;
	const char *type; /* ipset's type name */
	uint8_t family;
	bool with_ports;
};

extern const struct set_kind set_kinds[SETS];

/* Networks with a range of ports, for both TCP and UDP. */
struct endpoint {
	struct prefix prefix;
	uint16_t low, high; /* host order, inclusive */
};

/* What the four sets are meant to hold. {0} is nothing; contents_free gives it back. */
struct contents {
	struct prefixes any; /* both families */
	struct endpoint *endpoints;
	size_t n_endpoints, room;
};

/* Both append, and return 0 or -ENOMEM. */
int contents_add(struct contents *contents, const struct prefix *prefix);
int contents_add_ports(struct contents *contents, const struct prefix *prefix, uint16_t low, uint16_t high);

/*
 * Brings the contents into their least form: aggregated, sorted, overlapping ranges merged, endpoints that
 * any covers dropped. Returns 0, or -E2BIG if a set would hold more than SET_ELEMENTS_MAX.
 */
int contents_settle(struct contents *contents);
void contents_free(struct contents *contents);

/* Elements that `ipset list` will show of one set, for settled contents. */
size_t contents_count(const struct contents *contents, enum set_id set);

/* True if TCP to this address and port is allowed by the sets. */
bool contents_allow(const struct contents *contents, const struct prefix *address, uint16_t port);

#endif
