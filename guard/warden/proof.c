/* Names and sets: see the header. Sources: getrandom(2), linux/netfilter/ipset/ip_set.h. */
#include "guard/warden/proof.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "fw/ipset.h"
#include "fw/set.h"

_Static_assert(PROOF_NAME <= IPSET_MAXNAMELEN, "the name fits");

/* Base 32 with RFC 4648's alphabet in lower case: 5 bits a digit, 26 of them for 128 bits. */
static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

int proof_invent(char name[PROOF_NAME])
{
	uint8_t random[PROOF_DIGITS];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	memcpy(name, PROOF_PREFIX, sizeof(PROOF_PREFIX));
	for (int i = 0; i < PROOF_DIGITS; i++)
		name[sizeof(PROOF_PREFIX) - 1 + (size_t)i] = digits[random[i] % 32];
	name[PROOF_NAME - 1] = '\0';
	return 0;
}

bool proof_is_name(const char name[PROOF_NAME])
{
	const size_t prefix = sizeof(PROOF_PREFIX) - 1;

	return memchr(name, '\0', PROOF_NAME) == name + PROOF_NAME - 1 &&
	       memcmp(name, PROOF_PREFIX, prefix) == 0 && strspn(name + prefix, digits) == PROOF_DIGITS;
}

static struct nlmsghdr *begin(
	struct netlink *netlink, void *buffer, uint8_t command, uint16_t flags, const char *name)
{
	struct nlmsghdr *message = netlink_nf_message(
		netlink, buffer, NFNL_SUBSYS_IPSET, command, NLM_F_ACK | flags, AF_INET, 0);

	mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN);
	mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, name);
	return message;
}

int proof_make(struct netlink *netlink, const char name[PROOF_NAME])
{
	char buffer[256];
	struct nlmsghdr *message = begin(netlink, buffer, IPSET_CMD_CREATE, NLM_F_EXCL, name);

	mnl_attr_put_strz(message, IPSET_ATTR_TYPENAME, set_kinds[0].type);
	mnl_attr_put_u8(message, IPSET_ATTR_REVISION, 0);
	mnl_attr_put_u8(message, IPSET_ATTR_FAMILY, AF_INET);
	mnl_attr_nest_end(message, mnl_attr_nest_start(message, IPSET_ATTR_DATA));
	return netlink_talk(netlink, message, NULL, NULL);
}

int proof_remove(struct netlink *netlink, const char name[PROOF_NAME])
{
	char buffer[256];
	uint16_t index;
	/* a DESTROY of nothing is no error to newer kernels, but for this flag; so the set is looked for, too
	 */
	int ret = ipset_index(netlink, name, &index);

	if (ret < 0)
		return ret;
	return netlink_talk(netlink, begin(netlink, buffer, IPSET_CMD_DESTROY, NLM_F_EXCL, name), NULL, NULL);
}
