/* What the container was started with and the agent would inherit: sockets that no firewall here sees. */
#ifndef INIT_INHERITED_H
#define INIT_INHERITED_H

#include "util/error.h"

/*
 * Looks at every descriptor that would outlive an exec. Refused are sockets of other kinds than TCP, UDP and
 * their like (packet, raw and netlink sockets need no right of whoever has them), and those that were made in
 * another network than this one, whose rules are not ours. Sockets of the file system's kind stay, as all
 * files do. Returns 0 or -errno with *error filled.
 */
int inherited_check(struct error *error);

#endif
