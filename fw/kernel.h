/* What the kernel must be able to do for us, asked for piece by piece, before anything is changed. */
#ifndef FW_KERNEL_H
#define FW_KERNEL_H

#include "util/error.h"
#include "util/netlink.h"

/*
 * Asks for nf_tables, ip_set, and nft_compat with every xt match and target that the rules use; the kernel
 * loads the modules it has. Returns 0, or -errno with *error naming the first one that is missing.
 */
int kernel_check(struct netlink *netlink, struct error *error);

#endif
