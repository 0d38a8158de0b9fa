/*
 * The capabilities of this process, asked of the kernel and given to it, with no library between
 * (capabilities(7), linux/capability.h).
 */
#ifndef UTIL_CAPS_H
#define UTIL_CAPS_H

#include <stdint.h>

/* The three sets of capget(2), a bit a capability. */
struct caps {
	uint64_t effective, permitted, inheritable;
};

/* Capabilities are numbers below this: the kernel keeps them in a 64-bit set. */
#define CAPABILITIES_MAX 64

#define CAP_BIT(number) (UINT64_C(1) << (number))

/* Both return 0 or -errno. */
int caps_get(struct caps *caps);
int caps_set(const struct caps *caps);

#endif
