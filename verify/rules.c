/* Dumping tables, chains and rules, and comparing: see the header. */
#include "verify/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "verify/decode.h"
#include "verify/sets.h"

#define TABLE_OWNER 0x2 /* NFT_TABLE_F_OWNER, linux/netfilter/nf_tables.h since 5.12 */

/* A dump that the kernel's tables changed under is done again, this often at most. */
#define DUMP_TRIES 5

static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

/* One family's comparison on its way. */
struct reading {
	uint8_t family; /* also AF_… */
	const struct ruleset *meant;
	struct ruleset *is; /* where the rules go, if they are not compared */
	enum owner owner;
	uint16_t index[SETS];
	size_t next; /* the rule of meant that must come next */
	unsigned int tables, chains;
	uint64_t refused;
	struct error *error; /* of the first difference */
	bool differs;
};

static const char *family_text(uint8_t family)
{
	return family == NFPROTO_IPV4 ? "IPv4" : "IPv6";
}

/* Notes the first difference. Returns MNL_CB_OK, since a dump is always read to its end. */
static __attribute__((format(printf, 2, 3))) int differs(struct reading *reading, const char *format, ...)
{
	char text[sizeof(reading->error->text)];
	va_list args;

	if (reading->differs)
		return MNL_CB_OK;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(reading->error, FAIL_VERIFY, EBADE, "%s", text);
	reading->differs = true;
	return MNL_CB_OK;
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return attr != NULL && mnl_attr_get_payload_len(attr) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(attr), text, strlen(text) + 1) == 0;
}

static bool number_is(const struct nlattr *attr, uint32_t number)
{
	return attr != NULL && mnl_attr_get_payload_len(attr) == sizeof(number) &&
	       ntohl(mnl_attr_get_u32(attr)) == number;
}

static int dump(
	struct netlink *netlink, uint8_t command, uint8_t family, mnl_cb_t callback, struct reading *reading)
{
	char buffer[256];

	for (int tries = 0;; tries++) {
		const struct reading start = *reading;
		int ret = netlink_talk(netlink,
			netlink_nf_message(
				netlink, buffer, NFNL_SUBSYS_NFTABLES, command, NLM_F_DUMP, family, 0),
			callback, reading);

		if (ret != -EINTR || tries == DUMP_TRIES)
			return ret;
		*reading = start;
	}
}

static int read_table(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	const struct nlattr *attr;
	bool ours = false, owned = false, dormant = false;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			ours = text_is(attr, TABLE_NAME);
		if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS &&
			mnl_attr_get_payload_len(attr) == sizeof(uint32_t)) {
			owned = (ntohl(mnl_attr_get_u32(attr)) & TABLE_OWNER) != 0;
			dormant = (ntohl(mnl_attr_get_u32(attr)) & NFT_TABLE_F_DORMANT) != 0;
		}
	}
	if (!ours)
		return MNL_CB_OK;
	reading->tables++;
	if (dormant)
		return differs(
			reading, "the %s table is switched off (dormant)", family_text(reading->family));
	if (reading->owner != OWNER_ANY && owned != (reading->owner == OWNER_SOME))
		return differs(reading, "the %s table is %s", family_text(reading->family),
			owned ? "unexpectedly owned" : "not owned by us");
	return MNL_CB_OK;
}

static int read_chain(const struct nlmsghdr *message, void *data)
{
	static const uint32_t hooks[CHAINS] = {NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT};
	struct reading *reading = data;
	const struct nlattr *attr, *name = NULL;
	bool ours = false, drops = false, filter = false, hooked = false, first = false;
	int chain = CHAINS;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_CHAIN_TABLE)
			ours = text_is(attr, TABLE_NAME);
		if (mnl_attr_get_type(attr) == NFTA_CHAIN_NAME)
			name = attr;
	}
	if (!ours)
		return MNL_CB_OK;
	for (int c = 0; c < CHAINS; c++)
		if (text_is(name, chain_names[c]))
			chain = c;
	if (chain == CHAINS)
		return differs(
			reading, "the %s table has a chain that is not ours", family_text(reading->family));
	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		const struct nlattr *inner;

		if (mnl_attr_get_type(attr) == NFTA_CHAIN_POLICY)
			drops = number_is(attr, NF_DROP);
		if (mnl_attr_get_type(attr) == NFTA_CHAIN_TYPE)
			filter = text_is(attr, "filter");
		if (mnl_attr_get_type(attr) != NFTA_CHAIN_HOOK)
			continue;
		netlink_for_each_nested(inner, attr) {
			if (mnl_attr_get_type(inner) == NFTA_HOOK_HOOKNUM)
				hooked = number_is(inner, hooks[chain]);
			if (mnl_attr_get_type(inner) == NFTA_HOOK_PRIORITY)
				first = number_is(inner, 0);
		}
	}
	if (!drops || !filter || !hooked || !first)
		return differs(reading, "the %s chain %s is not a filter chain at its hook with policy DROP",
			family_text(reading->family), chain_names[chain]);
	reading->chains |= 1U << chain;
	return MNL_CB_OK;
}

