/*
 * Two trees of attributes side by side: the messages as fw/detour.h writes them, which are not sent, and
 * those of the kernel's dumps. See the header. Source of the attributes: linux/netfilter/nf_tables.h.
 */
#include "verify/table.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

/* A dump that the kernel's tables changed under is done again, this often at most. */
#define DUMP_TRIES 5

/* Newer than the headers of the oldest system that we build on (linux/netfilter/nf_tables.h since 5.7): all
 * of a quota was counted; a chain of a hook. */
#define QUOTA_DEPLETED 2U
#define CHAIN_BASE     1U
/* NFTA_TABLE_OWNER, the port of the socket that it belongs to, since 5.12. */
#define TABLE_OWNED_BY 7

#define TYPE(command) (NFNL_SUBSYS_NFTABLES << 8 | (command))

/* What the kernel says beside what it was told: at any value, or at this one. Zeros say nothing. */
static const struct {
	const char *of; /* a kind of message, or an expression */
	uint16_t type;
	bool any;
	uint32_t value;
} added[] = {
	{"chain", NFTA_CHAIN_USE, true, 0},
	{"chain", NFTA_CHAIN_HANDLE, true, 0},
	{"chain", NFTA_CHAIN_FLAGS, false, CHAIN_BASE},
	{"rule", NFTA_RULE_HANDLE, true, 0},
	{"rule", NFTA_RULE_POSITION, true, 0},
	{"counter", NFTA_COUNTER_BYTES, true, 0},
	{"counter", NFTA_COUNTER_PACKETS, true, 0},
	{"redir", NFTA_REDIR_REG_PROTO_MAX, false, NFT_REG_1}, /* a range of one port */
	{"redir", NFTA_REDIR_FLAGS, false, NF_NAT_RANGE_PROTO_SPECIFIED},
};

/* The comparison on its way through the dumps. */
struct comparing {
	enum owner owner;
	uint32_t port;			   /* of the owner */
	uint16_t name, type;		   /* the attribute that names the table, and the type of messages */
	const struct nlmsghdr *next, *end; /* what is meant, of any type, from here on */
	unsigned int tables;
	uint64_t used;
	const char *differs; /* NULL: nothing yet */
};

/* A level of both trees: the attributes of a message, or of a nest. */
struct level {
	const char *of; /* as in added; "element" of a rule's list of expressions */
	const struct nlattr *meant, *meant_end, *is, *is_end;
};

/* Levels that wait to be compared; a rule has hardly more expressions. */
struct levels {
	unsigned int n;
	struct level v[32];
};

static const struct nlattr *end_of(const struct nlattr *nest)
{
	return (const void *)((const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest));
}

static bool is_there(const struct nlattr *attr, const struct nlattr *end)
{
	return mnl_attr_ok(attr, (int)((const char *)end - (const char *)attr));
}

static const struct nlattr *find(const struct nlattr *attr, const struct nlattr *end, uint16_t type)
{
	for (; is_there(attr, end); attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return attr != NULL && mnl_attr_get_payload_len(attr) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(attr), text, strlen(text) + 1) == 0;
}

static bool get_u32(const struct nlattr *attr, uint32_t *value)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = ntohl(mnl_attr_get_u32(attr));
	return true;
}

/* True for one that was not sent, and is no news. */
static bool says_nothing(const char *of, const struct nlattr *attr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	const uint16_t type = mnl_attr_get_type(attr);
	uint32_t value;
	size_t zeros = 0;

	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		if (added[i].type == type && strcmp(added[i].of, of) == 0 &&
			(added[i].any || (get_u32(attr, &value) && value == added[i].value)))
			return true;
	while (zeros < mnl_attr_get_payload_len(attr) && bytes[zeros] == 0)
		zeros++;
	return zeros == mnl_attr_get_payload_len(attr);
}

static bool same_bytes(const struct nlattr *a, const struct nlattr *b)
{
	return mnl_attr_get_payload_len(a) == mnl_attr_get_payload_len(b) &&
	       memcmp(mnl_attr_get_payload(a), mnl_attr_get_payload(b), mnl_attr_get_payload_len(a)) == 0;
}

/* A quota's: what it has counted goes on, and may be all of it. */
static bool same_of_quota(struct comparing *comparing, const struct nlattr *meant, const struct nlattr *is)
{
	uint32_t flags[2];

	if (mnl_attr_get_type(is) == NFTA_QUOTA_CONSUMED) {
		if (mnl_attr_get_payload_len(is) != sizeof(uint64_t))
			return false;
		comparing->used += be64toh(mnl_attr_get_u64(is));
		return true;
	}
	if (mnl_attr_get_type(is) == NFTA_QUOTA_FLAGS)
		return get_u32(meant, &flags[0]) && get_u32(is, &flags[1]) &&
		       flags[0] == (flags[1] & ~QUOTA_DEPLETED);
	return same_bytes(meant, is);
}

