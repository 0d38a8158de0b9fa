/*
 * fw/detour.h, fw/batch.h, fw/expression.h: the guard's table, byte by byte, in words close to those of `nft
 * --debug=netlink`. The reader here shares no line with the writer, nor with the library that it writes by.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "fw/detour.h"

/* A stretch of attributes, and the text that they become. */
struct bytes {
	const uint8_t *at;
	size_t length;
};

static char text[16384];
static size_t used;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	used += (size_t)vsnprintf(text + used, sizeof(text) - used, format, arguments);
	va_end(arguments);
	assert_true(used < sizeof(text));
}

/* The attribute of a type; length 0 and NULL if there is none. Fails the test if they do not fill the
 * stretch. */
static struct bytes find(struct bytes in, unsigned int type)
{
	struct bytes found = {0};
	size_t offset = 0;

	while (offset < in.length) {
		struct nlattr head;

		assert_true(in.length - offset >= sizeof(head));
		memcpy(&head, in.at + offset, sizeof(head));
		assert_true(head.nla_len >= sizeof(head) && head.nla_len <= in.length - offset);
		if ((head.nla_type & NLA_TYPE_MASK) == type)
			found = (struct bytes){in.at + offset + sizeof(head), head.nla_len - sizeof(head)};
		offset += (head.nla_len + 3U) & ~3U;
	}
	return found;
}

/* A number in network order, of whichever length. */
static uint64_t number(struct bytes in, unsigned int type)
{
	const struct bytes it = find(in, type);
	uint64_t value = 0;

	must(it.at != NULL && it.length <= 8, "attribute %u is not there", type);
	for (size_t i = 0; i < it.length; i++)
		value = value << 8 | it.at[i];
	return value;
}

static const char *string(struct bytes in, unsigned int type)
{
	const struct bytes it = find(in, type);

	must(it.at != NULL && it.length > 0 && it.at[it.length - 1] == '\0', "string %u is not there", type);
	return (const char *)it.at;
}

/* The bytes of a value, in hexadecimal. */
static void say_value(struct bytes in, unsigned int type)
{
	const struct bytes it = find(find(in, type), NFTA_DATA_VALUE);

	must(it.at != NULL, "value %u is not there", type);
	for (size_t i = 0; i < it.length; i++)
		say("%02x", it.at[i]);
}

static const char *key_text(uint64_t key)
{
	switch (key) {
	case NFT_META_L4PROTO:
		return "l4proto";
	case NFT_META_SKUID:
		return "skuid";
	case NFT_META_OIFNAME:
		return "oifname";
	case NFT_META_NFPROTO:
		return "nfproto";
	default:
		return "other";
	}
}

static const char *ct_text(uint64_t key)
{
	switch (key) {
	case NFT_CT_STATE:
		return "state";
	case NFT_CT_STATUS:
		return "status";
	case NFT_CT_MARK:
		return "mark";
	case NFT_CT_DIRECTION:
		return "direction";
	default:
		return "other";
	}
}

