/* Making a child that parses foreign bytes as harmless as it can be. */
#ifndef UTIL_CONFINE_H
#define UTIL_CONFINE_H

#include <stdint.h>

/*
 * For a child of ours: no capability, no new privileges, not to be traced, no new processes, and no file to
 * be written, made or removed (Landlock), no system call but those that asking and reading take (seccomp);
 * the last two where the kernel has them. It dies with its parent. Returns 0 or -errno.
 */
int confine_parser(void);

/*
 * For one that stays: becomes the user and its group, and no other; keeps of all capabilities these alone,
 * for good (an empty bounding set, no new privileges); is not to be traced; changes no file (Landlock). Needs
 * SETUID, SETGID and SETPCAP. Returns 0 or -errno: -EPERM or -EINVAL where the user cannot be had.
 */
int confine_as(unsigned int uid, uint64_t capabilities);

#endif
