/*
 * How a process proves that it has NET_ADMIN over this network namespace: it makes a set of a name that
 * nobody could know before, which the kernel lets nobody else do. Who it is (SO_PEERCRED) proves nothing: a
 * process may connect and then become another program, and user 0 may be without any capability.
 */
#ifndef GUARD_WARDEN_PROOF_H
#define GUARD_WARDEN_PROOF_H

#include <stdbool.h>

#include "util/netlink.h"

/* "si-", 26 characters that hold 128 random bits, NUL; the kernel's names have 31 (IPSET_MAXNAMELEN). */
#define PROOF_PREFIX "si-"
#define PROOF_DIGITS 26
#define PROOF_NAME   (sizeof(PROOF_PREFIX) + PROOF_DIGITS)

/* A new name. Returns 0 or -errno. */
int proof_invent(char name[PROOF_NAME]);

/* True for a name that proof_invent could have made: nothing else is made for anybody. */
bool proof_is_name(const char name[PROOF_NAME]);

/* The set of this name. Return 0 or -errno: -EPERM for whoever may not, -ENOENT if there is none to remove.
 */
int proof_make(struct netlink *netlink, const char name[PROOF_NAME]);
int proof_remove(struct netlink *netlink, const char name[PROOF_NAME]);

#endif
