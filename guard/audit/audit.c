/*
 * The nflog group's socket, and what it hands to the tally. Sources: linux/netfilter/nfnetlink_log.h, and the
 * kernel's net/netfilter/nfnetlink_log.c for what each attribute wants.
 */
#include "guard/audit/audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "guard/audit/ending.h"
#include "guard/audit/known.h"
#include "guard/audit/nflog.h"
#include "guard/audit/sink.h"
#include "guard/audit/tally.h"
#include "util/clock.h"
#include "util/netlink.h"

/*
 * The kernel's side of the group: a buffer for each packet's message, which counts against the socket's. A
 * message of ours has some 300 bytes.
 */
#define MESSAGE_BYTES 512
#define SOCKET_BYTES  (208 * 1024) /* the usual net.core.rmem_max, socket(7) */

/* Packets of one audit_read, so that a flood does not keep DNS waiting. */
#define READ_MAX 256

struct audit {
	struct sink sink;
	struct tally *tally;
	struct known known;
	struct netlink netlink;
	bool learn;
	bool sequence_known, overrun; /* overrun: the kernel said so, and no gap was seen yet */
	uint32_t sequence;	      /* of the next message */
};

/* One message does it all, so that no packet meets a group that is half set up. */
static int bind_group(struct netlink *netlink)
{
	const struct nfulnl_msg_config_cmd command = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(NFLOG_COPY_BYTES), .copy_mode = NFULNL_COPY_PACKET};
	char buffer[256];
	struct nlmsghdr *message = netlink_nf_message(netlink, buffer, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG,
		NLM_F_ACK, AF_UNSPEC, GUARD_NFLOG_GROUP);

	mnl_attr_put(message, NFULA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(message, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(message, NFULA_CFG_NLBUFSIZ, htonl(MESSAGE_BYTES));
	mnl_attr_put_u32(message, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u16(message, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return netlink_talk(netlink, message, NULL, NULL);
}

static int open_group(struct audit *audit, struct error *error)
{
	const int bytes = SOCKET_BYTES;
	int ret = netlink_open(&audit->netlink, NETLINK_NETFILTER);

	if (ret == 0)
		ret = bind_group(&audit->netlink);
	if (ret == -EBUSY || ret == -EPERM)
		return error_set(error, FAIL_KERNEL, -ret,
			"refused packets cannot be read: %s; that needs NET_ADMIN, and nobody else who reads "
			"nflog group %d",
			strerror(-ret), GUARD_NFLOG_GROUP);
	if (ret < 0)
		return error_set(error, FAIL_KERNEL, -ret,
			"refused packets cannot be read (module nfnetlink_log): %s; PARA_AUDIT=off does "
			"without",
			strerror(-ret));
	/* a smaller one than asked for is good too */
	setsockopt(mnl_socket_get_fd(audit->netlink.socket), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return 0;
}

/* Where one run ends and the next begins in a file that both write to. */
static void say_begin(struct sink *sink)
{
	struct line line;

	line_begin_event(&line, "begin");
	line_add(&line, "}");
	sink_json(sink, line.text);
}

int audit_open(const struct guard_settings *settings, struct audit **audit, struct error *error)
{
	struct audit *made = calloc(1, sizeof(*made));
	const bool off = settings->audit != NULL && strcmp(settings->audit, "off") == 0;
	int ret;

	if (made == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the record");
	made->learn = settings->learn;
	ret = sink_open(settings->audit, settings->learn, &made->sink, error);
	if (ret == 0 && (tally_make(&made->sink, settings->dns_log, clock_ms(), &made->tally) < 0 ||
				known_make(&made->known) < 0))
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the record");
	if (ret == 0 && (!off || settings->learn))
		ret = open_group(made, error);
	if (ret < 0) {
		audit_free(made);
		return ret;
	}
	say_begin(&made->sink);
	*audit = made;
	return 0;
}

void audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	netlink_close(&audit->netlink);
	known_free(&audit->known);
	tally_free(audit->tally);
	sink_close(&audit->sink);
	free(audit);
}

int audit_fd(const struct audit *audit)
{
	return audit->netlink.socket == NULL ? -1 : mnl_socket_get_fd(audit->netlink.socket);
}

/* The kernel numbers the group's messages, so that a gap says how many there was no room for. */
static void check_sequence(struct audit *audit, uint32_t sequence, int64_t now)
{
	const uint32_t gap = audit->sequence_known ? sequence - audit->sequence : 0;

	/* backwards would be a group that was set up anew, which cannot be; it must not count as billions */
	if (gap > 0 && gap < UINT32_MAX / 2) {
		tally_missed(audit->tally, gap, now);
		audit->overrun = false;
	}
	audit->sequence_known = true;
	audit->sequence = sequence + 1;
}

static void take_message(struct audit *audit, const struct nlmsghdr *message, int64_t now)
{
	struct nflog nflog;
	const int ret = nflog_decode(message, &nflog);

	if (ret == -ENOMSG)
		return;
	if (nflog.has_sequence)
		check_sequence(audit, nflog.sequence, now);
	if (ret == 0)
		tally_packet(audit->tally, &nflog, known_name(&audit->known, &nflog.destination), now);
	else
		tally_missed(audit->tally, 1, now);
}

void audit_read(struct audit *audit)
{
	/* aligned as the messages in it */
	uint32_t buffer[1024];
	const int64_t now = clock_ms();
	const int fd = audit_fd(audit);

	for (int i = 0; i < READ_MAX && fd >= 0; i++) {
		const ssize_t length = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *message = (const void *)buffer;
		int left = (int)length;

		if (length < 0 && errno == ENOBUFS)
			audit->overrun = true;
		else if (length < 0 && errno != EINTR)
			return;
		for (; left > 0 && netlink_ok(message, left); message = mnl_nlmsg_next(message, &left))
			take_message(audit, message, now);
	}
}

void audit_name(struct audit *audit, const struct prefix *address, const char *name)
{
	known_put(&audit->known, address, name);
}

void audit_question(
	struct audit *audit, const char *name, uint16_t type, enum name_verdict verdict, bool refused)
{
	tally_question(audit->tally, name, type, verdict, refused, clock_ms());
}

void audit_tick(struct audit *audit)
{
	tally_tick(audit->tally, clock_ms());
}

void audit_end(struct audit *audit)
{
	const int64_t now = clock_ms();

	/* as much as the socket can hold */
	for (int i = 0; i < SOCKET_BYTES / MESSAGE_BYTES / READ_MAX + 1; i++)
		audit_read(audit);
	/* how many came after the last that was read, nobody knows: one at least */
	if (audit->overrun)
		tally_missed(audit->tally, 1, now);
	audit->overrun = false;
	tally_flush(audit->tally, now);
	ending_say(audit->tally, &audit->sink, audit->learn);
}
