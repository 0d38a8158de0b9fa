/* Reading one set out of the kernel, element by element. Compares with nothing. */
#ifndef VERIFY_SET_DUMP_H
#define VERIFY_SET_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/set.h"
#include "util/netlink.h"

/* One element as `ipset list` shows it. */
struct set_element {
	struct prefix prefix;
	uint8_t protocol; /* 0 where the set has no ports */
	uint16_t port;	  /* host order */
	uint32_t seconds; /* that are left; 0: it stays */
};

/* Takes one element. Returns NULL, or what is odd about it, which ends up in *odd. */
typedef const char *set_dump_take(void *data, const struct set_element *element);

/*
 * Gives every element of the set to take. *odd is what is not as in a set of ours: another type or family,
 * flags, an element that take found odd; NULL if nothing is. Returns 0 or -errno.
 */
int set_dump(struct netlink *netlink, const struct set_kind *kind, set_dump_take *take, void *data,
	const char **odd);

#endif
