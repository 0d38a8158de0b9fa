/* From the kernel's expressions to a rule; no I/O, so that a fuzzer can stand in for the kernel. */
#ifndef VERIFY_DECODE_H
#define VERIFY_DECODE_H

#include <stdint.h>
#include <libmnl/libmnl.h>

#include "fw/rule.h"

/* One rule as it was read. */
struct decoded {
	struct rule rule;
	uint64_t packets;
	const char *odd; /* what was there that no rule of ours has; NULL if nothing */
};

/*
 * Decodes one NFT_MSG_NEWRULE message. index is the kernel's number of each set. Whatever the bytes are, it
 * reads nothing outside the message.
 */
void decode_rule(const struct nlmsghdr *message, const uint16_t index[SETS], struct decoded *decoded);

#endif