/* True if the rule is in the table of ours; rules of other tables of the family come in the same dump. */
static bool in_our_table(const struct nlmsghdr *message)
{
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_RULE_TABLE)
			return text_is(attr, TABLE_NAME);
	}
	return false;
}

static int read_rule(const struct nlmsghdr *message, void *data)
{
	struct reading *reading = data;
	const struct rule *meant;
	struct decoded decoded;
	char is[RULE_TEXT], should[RULE_TEXT];

	if (!in_our_table(message))
		return MNL_CB_OK;
	decode_rule(message, reading->index, &decoded);
	if (decoded.odd != NULL)
		return differs(reading, "the %s firewall has a rule that is not ours: %s",
			family_text(reading->family), decoded.odd);
	if (decoded.rule.chain == CHAIN_OUTPUT && decoded.rule.verdict != VERDICT_ACCEPT &&
		decoded.rule.verdict != VERDICT_LOG)
		reading->refused += decoded.packets;
	if (reading->is != NULL && reading->is->n < RULES_MAX)
		reading->is->v[reading->is->n++] = decoded.rule;
	if (reading->meant == NULL)
		return MNL_CB_OK;
	while (reading->next < reading->meant->n &&
		reading->meant->v[reading->next].family != reading->family)
		reading->next++;
	if (reading->next == reading->meant->n)
		return differs(reading, "the %s firewall has a rule too many: '%s'",
			family_text(reading->family), rule_text(&decoded.rule, is));
	meant = &reading->meant->v[reading->next++];
	if (memcmp(meant, &decoded.rule, sizeof(*meant)) != 0)
		return differs(reading, "the %s firewall has the rule '%s' where '%s' was meant",
			family_text(reading->family), rule_text(&decoded.rule, is), rule_text(meant, should));
	return MNL_CB_OK;
}

static int unreadable(struct error *error, int ret)
{
	return error_set(error, FAIL_VERIFY, -ret, "the firewall cannot be read back from the kernel: %s",
		strerror(-ret));
}

static int verify_family(struct netlink *netlink, struct reading *reading)
{
	int ret = dump(netlink, NFT_MSG_GETTABLE, reading->family, read_table, reading);

	if (ret == 0)
		ret = dump(netlink, NFT_MSG_GETCHAIN, reading->family, read_chain, reading);
	if (ret == 0)
		ret = dump(netlink, NFT_MSG_GETRULE, reading->family, read_rule, reading);
	if (ret < 0)
		return unreadable(reading->error, ret);
	if (reading->tables != 1 || reading->chains != (1U << CHAINS) - 1)
		differs(reading, "the %s table or one of its three chains is missing",
			family_text(reading->family));
	for (; reading->next < reading->meant->n; reading->next++) {
		char text[RULE_TEXT];

		if (reading->meant->v[reading->next].family == reading->family)
			differs(reading, "the %s firewall lacks the rule '%s'", family_text(reading->family),
				rule_text(&reading->meant->v[reading->next], text));
	}
	return reading->differs ? -EBADE : 0;
}

int verify_rules(struct netlink *netlink, const struct ruleset *meant, enum owner owner, struct error *error)
{
	for (size_t f = 0; f < sizeof(families); f++) {
		struct reading reading = {
			.family = families[f], .meant = meant, .owner = owner, .error = error};
		int ret = verify_set_indexes(netlink, meant, reading.index, error);

		if (ret == 0)
			ret = verify_family(netlink, &reading);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int verify_read_rules(struct netlink *netlink, struct ruleset *is, struct error *error)
{
	is->n = 0;
	for (size_t f = 0; f < sizeof(families); f++) {
		struct reading reading = {.family = families[f], .is = is, .error = error};
		int ret = verify_set_indexes(netlink, NULL, reading.index, error);

		if (ret < 0)
			return ret;
		ret = dump(netlink, NFT_MSG_GETRULE, families[f], read_rule, &reading);
		if (ret < 0)
			return unreadable(error, ret);
		if (reading.differs)
			return -EBADE;
	}
	return 0;
}

int verify_refused(struct netlink *netlink, uint8_t family, uint64_t *packets, struct error *error)
{
	struct reading reading = {.family = family, .error = error};
	int ret = verify_set_indexes(netlink, NULL, reading.index, error);

	if (ret < 0)
		return ret;
	ret = dump(netlink, NFT_MSG_GETRULE, family, read_rule, &reading);
	if (ret < 0)
		return unreadable(error, ret);
	*packets = reading.refused;
	return reading.differs ? -EBADE : 0;
}
