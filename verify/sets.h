/* Reads the sets back from the kernel and compares them with what was meant. See verify/rules.h. */
#ifndef VERIFY_SETS_H
#define VERIFY_SETS_H

#include <stdint.h>

#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/* The kernel's number of each set by its name. Returns 0 or -errno with *error filled. */
int verify_set_indexes(struct netlink *netlink, uint16_t index[SETS], struct error *error);

/* Compares type, family and every element of the four sets with settled contents. Returns 0 or -errno. */
int verify_sets(struct netlink *netlink, const struct contents *meant, struct error *error);

#endif
