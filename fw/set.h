/*
 * The sets by which rules know what is allowed, blocked or let in: their names, and what they hold. Names and
 * types are what `ipset list` shows. Nothing here talks to the kernel.
 */
#ifndef FW_SET_H
#define FW_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"

/* What an operator can list. */
enum list {
	LIST_ALLOWED, /* where the agent may go */
	LIST_BLOCKED, /* where it may not */
	LIST_INBOUND, /* who may come in, and to which ports */
	LISTS
};

/* Four sets a list: any port or some ports, IPv4 or IPv6. */
enum set_kind_id { SET_ANY4, SET_ANY6, SET_PORTS4, SET_PORTS6, SET_KINDS };

/* A set's number: list * SET_KINDS + kind. */
#define SETS		   (LISTS * SET_KINDS)
#define SET_OF(list, kind) ((int)(list)*SET_KINDS + (kind))
#define SET_LIST(set)	   ((enum list)((set) / SET_KINDS))

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

/* What the four sets of one list are meant to hold. {0} is nothing; contents_free gives it back. */
struct contents {
	struct prefixes any; /* both families */
	struct endpoint *endpoints;
	size_t n_endpoints, room;
};

/* An address, or network, that the kernel takes out of its set by itself. */
struct lease {
	struct endpoint endpoint; /* low 0: any port */
	uint32_t seconds;	  /* from now; at most LEASE_SECONDS_MAX */
};

/* ip_set counts a timeout in milliseconds of 32 bits (ip_set_timeout.h, IPSET_MAX_TIMEOUT). */
#define LEASE_SECONDS_MAX 2147483U

/* Both append, and return 0 or -ENOMEM. */
int contents_add(struct contents *contents, const struct prefix *prefix);
int contents_add_ports(struct contents *contents, const struct prefix *prefix, uint16_t low, uint16_t high);

/*
 * Brings the contents into their least form: aggregated, sorted, overlapping ranges merged, endpoints that
 * any covers dropped. Returns 0, or -E2BIG if a set would hold more than SET_ELEMENTS_MAX.
 */
int contents_settle(struct contents *contents);
void contents_free(struct contents *contents);

/* Those of all lists. */
void lists_free(struct contents contents[LISTS]);

/* Elements that `ipset list` will show of one set, for settled contents. */
size_t contents_count(const struct contents *contents, int set);

/* True if one set of the list holds the address and, if it has ports, the port. */
bool contents_in(const struct contents *contents, int set, const struct prefix *address, uint16_t port);

/* True if TCP or UDP with this address and port is in the sets. */
bool contents_hold(const struct contents *contents, const struct prefix *address, uint16_t port);

#endif
