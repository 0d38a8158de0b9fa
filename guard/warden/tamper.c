/*
 * Notifications, comparisons, alarms. Sources: linux/netfilter/nfnetlink.h (NFNLGRP_NFTABLES),
 * linux/netfilter/nf_tables.h; every notification bears the port of the socket that made the change, which
 * nobody else can have in this network namespace.
 */
#include "guard/warden/tamper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "guard/warden/flows.h"
#include "util/clock.h"
#include "util/log.h"

/* Datagrams read at one time, so that a flood of them keeps us from nothing else. */
#define DATAGRAMS_MAX 256

/* What one reading heard. */
struct heard {
	struct tamper *tamper;
	uint32_t ours; /* the port of the firewall's socket */
	bool other;    /* somebody else changed something that may be ours */
};

int tamper_open(struct tamper *tamper, bool stop, struct error *error)
{
	int group = NFNLGRP_NFTABLES, ret;

	*tamper = (struct tamper){.stop = stop, .next_check = clock_ms() + TAMPER_CHECK_MS};
	ret = netlink_open(&tamper->notifications, NETLINK_NETFILTER);
	if (ret == 0 && mnl_socket_setsockopt(tamper->notifications.socket, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group)) < 0)
		ret = -errno;
	if (ret < 0)
		return error_set(error, FAIL_KERNEL, -ret,
			"changes of the firewall cannot be watched (notifications of nf_tables: %s)",
			strerror(-ret));
	return 0;
}

void tamper_close(struct tamper *tamper)
{
	netlink_close(&tamper->notifications);
}

int tamper_fd(const struct tamper *tamper)
{
	return mnl_socket_get_fd(tamper->notifications.socket);
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return mnl_attr_get_payload_len(attr) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(attr), text, strlen(text) + 1) == 0;
}

/* True if the change is to a table of ours; in every kind of message the first attribute names it. */
static bool is_ours(const struct nlmsghdr *message, uint8_t family)
{
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		/* NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE… are 1, all of them */
		if (mnl_attr_get_type(attr) != NFTA_TABLE_NAME)
			continue;
		return family == NFPROTO_INET ? text_is(attr, DETOUR_TABLE)
					      : (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) &&
							text_is(attr, TABLE_NAME);
	}
	return false;
}

static const char *kind_text(uint8_t command)
{
	switch (command) {
	case NFT_MSG_NEWTABLE:
		return "a table was made";
	case NFT_MSG_DELTABLE:
		return "a table was removed";
	case NFT_MSG_NEWCHAIN:
		return "a chain was made or changed";
	case NFT_MSG_DELCHAIN:
		return "a chain was removed";
	case NFT_MSG_NEWRULE:
		return "a rule was added";
	case NFT_MSG_DELRULE:
		return "a rule was removed";
	default:
		return "a set or an object was changed";
	}
}

/* A change to somebody else's table can take nothing from ours: what ours refuse stays refused. Each kind
 * once.
 */
static void say_elsewhere(struct tamper *tamper, uint8_t command)
{
	const uint32_t bit = UINT32_C(1) << (command % 32);

	if (tamper->elsewhere & bit)
		return;
	tamper->elsewhere |= bit;
	log_warn("somebody else changes packet filters in this network: outside of the firewall %s (said "
		 "once)",
		kind_text(command));
}

/* The generation's end names the process whose changes came before it. */
static void read_author(struct tamper *tamper, const struct nlmsghdr *message)
{
	const struct nlattr *attr;

	netlink_for_each(attr, message, sizeof(struct nfgenmsg)) {
		const uint16_t size = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_GEN_PROC_NAME || size == 0)
			continue;
		snprintf(tamper->by, sizeof(tamper->by), "%.*s",
			(int)strnlen(mnl_attr_get_payload(attr), size),
			(const char *)mnl_attr_get_payload(attr));
	}
}

static int read_one(const struct nlmsghdr *message, void *data)
{
	struct heard *heard = data;
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	const uint8_t command = (uint8_t)(message->nlmsg_type & 0xff);

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*header) || message->nlmsg_pid == heard->ours)
		return MNL_CB_OK;
	if (command == NFT_MSG_NEWGEN)
		read_author(heard->tamper, message);
	else if (is_ours(message, header->nfgen_family))
		heard->other = true;
	else
		say_elsewhere(heard->tamper, command);
	return MNL_CB_OK;
}

