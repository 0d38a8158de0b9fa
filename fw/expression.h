/*
 * The expressions that rules of nf_tables are made of, as attributes of a message in the making: a load puts
 * something into the one register we use, a comparison asks it, and so on.
 * Sources: linux/netfilter/nf_tables.h, linux/netfilter/nf_tables_compat.h.
 */
#ifndef FW_EXPRESSION_H
#define FW_EXPRESSION_H

#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

/* Any expression: begin, its attributes, end. */
struct nlattr *expression_begin(struct nlmsghdr *message, const char *name, struct nlattr **data);
void expression_end(struct nlmsghdr *message, struct nlattr *element, struct nlattr *data);

/* An attribute of 32 bits in network order. */
void expression_u32(struct nlmsghdr *message, uint16_t type, uint32_t value);

/* Loads: a key of NFT_META_…; bytes of the packet, from NFT_PAYLOAD_…'s header on. */
void expression_meta(struct nlmsghdr *message, uint32_t key);
void expression_payload(struct nlmsghdr *message, uint32_t base, uint32_t offset, uint32_t length);

/* Leaves of what is loaded only these bits. */
void expression_mask(struct nlmsghdr *message, const uint8_t *bits, uint32_t length);

/* Goes on only if what is loaded compares so: how is NFT_CMP_EQ or NFT_CMP_NEQ. */
void expression_compare(struct nlmsghdr *message, uint32_t how, const void *bytes, size_t length);

/* An xt extension; kind is "match" or "target". */
void expression_xt(struct nlmsghdr *message, const char *kind, const char *name, uint32_t revision,
	const void *info, size_t size);

void expression_counter(struct nlmsghdr *message);

/* The end: NF_ACCEPT or NF_DROP (linux/netfilter.h). */
void expression_verdict(struct nlmsghdr *message, uint32_t verdict);

#endif