static void read_verdict_or_value(struct bytes data)
{
	const struct bytes verdict = find(find(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);

	say("immediate %u ", (unsigned int)number(data, NFTA_IMMEDIATE_DREG));
	if (verdict.at != NULL)
		say("verdict %d", (int)number(verdict, NFTA_VERDICT_CODE));
	else
		say_value(data, NFTA_IMMEDIATE_DATA);
}

/* All registers are number 1, which is said only where it is another. */
static void read_expression(const char *name, struct bytes data)
{
	if (strcmp(name, "meta") == 0) {
		say("meta %s", key_text(number(data, NFTA_META_KEY)));
		assert_int_equal(number(data, NFTA_META_DREG), NFT_REG_1);
	} else if (strcmp(name, "ct") == 0) {
		const bool sets = find(data, NFTA_CT_SREG).at != NULL;

		say("ct %s%s", ct_text(number(data, NFTA_CT_KEY)), sets ? " set" : "");
		assert_int_equal(number(data, sets ? NFTA_CT_SREG : NFTA_CT_DREG), NFT_REG_1);
		assert_null(find(data, sets ? NFTA_CT_DREG : NFTA_CT_SREG).at);
	} else if (strcmp(name, "payload") == 0) {
		say("payload %u %u+%u", (unsigned int)number(data, NFTA_PAYLOAD_BASE),
			(unsigned int)number(data, NFTA_PAYLOAD_OFFSET),
			(unsigned int)number(data, NFTA_PAYLOAD_LEN));
		assert_int_equal(number(data, NFTA_PAYLOAD_DREG), NFT_REG_1);
	} else if (strcmp(name, "bitwise") == 0) {
		say("& ");
		say_value(data, NFTA_BITWISE_MASK);
		say(" ^ ");
		say_value(data, NFTA_BITWISE_XOR);
		assert_int_equal(number(data, NFTA_BITWISE_SREG), NFT_REG_1);
		assert_int_equal(number(data, NFTA_BITWISE_DREG), NFT_REG_1);
	} else if (strcmp(name, "cmp") == 0) {
		say(number(data, NFTA_CMP_OP) == NFT_CMP_EQ	   ? "== "
			: number(data, NFTA_CMP_OP) == NFT_CMP_NEQ ? "!= "
								   : "?? ");
		say_value(data, NFTA_CMP_DATA);
		assert_int_equal(number(data, NFTA_CMP_SREG), NFT_REG_1);
	} else if (strcmp(name, "immediate") == 0) {
		read_verdict_or_value(data);
	} else if (strcmp(name, "redir") == 0) {
		say("redir to register %u", (unsigned int)number(data, NFTA_REDIR_REG_PROTO_MIN));
		assert_null(find(data, NFTA_REDIR_FLAGS).at);
	} else if (strcmp(name, "limit") == 0) {
		say("limit %u in %u s burst %u type %u flags %u", (unsigned int)number(data, NFTA_LIMIT_RATE),
			(unsigned int)number(data, NFTA_LIMIT_UNIT),
			(unsigned int)number(data, NFTA_LIMIT_BURST),
			(unsigned int)number(data, NFTA_LIMIT_TYPE),
			(unsigned int)number(data, NFTA_LIMIT_FLAGS));
	} else if (strcmp(name, "quota") == 0) {
		say("quota %llu used %llu flags %u", (unsigned long long)number(data, NFTA_QUOTA_BYTES),
			(unsigned long long)number(data, NFTA_QUOTA_CONSUMED),
			(unsigned int)number(data, NFTA_QUOTA_FLAGS));
	} else if (strcmp(name, "log") == 0) {
		say("log group %u '%s'", (unsigned int)number(data, NFTA_LOG_GROUP),
			string(data, NFTA_LOG_PREFIX));
		assert_null(find(data, NFTA_LOG_SNAPLEN).at);
		assert_null(find(data, NFTA_LOG_QTHRESHOLD).at);
	} else if (strcmp(name, "reject") == 0) {
		say("reject %u %u", (unsigned int)number(data, NFTA_REJECT_TYPE),
			(unsigned int)number(data, NFTA_REJECT_ICMP_CODE));
	} else {
		say("%s", name);
		assert_int_equal(data.length, 0);
	}
}

static void read_rule(struct bytes in)
{
	const struct bytes list = find(in, NFTA_RULE_EXPRESSIONS);
	size_t offset = 0;

	assert_null(find(in, NFTA_RULE_POSITION).at);
	say("rule %s %s:", string(in, NFTA_RULE_TABLE), string(in, NFTA_RULE_CHAIN));
	while (offset < list.length) {
		struct nlattr head;
		struct bytes element;

		memcpy(&head, list.at + offset, sizeof(head));
		element = (struct bytes){list.at + offset + sizeof(head), head.nla_len - sizeof(head)};
		assert_int_equal(head.nla_type & NLA_TYPE_MASK, NFTA_LIST_ELEM);
		say(" [");
		read_expression(string(element, NFTA_EXPR_NAME), find(element, NFTA_EXPR_DATA));
		say("]");
		offset += (head.nla_len + 3U) & ~3U;
	}
}

static void read_chain(struct bytes in)
{
	const struct bytes hook = find(in, NFTA_CHAIN_HOOK);

	say("chain %s %s: %s hook %u priority %d policy %u", string(in, NFTA_CHAIN_TABLE),
		string(in, NFTA_CHAIN_NAME), string(in, NFTA_CHAIN_TYPE),
		(unsigned int)number(hook, NFTA_HOOK_HOOKNUM),
		(int)(uint32_t)number(hook, NFTA_HOOK_PRIORITY), (unsigned int)number(in, NFTA_CHAIN_POLICY));
}

static void read_message(const struct nlmsghdr *header, struct bytes in)
{
	const uint16_t flags = header->nlmsg_flags;

	switch (header->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
		say("table %s flags %u", string(in, NFTA_TABLE_NAME),
			find(in, NFTA_TABLE_FLAGS).at == NULL ? 0
							      : (unsigned int)number(in, NFTA_TABLE_FLAGS));
		assert_int_equal(flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
		break;
	case NFT_MSG_DELTABLE:
		say("no table %s", string(in, NFTA_TABLE_NAME));
		assert_int_equal(flags, NLM_F_REQUEST | NLM_F_ACK);
		break;
	case NFT_MSG_NEWCHAIN:
		read_chain(in);
		assert_int_equal(flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
		break;
	case NFT_MSG_NEWRULE:
		read_rule(in);
		assert_int_equal(flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND);
		break;
	default:
		fail_msg("message %u", header->nlmsg_type);
	}
	say("\n");
}

/* The batch of a detour in words, a line a message; each must be of family inet, and numbered. */
static const char *written(const struct detour *detour, uint32_t flags)
{
	static struct batch batch;
	struct netlink netlink = {.sequence = 100};
	size_t offset = 0;
	uint32_t sequence = 100;

	memset(&batch, 0xa5, sizeof(batch));
	batch_open(&batch, &netlink);
	detour_put(&batch, detour, flags);
	used = 0;
	*text = '\0';
	while (offset < batch.used) {
		struct nlmsghdr header;
		struct nfgenmsg family;

		memcpy(&header, batch.bytes + offset, sizeof(header));
		memcpy(&family, batch.bytes + offset + sizeof(header), sizeof(family));
		assert_true(header.nlmsg_len <= batch.used - offset);
		assert_int_equal(header.nlmsg_seq, ++sequence);
		if (offset == 0) {
			assert_int_equal(header.nlmsg_type, NFNL_MSG_BATCH_BEGIN);
			assert_int_equal(ntohs(family.res_id), NFNL_SUBSYS_NFTABLES);
		} else {
			assert_int_equal(header.nlmsg_type >> 8, NFNL_SUBSYS_NFTABLES);
			assert_int_equal(family.nfgen_family, NFPROTO_INET);
			read_message(&header, (struct bytes){(const uint8_t *)batch.bytes + offset +
								     sizeof(header) + sizeof(family),
						      header.nlmsg_len - sizeof(header) - sizeof(family)});
		}
		offset += (header.nlmsg_len + 3U) & ~3U;
	}
	assert_int_equal(offset, batch.used);
	return text;
}

/* uids and conntrack's bits are in the host's order, and both our architectures are little-endian. */
#define NO_TABLE     "table secure-init flags 0\nno table secure-init\n"
#define TABLE(flags) NO_TABLE "table secure-init flags " flags "\n"
#define BUT_GUARD    " [meta skuid] [!= ddff0000]"
#define BUT_ROOT     " [meta skuid] [!= 00000000]"
#define DNS_CHAIN    "chain secure-init dns: nat hook 3 priority -105 policy 1\n"
#define REDIRECT(but, protocol)                                                                    \
	"rule secure-init dns:" but " [meta l4proto] [== " protocol "] [payload 2 2+2] [== 0035] " \
	"[counter] [immediate 1 2745] [redir to register 1]\n"
#define DNS(but) DNS_CHAIN REDIRECT(but, "11") REDIRECT(but, "06")
/* 127.0.0.11 does not ask itself, so there root's are the agent's */
#define OF_DOCKER " [meta nfproto] [== 02] [payload 1 16+4] [== 7f00000b]"
#define DNS_BESIDE_DOCKER                                                                \
	DNS_CHAIN REDIRECT(BUT_GUARD OF_DOCKER, "11") REDIRECT(BUT_GUARD BUT_ROOT, "11") \
		REDIRECT(BUT_GUARD OF_DOCKER, "06") REDIRECT(BUT_GUARD BUT_ROOT, "06")
#define FROM_DOCKER "rule secure-init docker: [meta nfproto] [== 02] [payload 1 12+4] [== 7f00000b]"
#define DOCKER_CHAIN                                                                               \
	"chain secure-init docker: filter hook 3 priority 0 policy 1\n" FROM_DOCKER BUT_ROOT       \
	" [meta skuid] [!= feff0000]" REFUSED("refused") FROM_DOCKER                               \
		" [meta l4proto] [== 11] [payload 2 0+2] [== 0035]" REFUSED("refused") FROM_DOCKER \
		" [meta l4proto] [== 06] [payload 2 0+2] [== 0035]" REFUSED("refused")
#define BEGUN(but, over, mark)                                                                         \
	"rule secure-init own: [meta skuid] [== " but "] [meta oifname] [" over " 6c6f00]" PORT_##mark \
		" [ct state] [& 08000000 ^ 00000000] [!= 00000000] [immediate 1 0" #mark               \
		"000000] [ct mark set]\n"
#define PORT_1
#define PORT_2
#define PORT_3 " [payload 2 2+2] [== 0035]"
#define GOES_ON(mark, but, direction) \
	"rule secure-init own: [ct mark] [== 0" #mark "000000]" but direction REFUSED("refused")
#define OWN_CHAIN                                                                                \
	"chain secure-init own: filter hook 3 priority -5 policy 1\n" BEGUN("ddff0000", "!=", 1) \
		BEGUN("ddff0000", "==", 2) GOES_ON(1, BUT_GUARD, "")                             \
			GOES_ON(2, BUT_GUARD, " [ct direction] [== 00]")
#define OWN_OF_ROOT BEGUN("00000000", "!=", 3) GOES_ON(3, BUT_ROOT, "")
#define LIMITS_CHAIN                                                                                       \
	"chain secure-init limits: filter hook 3 priority 10 policy 1\n"                                   \
	"rule secure-init limits: [meta oifname] [== 6c6f00] [immediate 0 verdict 1]\n"                    \
	"rule secure-init limits: [ct status] [& 20000000 ^ 00000000] [!= 00000000] [immediate 0 verdict " \
	"1]\n"                                                                                             \
	"rule secure-init limits: [meta skuid] [== ddff0000] [immediate 0 verdict 1]\n"
#define REFUSED(prefix) " [counter] [log group 10053 '" prefix "'] [reject 2 3]\n"
#define CONNECTIONS(n)                                                                        \
	"rule secure-init limits: [ct state] [& 08000000 ^ 00000000] [!= 00000000] [limit " n \
	" in 60 s burst " n " type 0 flags 1]" REFUSED("limit")
#define QUOTA(bytes, counted) \
	"rule secure-init limits: [quota " bytes " used " counted " flags 1]" REFUSED("quota")

static void the_table(void **state)
{
	static const struct {
		struct detour detour;
		uint32_t flags;
		const char *words;
	} rows[] = {
		{{0}, 6, NO_TABLE},
		{{.root_asks = true, .used = 5}, 6, NO_TABLE},
		{{.dns = true}, 6, TABLE("6") DNS(BUT_GUARD)},
		{{.dns = true}, 0, TABLE("0") DNS(BUT_GUARD)},
		{{.dns = true, .root_asks = true}, 6, TABLE("6") DNS_BESIDE_DOCKER},
		{{.docker = true}, 6, TABLE("6") DOCKER_CHAIN},
		{{.asks = true}, 6, TABLE("6") OWN_CHAIN},
		{{.dns = true, .asks = true, .docker = true, .root_asks = true, .connections = 300}, 6,
			TABLE("6")
				DNS_BESIDE_DOCKER DOCKER_CHAIN OWN_CHAIN OWN_OF_ROOT LIMITS_CHAIN CONNECTIONS(
					"300")},
		{{.dns = true, .docker = true, .root_asks = true, .bytes = 500}, 6,
			TABLE("6") DNS_BESIDE_DOCKER DOCKER_CHAIN LIMITS_CHAIN QUOTA("500", "0")},
		{{.connections = 300}, 6, TABLE("6") LIMITS_CHAIN CONNECTIONS("300")},
		{{.bytes = 500}, 6, TABLE("6") LIMITS_CHAIN QUOTA("500", "0")},
		{{.bytes = 9223372036854775807, .used = 4294967296}, 6,
			TABLE("6") LIMITS_CHAIN QUOTA("9223372036854775807", "4294967296")},
		/* of a quota that is used up the kernel counts on, and does not take more back */
		{{.bytes = 500, .used = 500}, 6, TABLE("6") LIMITS_CHAIN QUOTA("500", "500")},
		{{.bytes = 500, .used = 501}, 6, TABLE("6") LIMITS_CHAIN QUOTA("500", "500")},
		{{.bytes = 500, .used = UINT64_MAX}, 6, TABLE("6") LIMITS_CHAIN QUOTA("500", "500")},
		{{.dns = true, .connections = 1000000, .bytes = 1, .used = 1}, 6,
			TABLE("6") DNS(BUT_GUARD) LIMITS_CHAIN CONNECTIONS("1000000") QUOTA("1", "1")},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *is = written(&rows[i].detour, rows[i].flags);

		must(strcmp(is, rows[i].words) == 0, "row %zu is\n%s\nnot\n%s", i, is, rows[i].words);
	}
	assert_string_equal(written(NULL, 6), NO_TABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests_name("detour", tests, NULL, NULL);
}
