/*
 * Any datagrams as the kernel's answers to all that is asked of it: the features, the sets' numbers and
 * elements, the tables, chains and rules, the routes, the batch of rules. Each question ends, with an error
 * that says something where it fails; and nothing is taken for ours of which no answer spoke.
 *
 * libmnl's socket is replaced by the one below. The first byte says what is asked; then come the datagrams,
 * each behind two bytes that say its length. As with every answer that arrives, a message has the sequence
 * number and the port that it belongs to, unless its type is odd in its highest bit; the kernel's error
 * numbers are small.
 *
 * Seeds are what a kernel said: tests/fuzz/record-kernel.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "fw/ipset.h"
#include "fw/kernel.h"
#include "fw/nft.h"
#include "fw/policy.h"
#include "fw/policy-rules.h"
#include "fw/route.h"
#include "verify/rules.h"
#include "verify/sets.h"
#include "verify/table.h"

#define PORT	   4711
#define STRAY	   0x8000 /* a message of this type keeps what it has of sequence and port */
#define ERRORS_MAX 5000	  /* above the kernel's own (4095) and ip_set's (4096 and on) */

/* What libmnl has behind its pointer. */
struct mnl_socket {
	const uint8_t *at, *end;
	uint32_t sequence; /* of the message that was sent last */
};

static struct mnl_socket kernel;

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return &kernel;
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned int groups, pid_t pid)
{
	(void)socket;
	(void)groups;
	(void)pid;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return PORT;
}

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *bytes, size_t size)
{
	const struct nlmsghdr *message = bytes;

	(void)socket;
	must(size >= sizeof(*message) && message->nlmsg_len <= size);
	kernel.sequence = message->nlmsg_seq;
	return (ssize_t)size;
}

/* As they come from a kernel: see above. */
static void address(char *bytes, size_t size)
{
	while (size >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr message;
		size_t next;

		memcpy(&message, bytes, sizeof(message));
		/* libmnl 1.0.5 takes a length of 2^31 or more for a short one; no kernel says one */
		message.nlmsg_len &= INT32_MAX;
		memcpy(bytes, &message, sizeof(message));
		if ((message.nlmsg_type & STRAY) == 0) {
			message.nlmsg_seq = kernel.sequence;
			message.nlmsg_pid = PORT;
			memcpy(bytes, &message, sizeof(message));
		}
		if (message.nlmsg_type == NLMSG_ERROR && size >= sizeof(message) + sizeof(int)) {
			int err;

			memcpy(&err, bytes + sizeof(message), sizeof(err));
			err %= ERRORS_MAX;
			memcpy(bytes + sizeof(message), &err, sizeof(err));
		}
		if (message.nlmsg_len < sizeof(message) || message.nlmsg_len > size)
			return;
		next = NLMSG_ALIGN((size_t)message.nlmsg_len);
		if (next > size)
			return;
		bytes += next;
		size -= next;
	}
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t room)
{
	uint16_t length;

	(void)socket;
	if ((size_t)(kernel.end - kernel.at) < sizeof(length)) {
		errno = ENOBUFS; /* nothing more comes: also an end */
		return -1;
	}
	memcpy(&length, kernel.at, sizeof(length));
	kernel.at += sizeof(length);
	if (length > kernel.end - kernel.at)
		length = (uint16_t)(kernel.end - kernel.at);
	if (length > room) {
		errno = ENOSPC; /* as libmnl says of a datagram that was cut off */
		return -1;
	}
	memcpy(buffer, kernel.at, length);
	kernel.at += length;
	address(buffer, length);
	return length;
}

/* What is meant is always the same: the firewall of one resolver, one address, and two ports of another. */
static void mean(struct ruleset *ruleset, struct contents contents[LISTS])
{
	const struct resolv resolv = {
		.servers = {prefix_make(AF_INET, (const uint8_t[]){10, 0, 0, 53}, 32)}, .n_servers = 1};
	const struct prefix any = prefix_make(AF_INET, (const uint8_t[]){198, 51, 100, 7}, 32);
	const struct prefix some = prefix_make(AF_INET, (const uint8_t[]){198, 51, 100, 8}, 32);
	const struct policy policy = {.isolated = true, .dns = DNS_RESOLVERS, .ssh = SSH_ANY};
	const struct host_networks nowhere = {0};
	struct error error;

	must(policy_rules(&policy, &resolv, &nowhere, false, false, ruleset, &error) == 0);
	memset(contents, 0, LISTS * sizeof(*contents));
	must(contents_add(&contents[LIST_ALLOWED], &any) == 0);
	must(contents_add_ports(&contents[LIST_ALLOWED], &some, 80, 81) == 0);
	must(contents_settle(&contents[LIST_ALLOWED]) == 0);
}

static bool says(const uint8_t *bytes, size_t size, const char *text)
{
	return memmem(bytes, size, text, strlen(text) + 1) != NULL;
}

static int routes(struct error *error)
{
	struct host_networks host;
	int ret = route_host_networks(&host, error);

	for (size_t i = 0; ret == 0 && i < host.networks.n; i++) {
		must(prefix_valid(&host.networks.v[i]));
		must(host.networks.v[i].length >= (host.networks.v[i].family == AF_INET ? 8 : 16));
	}
	prefixes_free(&host.onlink);
	prefixes_free(&host.networks);
	prefixes_free(&host.gateways);
	return ret;
}

static int ask(uint8_t what, const uint8_t *bytes, size_t size, struct error *error)
{
	struct netlink netlink;
	struct contents contents[LISTS];
	struct ruleset ruleset, is;
	uint16_t index[SETS] = {0};
	uint64_t packets;
	bool owned;
	int ret = 0;

	mean(&ruleset, contents);
	must(netlink_open(&netlink, 0) == 0);
	switch (what % 9) {
	case 0:
		ret = verify_rules(&netlink, &ruleset, OWNER_ANY, error);
		must(ret < 0 || (says(bytes, size, "filter") && says(bytes, size, "OUTPUT")));
		break;
	case 1:
		ret = verify_sets(&netlink, &ruleset, contents, error);
		must(ret < 0 || says(bytes, size, "hash:net"));
		break;
	case 2:
		ret = routes(error);
		break;
	case 3:
		ret = kernel_check(&netlink, error);
		break;
	case 4:
		ret = ipset_prepare(&netlink, &ruleset, index, error);
		for (int set = 0; ret == 0 && set < SETS; set++)
			must(!ruleset_uses(&ruleset, set) || index[set] != IPSET_INVALID_ID);
		break;
	case 5:
		ret = nft_commit(&netlink, &ruleset, &(const struct detour){.dns = true, .bytes = 1}, index,
			&owned, error);
		break;
	case 6:
		ret = verify_read_rules(&netlink, &is, error);
		must(ret < 0 || is.n <= RULES_MAX);
		break;
	case 7:
		ret = verify_refused(&netlink, AF_INET, &packets, error);
		break;
	default:
		ret = verify_table(&netlink, &(const struct detour){.dns = true, .asks = true}, OWNER_ANY,
			&packets, error);
		must(ret < 0 || says(bytes, size, DETOUR_TABLE));
		break;
	}
	netlink_close(&netlink);
	lists_free(contents);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct error error = {0};

	if (size == 0)
		return 0;
	kernel = (struct mnl_socket){.at = bytes + 1, .end = bytes + size};
	/* one who succeeds may have had something to say of a dump that was then done again */
	must(ask(bytes[0], bytes, size, &error) == 0 || error.text[0] != '\0');
	return 0;
}
