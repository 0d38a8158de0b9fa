/* The questions, in order: see the header. */
#include "init/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>

#include "util/caps.h"
#include "util/cleanup.h"
#include "util/netlink.h"
#include "verify/probe.h"
#include "verify/rules.h"
#include "verify/sets.h"
#include "verify/table.h"

bool status_guarded(void)
{
	cleanup_file FILE *file = fopen("/proc/1/comm", "re");
	char name[32];

	/* not we ourselves, in a container that shares a network */
	return getpid() != 1 && file != NULL && fgets(name, sizeof(name), file) != NULL &&
	       strcmp(name, STATUS_NAME "\n") == 0;
}

/* Process 1 has given everything up, right before it starts the agent. */
static bool privileges_dropped(void)
{
	cleanup_file FILE *file = fopen("/proc/1/status", "re");
	char line[256];
	unsigned int found = 0;

	/* proc(5) */
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		found += strcmp(line, "CapPrm:\t0000000000000000\n") == 0 ||
			 strcmp(line, "NoNewPrivs:\t1\n") == 0;
	return found == 2;
}

static bool have_net_admin(void)
{
	struct caps caps;

	return caps_get(&caps) == 0 && caps.effective & CAP_BIT(CAP_NET_ADMIN);
}

enum closed { CLOSED_REFUSED, CLOSED_NO_WAY, CLOSED_NOTHING_TO_TRY, OPEN };

enum rules { RULES_UNREAD, RULES_EXACT, RULES_DIFFER };

/* What there is to say, for people and for programs. */
struct findings {
	enum closed closed[2]; /* IPv4, IPv6 */
	char tried[2][PREFIX_TEXT];
	bool guarded; /* process 1 is a secure-init */
	bool dropped; /* and has given everything up */
	enum rules rules;
	struct error why; /* they differ */
};

/* What the sets hold cannot be told from the policy. */
static bool leaves_sets(const struct policy *policy)
{
	return policy_has_names(policy) || policy->guarded;
}

static enum closed try_one(const struct claim *claim, uint8_t family, char text[PREFIX_TEXT])
{
	enum probe_outcome outcome;
	struct prefix address;

	*text = '\0';
	if (!prove_address(claim, family, PROBE_UNPRIVILEGED_PORT, &address))
		return CLOSED_NOTHING_TO_TRY;
	prefix_text(&address, text);
	if (probe_unprivileged(&address, &outcome) != 0)
		return OPEN;
	return outcome == PROBE_REFUSED ? CLOSED_REFUSED : CLOSED_NO_WAY;
}

/* The sets too, where neither a name says that only the start could know what they hold, nor a guard changes
 * them. */
static enum rules read_back(const struct claim *claim, const struct ruleset *meant,
	const struct detour *detour, struct error *why)
{
	struct netlink netlink;
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);

	if (ret < 0) {
		error_set(why, FAIL_KERNEL, -ret, "the rules cannot be read: %s", strerror(-ret));
		return RULES_DIFFER;
	}
	/* whether the tables have an owner depends on the kernel and on who made them */
	ret = verify_rules(&netlink, meant, OWNER_ANY, why);
	if (ret == 0)
		ret = verify_table(&netlink, detour, OWNER_ANY, NULL, why);
	if (ret == 0 && !leaves_sets(claim->policy))
		ret = verify_sets(&netlink, meant, claim->contents, why);
	netlink_close(&netlink);
	return ret == 0 ? RULES_EXACT : RULES_DIFFER;
}

static void print_words(const struct findings *findings, bool names)
{
	static const char *const versions[] = {"IPv4", "IPv6"};

	for (int i = 0; i < 2; i++) {
		switch (findings->closed[i]) {
		case CLOSED_REFUSED:
			printf("closed: %s to %s is refused at once\n", versions[i], findings->tried[i]);
			break;
		case CLOSED_NO_WAY:
			printf("closed: %s has no way to %s now\n", versions[i], findings->tried[i]);
			break;
		case CLOSED_NOTHING_TO_TRY:
			printf("%s: nothing is closed that could be tried\n", versions[i]);
			break;
		case OPEN:
			printf("OPEN: a packet to %s, which is not allowed, was not refused\n",
				findings->tried[i]);
			break;
		}
	}
	if (findings->guarded)
		puts(findings->dropped ? "set up: process 1 is secure-init, and has given up every privilege"
				       : "not yet set up: process 1 is secure-init, and still at it");
	if (findings->rules == RULES_DIFFER)
		puts(findings->why.text);
	else if (findings->rules == RULES_EXACT)
		printf("the rules%s are exactly those that the environment asks for%s\n",
			names ? "" : " and sets",
			names ? " (what the sets hold follows names and live changes, and was not compared)"
			      : "");
}

/* No text in here needs escaping: addresses, and words of ours. */
static void print_json(const struct findings *findings, bool well)
{
	static const char *const closed[] = {"refused", "no way", "nothing to try", "open"};
	static const char *const rules[] = {"unread", "exact", "differ"};

	printf("{\"well\":%s,\"ipv4\":\"%s\",\"ipv6\":\"%s\",\"guarded\":%s,\"set_up\":%s,\"rules\":\"%s\"}"
	       "\n",
		well ? "true" : "false", closed[findings->closed[0]], closed[findings->closed[1]],
		findings->guarded ? "true" : "false", findings->dropped ? "true" : "false",
		rules[findings->rules]);
}

int status(const struct claim *claim, const struct ruleset *meant, const struct detour *detour, bool json)
{
	struct findings findings = {.guarded = status_guarded()};
	bool well;

	findings.closed[0] = try_one(claim, AF_INET, findings.tried[0]);
	findings.closed[1] = try_one(claim, AF_INET6, findings.tried[1]);
	findings.dropped = findings.guarded && privileges_dropped();
	if (claim->policy->isolated && have_net_admin())
		findings.rules = read_back(claim, meant, detour, &findings.why);
	/* where nothing was said nobody knows what was meant, but a secure-init that started the agent so */
	well = (!claim->policy->isolated && (claim->policy->open_said || findings.guarded)) ||
	       (findings.closed[0] != OPEN && findings.closed[1] != OPEN &&
		       findings.dropped == findings.guarded && findings.rules != RULES_DIFFER);
	if (json)
		print_json(&findings, well);
	else
		print_words(&findings, leaves_sets(claim->policy));
	if (!json && !claim->policy->isolated)
		puts(claim->policy->open_said || findings.guarded
				? "network isolation is off, says this environment"
				: "this environment says nothing of network isolation");
	return well ? 0 : 1;
}
