/*
 * Netlink messages of rules, made by hand as the kernel would dump them, expression by expression, so that a
 * test can leave one out, bend one, or add one. Shares no line with the writer of the product.
 */
#ifndef TESTS_RULE_MESSAGE_H
#define TESTS_RULE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "fw/rule.h"
#include "verify/decode.h"

/* The kernel's numbers of the sets, in every test. */
extern const uint16_t rule_message_index[SETS];

struct rule_message {
	union {
		struct nlmsghdr header;
		char bytes[4096];
	};
	struct nlattr *expressions;
};

/* Starts a message: netfilter's number of the family, the name of the chain. */
void rule_begin(struct rule_message *message, uint8_t family, const char *chain);

/* Ends the list of expressions. */
void rule_end(struct rule_message *message);

/* The expressions. Numbers are in host order; reg is a register. */
void put_meta(struct rule_message *message, uint32_t key, uint32_t reg);
void put_payload(struct rule_message *message, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg);
void put_bitwise(struct rule_message *message, const void *mask, const void *flip, size_t length);
void put_cmp(struct rule_message *message, uint32_t operation, const void *value, size_t length);
void put_counter(struct rule_message *message, uint64_t packets, uint64_t bytes);
void put_verdict(struct rule_message *message, uint32_t code, const char *chain);

/* kind: "match" or "target"; info is padded to eight bytes, as the kernel does. */
void put_xt(struct rule_message *message, const char *kind, const char *name, uint32_t revision,
	const void *info, size_t size);

/* An expression with no data but its name. */
void put_name(struct rule_message *message, const char *name);

/* All of a rule of ours, as the kernel would dump it. */
void rule_whole(struct rule_message *message, const struct rule *rule, uint64_t packets);

/* What of a rule comes before its counter and verdict. */
void put_matches(struct rule_message *message, const struct rule *rule);

/*
 * Decodes a copy in just as much memory, so that ASan sees one byte more. Where a folder is given, the
 * message is also written into it, under its name, as a seed for the fuzzer.
 */
extern const char *rule_seed_folder;
struct decoded rule_decode(const char *name, const struct rule_message *message);

#endif
