/* Writing expressions: see the header. */
#include "fw/expression.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/x_tables.h>

struct nlattr *expression_begin(struct nlmsghdr *message, const char *name, struct nlattr **data)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, name);
	*data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	return element;
}

void expression_end(struct nlmsghdr *message, struct nlattr *element, struct nlattr *data)
{
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, element);
}

void expression_u32(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(message, type, htonl(value));
}

void expression_meta(struct nlmsghdr *message, uint32_t key)
{
	struct nlattr *data, *element = expression_begin(message, "meta", &data);

	expression_u32(message, NFTA_META_KEY, key);
	expression_u32(message, NFTA_META_DREG, NFT_REG_1);
	expression_end(message, element, data);
}

void expression_payload(struct nlmsghdr *message, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nlattr *data, *element = expression_begin(message, "payload", &data);

	expression_u32(message, NFTA_PAYLOAD_DREG, NFT_REG_1);
	expression_u32(message, NFTA_PAYLOAD_BASE, base);
	expression_u32(message, NFTA_PAYLOAD_OFFSET, offset);
	expression_u32(message, NFTA_PAYLOAD_LEN, length);
	expression_end(message, element, data);
}

static void put_value(struct nlmsghdr *message, uint16_t type, const void *bytes, size_t length)
{
	struct nlattr *nest = mnl_attr_nest_start(message, type);

	mnl_attr_put(message, NFTA_DATA_VALUE, length, bytes);
	mnl_attr_nest_end(message, nest);
}

void expression_mask(struct nlmsghdr *message, const uint8_t *bits, uint32_t length)
{
	static const uint8_t zero[16];
	struct nlattr *data, *element = expression_begin(message, "bitwise", &data);

	expression_u32(message, NFTA_BITWISE_SREG, NFT_REG_1);
	expression_u32(message, NFTA_BITWISE_DREG, NFT_REG_1);
	expression_u32(message, NFTA_BITWISE_LEN, length);
	put_value(message, NFTA_BITWISE_MASK, bits, length);
	put_value(message, NFTA_BITWISE_XOR, zero, length);
	expression_end(message, element, data);
}

void expression_compare(struct nlmsghdr *message, uint32_t how, const void *bytes, size_t length)
{
	struct nlattr *data, *element = expression_begin(message, "cmp", &data);

	expression_u32(message, NFTA_CMP_SREG, NFT_REG_1);
	expression_u32(message, NFTA_CMP_OP, how);
	put_value(message, NFTA_CMP_DATA, bytes, length);
	expression_end(message, element, data);
}

/* One xt match or target; the kernel wants the info padded to XT_ALIGN, 8 bytes. */
void expression_xt(struct nlmsghdr *message, const char *kind, const char *name, uint32_t revision,
	const void *info, size_t size)
{
	const bool match = strcmp(kind, "match") == 0;
	char padded[512] = {0};
	struct nlattr *data, *element = expression_begin(message, kind, &data);

	memcpy(padded, info, size);
	mnl_attr_put_strz(message, match ? NFTA_MATCH_NAME : NFTA_TARGET_NAME, name);
	expression_u32(message, match ? NFTA_MATCH_REV : NFTA_TARGET_REV, revision);
	mnl_attr_put(message, match ? NFTA_MATCH_INFO : NFTA_TARGET_INFO, XT_ALIGN(size), padded);
	expression_end(message, element, data);
}

void expression_verdict(struct nlmsghdr *message, uint32_t verdict)
{
	struct nlattr *data, *element = expression_begin(message, "immediate", &data), *value, *inner;

	expression_u32(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = mnl_attr_nest_start(message, NFTA_IMMEDIATE_DATA);
	inner = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);
	expression_u32(message, NFTA_VERDICT_CODE, verdict);
	mnl_attr_nest_end(message, inner);
	mnl_attr_nest_end(message, value);
	expression_end(message, element, data);
}

void expression_counter(struct nlmsghdr *message)
{
	struct nlattr *data, *element = expression_begin(message, "counter", &data);

	expression_end(message, element, data);
}