/* FNV-1a of 64 bits: only to know a text again. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash | 1;
}

/* One line, and the same again only once in a while. */
static void alarm_say(struct tamper *tamper, const char *alarm, const char *what, const char *then)
{
	const uint64_t hash = hash_of(what);
	const int64_t now = clock_ms();
	char again[48] = "";

	if (hash == tamper->said && now < tamper->said_at + TAMPER_QUIET_MS) {
		tamper->again++;
		return;
	}
	if (hash == tamper->said && tamper->again > 0)
		snprintf(again, sizeof(again), ", the %uth time since it was said", tamper->again + 1);
	log_error("%s: %s%s; %s", alarm, what, again, then);
	tamper->said = hash;
	tamper->said_at = now;
	tamper->again = 0;
}

/*
 * Puts all of it back, after which nothing goes on that what stands then would not let begin. guards: nobody
 * else came in between, so that what is let through as the guard's is the guard's.
 */
static int put_back(struct tamper *tamper, struct ward *ward, bool guards, struct error *error)
{
	const int ret = ward_repair(ward, error);
	size_t n;
	const int forgotten = flows_forget(ward, guards, &n);

	if (ret < 0)
		tamper->next_check = clock_ms() + TAMPER_RETRY_MS;
	if (forgotten < 0)
		log_error("connections that the firewall does not allow cannot be ended: %s",
			strerror(-forgotten));
	else if (n > 0)
		log_warn("%zu connections that the firewall does not allow were ended", n);
	return ret;
}

/* Something differs: an alarm, and a repair. */
static int act(struct tamper *tamper, struct ward *ward, const struct error *difference)
{
	char alarm[64];
	struct error error;

	snprintf(alarm, sizeof(alarm), "THE FIREWALL WAS CHANGED%s%s", tamper->by[0] != '\0' ? " by " : "",
		tamper->by);
	alarm_say(tamper, alarm, difference->text,
		tamper->stop ? "it is put back, and the agent is stopped (PARA_ON_TAMPER=stop)"
			     : "it is put back");
	tamper->by[0] = '\0';
	if (put_back(tamper, ward, false, &error) < 0)
		alarm_say(tamper, "THE FIREWALL WAS CHANGED", error.text,
			ward->closed.n > 0 ? "IT COULD NOT BE PUT BACK: the network is closed until it can be"
					   : "IT COULD NOT BE PUT BACK");
	/* whom it is to stop may take his time */
	return tamper->stop ? -EPERM : 0;
}

/* What stands is closed by ourselves, since something of ours failed: no change of somebody else's. */
static void try_again(struct tamper *tamper, struct ward *ward)
{
	struct error error;

	if (put_back(tamper, ward, true, &error) == 0)
		log_info("the policy is in place now");
	else
		alarm_say(tamper, "THE NETWORK IS CLOSED", error.text,
			"it is tried again until the policy is in place");
}

/* What a reading came to: nothing to do, to be tried again, or a change. */
static int judge(struct tamper *tamper, struct ward *ward, int ret, const struct error *error)
{
	/* EBADE is what differs, ENOENT a set that is gone; the rest may be a moment's want of memory */
	const bool differs = ret == -EBADE || ret == -ENOENT;

	if (ret == 0) {
		tamper->unread = 0;
		return 0;
	}
	if (!differs && ++tamper->unread < TAMPER_UNREAD_MAX) {
		tamper->next_check = clock_ms() + TAMPER_RETRY_MS;
		return 0;
	}
	return act(tamper, ward, error);
}

int tamper_check(struct tamper *tamper, struct ward *ward, int64_t now)
{
	struct error error;
	int ret;

	if (now < tamper->next_check)
		return 0;
	tamper->next_check = now + TAMPER_CHECK_MS;
	leases_expire(&ward->leases, now);
	if (ward->closed.n > 0) {
		try_again(tamper, ward);
		return 0;
	}
	ret = ward_verify_rules(ward, &error);
	if (ret == 0)
		ret = ward_verify_sets(ward, &error);
	return judge(tamper, ward, ret, &error);
}

int tamper_read(struct tamper *tamper, struct ward *ward)
{
	char datagram[32768];
	struct heard heard = {tamper, ward->start->firewall->netlink.port, false};
	struct error error;

	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		const ssize_t length = recv(tamper_fd(tamper), datagram, sizeof(datagram), MSG_DONTWAIT);

		if (length < 0 && errno == EINTR)
			continue;
		/* some were lost: whatever they said, all is read back */
		if (length < 0 && errno == ENOBUFS) {
			tamper->next_check = 0;
			return tamper_check(tamper, ward, clock_ms());
		}
		if (length <= 0)
			break;
		mnl_cb_run(datagram, (size_t)length, 0, 0, read_one, &heard);
	}
	return heard.other ? judge(tamper, ward, ward_verify_rules(ward, &error), &error) : 0;
}
