/* The questions, in order: see the header. */
#include "init/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <linux/capability.h>

#include "util/caps.h"
#include "util/cleanup.h"
#include "util/netlink.h"
#include "verify/probe.h"
#include "verify/rules.h"

bool status_guarded(void)
{
	cleanup_file FILE *file = fopen("/proc/1/comm", "re");
	char name[32];

	return file != NULL && fgets(name, sizeof(name), file) != NULL && strcmp(name, STATUS_NAME "\n") == 0;
}

/* Process 1 has given everything up, right before it starts the agent. */
static bool privileges_dropped(void)
{
	cleanup_file FILE *file = fopen("/proc/1/status", "re");
	char line[256];
	bool no_new = false, seen = false;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		uint64_t held;
		unsigned int value;

		if (sscanf(line, "CapPrm: %" SCNx64, &held) == 1) {
			seen = true;
			if (held != 0)
				return false;
		}
		if (sscanf(line, "NoNewPrivs: %u", &value) == 1)
			no_new = value == 1;
	}
	return seen && no_new;
}

static bool have_net_admin(void)
{
	struct caps caps;

	return caps_get(&caps) == 0 && caps.effective & CAP_BIT(CAP_NET_ADMIN);
}

static bool read_back(const struct ruleset *meant)
{
	struct netlink netlink;
	struct error error;
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);

	if (ret < 0) {
		printf("the rules cannot be read: %s\n", strerror(-ret));
		return false;
	}
	/* whether the tables have an owner depends on the kernel and on who made them */
	ret = verify_rules(&netlink, meant, OWNER_ANY, &error);
	netlink_close(&netlink);
	puts(ret == 0 ? "the rules are exactly those that the environment asks for" : error.text);
	return ret == 0;
}

static bool is_closed(const struct claim *claim, uint8_t family)
{
	const char *version = family == AF_INET ? "IPv4" : "IPv6";
	struct prefix address;
	char text[PREFIX_TEXT];
	enum probe_outcome outcome;
	int err;

	if (!prove_address(claim, family, &address)) {
		printf("%s: nothing is closed that could be tried\n", version);
		return true;
	}
	prefix_text(&address, text);
	err = probe_unprivileged(&address, &outcome);
	if (err != 0)
		printf("OPEN: a packet to %s, which is not allowed, was not refused (%s)\n", text,
			err == EISCONN ? "it went out" : strerror(err));
	else if (outcome == PROBE_REFUSED)
		printf("closed: %s to %s is refused at once\n", version, text);
	else
		printf("closed: %s has no way to %s now\n", version, text);
	return err == 0;
}

int status(const struct claim *claim, const struct ruleset *meant)
{
	const bool v4 = is_closed(claim, AF_INET), v6 = is_closed(claim, AF_INET6);
	bool well = v4 && v6;

	if (!claim->policy->isolated) {
		puts("network isolation is off, says this environment");
		return 0;
	}
	if (status_guarded()) {
		const bool dropped = privileges_dropped();

		puts(dropped ? "set up: process 1 is secure-init, and has given up every privilege"
			     : "not yet set up: process 1 is secure-init, and still at it");
		well = well && dropped;
	}
	if (have_net_admin())
		well = read_back(meant) && well;
	return well ? 0 : 1;
}