/* The nests of both, to be compared later. */
static bool later(struct levels *levels, const char *of, const struct nlattr *meant, const struct nlattr *is)
{
	if (levels->n == sizeof(levels->v) / sizeof(levels->v[0]))
		return false;
	levels->v[levels->n++] = (struct level){
		of, mnl_attr_get_payload(meant), end_of(meant), mnl_attr_get_payload(is), end_of(is)};
	return true;
}

/* The expressions of a rule: as many, in the same order. */
static bool same_list(struct levels *levels, const struct nlattr *meant, const struct nlattr *is)
{
	const struct nlattr *m = mnl_attr_get_payload(meant), *i = mnl_attr_get_payload(is);

	for (; is_there(m, end_of(meant)) && is_there(i, end_of(is));
		m = mnl_attr_next(m), i = mnl_attr_next(i))
		if (!later(levels, "element", m, i))
			return false;
	return !is_there(m, end_of(meant)) && !is_there(i, end_of(is));
}

/* What the nests of a level are. */
static const char *inside(const struct level *level)
{
	const struct nlattr *name = NULL;

	if (strcmp(level->of, "element") == 0)
		name = find(level->meant, level->meant_end, NFTA_EXPR_NAME);
	return name != NULL ? mnl_attr_get_str(name) : "nest";
}

/* One attribute that is in both. */
static bool same_one(struct comparing *comparing, const struct level *level, const struct nlattr *meant,
	const struct nlattr *is, struct levels *levels)
{
	/* nested as we write them; the kernel does not mark its own */
	if ((meant->nla_type & NLA_F_NESTED) == 0)
		return strcmp(level->of, "quota") == 0 ? same_of_quota(comparing, meant, is)
						       : same_bytes(meant, is);
	if (strcmp(level->of, "rule") == 0 && mnl_attr_get_type(meant) == NFTA_RULE_EXPRESSIONS)
		return same_list(levels, meant, is);
	return later(levels, inside(level), meant, is);
}

/* One level; what is below it is put behind the others. */
static bool same_level(struct comparing *comparing, const struct level *level, struct levels *levels)
{
	const struct nlattr *attr, *other;

	for (attr = level->meant; is_there(attr, level->meant_end); attr = mnl_attr_next(attr)) {
		other = find(level->is, level->is_end, mnl_attr_get_type(attr));
		if (other == NULL || !same_one(comparing, level, attr, other, levels))
			return false;
	}
	for (attr = level->is; is_there(attr, level->is_end); attr = mnl_attr_next(attr))
		if (find(level->meant, level->meant_end, mnl_attr_get_type(attr)) == NULL &&
			!says_nothing(level->of, attr))
			return false;
	return true;
}

static const struct nlattr *first_of(const struct nlmsghdr *message)
{
	return mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg));
}

static const struct nlattr *last_of(const struct nlmsghdr *message)
{
	return (const void *)((const char *)message + message->nlmsg_len);
}

static const struct nlattr *named(const struct nlmsghdr *message, uint16_t type)
{
	return find(first_of(message), last_of(message), type);
}

/* Both messages, from the top down. */
static bool same(
	struct comparing *comparing, const char *of, const struct nlmsghdr *meant, const struct nlmsghdr *is)
{
	struct levels levels = {1, {{of, first_of(meant), last_of(meant), first_of(is), last_of(is)}}};

	while (levels.n > 0) {
		const struct level level = levels.v[--levels.n];

		if (!same_level(comparing, &level, &levels))
			return false;
	}
	return true;
}

/* The next message of this type that is meant; NULL: there is none. */
static const struct nlmsghdr *take_next(struct comparing *comparing)
{
	while (comparing->next < comparing->end) {
		const struct nlmsghdr *message = comparing->next;

		/* messages start at multiples of NLMSG_ALIGNTO, 4 */
		comparing->next = (const void *)((const char *)message + ((message->nlmsg_len + 3U) & ~3U));
		if (message->nlmsg_type == comparing->type)
			return message;
	}
	return NULL;
}

static int differs(struct comparing *comparing, const char *how)
{
	if (comparing->differs == NULL)
		comparing->differs = how;
	/* a dump is always read to its end */
	return MNL_CB_OK;
}

