/* Dumps into a hash: see the header. Source of the attributes: linux/netfilter/nf_tables.h. */
#include "verify/digest.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <mbedtls/sha256.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

/* A dump that the kernel's tables changed under is done again, this often at most. */
#define DUMP_TRIES 5

/* NFT_QUOTA_F_DEPLETED: all of it was counted (linux/netfilter/nf_tables.h since 5.7). */
#define QUOTA_DEPLETED 2

struct digesting {
	const char *table;
	uint16_t name;	       /* the attribute that names the table in this kind of message */
	const uint8_t *hidden; /* the kind's attributes that are not part of what it says; ends with 0 */
	mbedtls_sha256_context hash;
	uint64_t used;
	bool failed;
};

static void add(struct digesting *digesting, const void *bytes, size_t length)
{
	if (mbedtls_sha256_update(&digesting->hash, bytes, length) != 0)
		digesting->failed = true;
}

/* The attribute's type, its length and its bytes, so that no two sequences of them look the same. */
static void add_attribute(struct digesting *digesting, const struct nlattr *attr)
{
	const uint16_t head[2] = {mnl_attr_get_type(attr), mnl_attr_get_payload_len(attr)};

	add(digesting, head, sizeof(head));
	add(digesting, mnl_attr_get_payload(attr), head[1]);
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return mnl_attr_get_payload_len(attr) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(attr), text, strlen(text) + 1) == 0;
}

/* A quota: what it allows and how, without what it has counted. */
static void add_quota(struct digesting *digesting, const struct nlattr *data)
{
	const struct nlattr *attr;

	netlink_for_each_nested(attr, data) {
		const uint16_t type = mnl_attr_get_type(attr), size = mnl_attr_get_payload_len(attr);

		if (type == NFTA_QUOTA_CONSUMED && size == sizeof(uint64_t)) {
			digesting->used += be64toh(mnl_attr_get_u64(attr));
		} else if (type == NFTA_QUOTA_FLAGS && size == sizeof(uint32_t)) {
			const uint32_t flags = ntohl(mnl_attr_get_u32(attr)) & ~(uint32_t)QUOTA_DEPLETED;

			add(digesting, &flags, sizeof(flags));
		} else if (type != NFTA_QUOTA_PAD) {
			add_attribute(digesting, attr);
		}
	}
}

static void add_expression(struct digesting *digesting, const struct nlattr *element)
{
	const struct nlattr *attr, *name = NULL, *data = NULL;

	netlink_for_each_nested(attr, element) {
		if (mnl_attr_get_type(attr) == NFTA_EXPR_NAME)
			name = attr;
		else if (mnl_attr_get_type(attr) == NFTA_EXPR_DATA)
			data = attr;
		else
			add_attribute(digesting, attr);
	}
	if (name == NULL)
		return;
	add_attribute(digesting, name);
	if (data == NULL || text_is(name, "counter"))
		return;
	if (text_is(name, "quota"))
		add_quota(digesting, data);
	else
		add_attribute(digesting, data);
}

static void add_expressions(struct digesting *digesting, const struct nlattr *list)
{
	const struct nlattr *element;

	netlink_for_each_nested(element, list)
		add_expression(digesting, element);
}

static int read_message(const struct nlmsghdr *message, void *data)
{
	struct digesting *digesting = data;
	const uint16_t kind = message->nlmsg_type;
	const struct nlattr *attr;
	bool ours = false;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == digesting->name)
			ours = text_is(attr, digesting->table);
	}
	if (!ours)
		return MNL_CB_OK;
	add(digesting, &kind, sizeof(kind));
	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		const uint16_t type = mnl_attr_get_type(attr);
		const uint8_t *hidden = digesting->hidden;

		while (*hidden != 0 && *hidden != type)
			hidden++;
		if (*hidden != 0)
			continue;
		if (kind == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) && type == NFTA_RULE_EXPRESSIONS)
			add_expressions(digesting, attr);
		else
			add_attribute(digesting, attr);
	}
	return MNL_CB_OK;
}

/* One try: tables, chains, rules. */
static int dump_all(struct netlink *netlink, uint8_t family, struct digesting *digesting)
{
	static const uint8_t table_hides[] = {NFTA_TABLE_USE, NFTA_TABLE_HANDLE, 0};
	static const uint8_t chain_hides[] = {NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS, 0};
	static const uint8_t rule_hides[] = {NFTA_RULE_HANDLE, NFTA_RULE_POSITION, 0};
	static const struct {
		uint8_t command;
		uint16_t name;
		const uint8_t *hidden;
	} kinds[] = {
		{NFT_MSG_GETTABLE, NFTA_TABLE_NAME, table_hides},
		{NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, chain_hides},
		{NFT_MSG_GETRULE, NFTA_RULE_TABLE, rule_hides},
	};
	char buffer[256];
	int ret = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && ret == 0; i++) {
		digesting->name = kinds[i].name;
		digesting->hidden = kinds[i].hidden;
		ret = netlink_talk(netlink,
			netlink_nf_message(netlink, buffer, NFNL_SUBSYS_NFTABLES, kinds[i].command,
				NLM_F_DUMP, family, 0),
			read_message, digesting);
	}
	return ret;
}

int verify_digest(struct netlink *netlink, uint8_t family, const char *table, struct table_digest *digest)
{
	int ret = -EINTR;

	*digest = (struct table_digest){0};
	for (int tries = 0; ret == -EINTR && tries < DUMP_TRIES; tries++) {
		struct digesting digesting = {.table = table};

		mbedtls_sha256_init(&digesting.hash);
		digesting.failed = mbedtls_sha256_starts(&digesting.hash, 0) != 0;
		ret = dump_all(netlink, family, &digesting);
		if (mbedtls_sha256_finish(&digesting.hash, digest->bytes) != 0 || digesting.failed)
			ret = -EIO;
		mbedtls_sha256_free(&digesting.hash);
		digest->used = digesting.used;
	}
	return ret;
}

bool digest_equal(const struct table_digest *a, const struct table_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
