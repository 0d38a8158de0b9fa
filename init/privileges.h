/* Taking up what the program's file brings, and giving up every privilege, for good, and proving it. */
#ifndef INIT_PRIVILEGES_H
#define INIT_PRIVILEGES_H

#include <stdbool.h>

#include "init/user.h"
#include "util/error.h"

/*
 * To be called before anything else. Capabilities of the program's file serve the first start alone, as
 * process 1: there what is permitted is made effective. In any other run (the agent itself may start one, by
 * `docker exec` even with a full bounding set) what the file brought (getauxval(3), AT_SECURE) is shed.
 * Returns 0 or -errno with *error filled.
 */
int privileges_take_up(struct error *error);

/*
 * Becomes the user and empties every capability set of this process: bounding, ambient, inheritable,
 * permitted, effective; sets no_new_privs, so that no program that the agent runs gets any back. Then reads
 * all of it back from the kernel. must_bound: fail if the bounding set cannot be emptied for lack of SETPCAP;
 * else no_new_privs alone keeps it out of reach. Returns 0 or -errno with *error filled.
 */
int privileges_drop(const struct user *user, bool must_bound, struct error *error);

/* Becomes the user and changes nothing else (PARA_PRIVILEGES=keep). Returns 0 or -errno with *error filled.
 */
int privileges_become(const struct user *user, struct error *error);

#endif