/* A chain or a rule. */
static int read_message(const struct nlmsghdr *message, void *data)
{
	struct comparing *comparing = data;
	const struct nlmsghdr *meant;
	const bool chain = comparing->type == TYPE(NFT_MSG_NEWCHAIN);

	if (!text_is(named(message, comparing->name), DETOUR_TABLE))
		return MNL_CB_OK;
	meant = take_next(comparing);
	if (meant == NULL)
		return differs(comparing, chain ? "it has a chain too many" : "it has a rule too many");
	if (!same(comparing, chain ? "chain" : "rule", meant, message))
		return differs(comparing, chain ? "a chain is another" : "a rule is another");
	return MNL_CB_OK;
}

/* The table itself: its flags and its owner, whom its making does not name. */
static int read_table(const struct nlmsghdr *message, void *data)
{
	struct comparing *comparing = data;
	const struct nlattr *attr = named(message, NFTA_TABLE_FLAGS);
	uint32_t flags, owner;

	if (!text_is(named(message, NFTA_TABLE_NAME), DETOUR_TABLE))
		return MNL_CB_OK;
	comparing->tables++;
	if (attr == NULL || !get_u32(attr, &flags))
		return differs(comparing, "its flags are not said");
	if ((flags & ~(uint32_t)(TABLE_OWNER | TABLE_PERSIST)) != 0)
		return differs(comparing, "it is switched off (dormant), or has other flags");
	if (comparing->owner == OWNER_ANY)
		return MNL_CB_OK;
	if (((flags & TABLE_OWNER) != 0) != (comparing->owner == OWNER_SOME))
		return differs(comparing, "it has no owner, or has one");
	attr = named(message, TABLE_OWNED_BY);
	if (comparing->owner == OWNER_SOME &&
		(attr == NULL || !get_u32(attr, &owner) || owner != comparing->port))
		return differs(comparing, "it belongs to another process");
	return MNL_CB_OK;
}

static int dump(struct netlink *netlink, uint8_t command, mnl_cb_t callback, struct comparing *comparing)
{
	char buffer[256];

	return netlink_talk(netlink,
		netlink_nf_message(
			netlink, buffer, NFNL_SUBSYS_NFTABLES, command, NLM_F_DUMP, NFPROTO_INET, 0),
		callback, comparing);
}

/* From the first message that is meant on, for those of a type. */
static void begin(struct comparing *comparing, const struct batch *batch, uint8_t command)
{
	comparing->type = TYPE(command);
	comparing->next = (const void *)batch->bytes;
	comparing->end = (const void *)(batch->bytes + batch->used);
}

/* One try: the table, its chains, its rules. */
static int compare(struct netlink *netlink, const struct batch *batch, struct comparing *comparing)
{
	static const struct {
		uint8_t get, new;
		uint16_t name;
		const char *lacks;
	} kinds[] = {
		{NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE, "it lacks a chain"},
		{NFT_MSG_GETRULE, NFT_MSG_NEWRULE, NFTA_RULE_TABLE, "it lacks a rule"},
	};
	bool meant;
	int ret;

	/* one without a chain is not made */
	begin(comparing, batch, NFT_MSG_NEWCHAIN);
	meant = take_next(comparing) != NULL;
	ret = dump(netlink, NFT_MSG_GETTABLE, read_table, comparing);
	if (ret == 0 && (comparing->tables > 0) != meant)
		differs(comparing, meant ? "it is missing" : "none was meant");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && ret == 0; i++) {
		begin(comparing, batch, kinds[i].new);
		comparing->name = kinds[i].name;
		ret = dump(netlink, kinds[i].get, read_message, comparing);
		if (take_next(comparing) != NULL)
			differs(comparing, kinds[i].lacks);
	}
	return ret;
}

int verify_table(struct netlink *netlink, const struct detour *meant, enum owner owner, uint64_t *used,
	struct error *error)
{
	struct netlink nowhere = {0};
	struct comparing comparing;
	struct batch batch;
	int ret = -EINTR;

	batch_open(&batch, &nowhere);
	detour_put(&batch, meant, 0);
	for (int tries = 0; ret == -EINTR && tries < DUMP_TRIES; tries++) {
		comparing = (struct comparing){.owner = owner, .port = netlink->port};
		ret = compare(netlink, &batch, &comparing);
	}
	if (ret < 0)
		return error_set(error, FAIL_VERIFY, -ret,
			"the table inet " DETOUR_TABLE " cannot be read back from the kernel: %s",
			strerror(-ret));
	if (comparing.differs != NULL)
		return error_set(error, FAIL_VERIFY, EBADE,
			"the table inet " DETOUR_TABLE " is not as it was made: %s", comparing.differs);
	if (used != NULL)
		*used = comparing.used;
	return 0;
}
