/* Making a child that parses foreign bytes as harmless as it can be. */
#ifndef UTIL_CONFINE_H
#define UTIL_CONFINE_H

/*
 * For a child of ours: no capability, no new privileges, not to be traced, no new processes, and no file to
 * be written, made or removed (Landlock, where the kernel has it). It dies with its parent. Returns 0 or
 * -errno.
 */
int confine_parser(void);

#endif
