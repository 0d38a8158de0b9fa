/* The policy in plain words. */
#include "init/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* As many entries are listed each by itself. */
#define ENTRIES_LISTED 30

#define LINE_TEXT 1000

static __attribute__((format(printf, 2, 3))) void say(const struct summary *summary, const char *format, ...)
{
	char line[LINE_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	summary->say(line);
}

/* "a, b, c" of prefixes into text. */
static const char *list(const struct prefix *v, size_t n, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < n && used + PREFIX_TEXT + 3 < size; i++) {
		char one[PREFIX_TEXT];

		used += (size_t)snprintf(
			text + used, size - used, "%s%s", i > 0 ? ", " : "", prefix_text(&v[i], one));
	}
	return text;
}

/* Whom questions of DNS come to in the end. */
static void say_servers(const struct summary *summary, const char *open)
{
	const struct resolv *resolv = summary->resolv;
	char text[600];

	if (resolv->n_servers == 0)
		say(summary, "%s this container itself, since " RESOLV_CONF " names no server", open);
	else if (!resolv->docker)
		say(summary, "%s %s, the %s of " RESOLV_CONF, open,
			list(resolv->servers, resolv->n_servers, text, sizeof(text)),
			resolv->n_servers == 1 ? "server" : "servers");
	else if (!resolv->upstreams_named)
		say(summary,
			"%s Docker's resolver, which asks from here as root: port 53 to any address for "
			"processes of "
			"uid 0",
			open);
	else if (resolv->n_upstreams == 0)
		say(summary, "%s Docker's resolver, which asks from the host", open);
	else
		say(summary, "%s Docker's resolver, which asks from here as root: %s", open,
			list(resolv->upstreams, resolv->n_upstreams, text, sizeof(text)));
}

static void say_dns(const struct summary *summary)
{
	const struct policy *policy = summary->policy;

	if (policy->dns == DNS_NONE)
		say(summary, "closed: DNS");
	else if (!policy->guarded)
		say_servers(summary, "open: DNS (port 53) to");
	else
		say_servers(summary,
			policy->filter
				? "open: DNS of the names on the lists alone, through the guard, which asks"
				: "open: DNS through the guard, which asks");
}

static void say_limits(const struct summary *summary)
{
	if (summary->policy->connections != 0)
		say(summary, "limited: %" PRIu32 " connections a minute", summary->policy->connections);
	if (summary->policy->bytes != 0)
		say(summary, "limited: %" PRIu64 " bytes out, in all", summary->policy->bytes);
}

static void say_ssh(const struct summary *summary)
{
	if (summary->policy->ssh == SSH_ANY && !policy_sends(summary->policy))
		say(summary, "open: SSH (TCP port 22) to any address");
	else if (summary->policy->ssh == SSH_ALLOWLIST)
		say(summary, "closed: SSH (TCP port 22), but to what is allowed");
	else if (summary->policy->ssh == SSH_NONE)
		say(summary, "closed: SSH (TCP port 22), also to what is allowed");
}

static void say_host(const struct summary *summary)
{
	const struct prefixes *host = policy_host(summary->policy, summary->host);
	const char *what =
		summary->policy->host == HOST_GATEWAY ? "the host (the gateway)" : "the host's network";
	char text[600];

	if (summary->policy->host == HOST_NONE)
		say(summary, "closed: the host's network, but for what is allowed");
	else if (host->n == 0)
		say(summary, "closed: %s, since there is no default route to tell it by", what);
	else
		say(summary, "open: %s, %s: %s", what,
			summary->policy->inbound_host ? "both ways" : "from here",
			list(host->v, host->n, text, sizeof(text)));
}

static void say_entry(const struct summary *summary, const char *verdict, const struct entry *entry)
{
	char text[ENTRY_TEXT];
	const char *ports = entry->n_ports == 0 ? ", all ports" : "",
		   *of = entry->preset[0] != '\0' ? ", of " : "";
	size_t n = 0;

	entry_text(entry, text);
	if (entry->kind == ENTRY_LOOPBACK)
		say(summary, "open: %.300s, as all of loopback is", text);
	else if (entry->kind != ENTRY_NAME || summary->lookup == NULL)
		say(summary, "%s: %.300s%s%s%s", verdict, text, ports, of, entry->preset);
	else {
		n = lookup_addresses(summary->lookup, entry->name)->n;
		say(summary, "%s: %.300s%s (%zu %s)%s%s", verdict, text, ports, n,
			n == 1 ? "address" : "addresses", of, entry->preset);
	}
}

static void say_list(const struct summary *summary, enum list list, const char *verdict)
{
	const struct entries *entries = &summary->policy->list[list];

	for (size_t i = 0; i < entries->n && i < ENTRIES_LISTED; i++)
		say_entry(summary, verdict, &entries->v[i]);
	if (entries->n > ENTRIES_LISTED)
		say(summary, "%s: and %zu more entries", verdict, entries->n - ENTRIES_LISTED);
}

static void say_ranges(const struct summary *summary, enum list list, const char *verdict)
{
	if (!entries_want_github(&summary->policy->list[list]))
		return;
	if (summary->ranges > 0)
		say(summary,
			"%s: GitHub's published ranges for web, api and git (%zu networks), with the names "
			"of GitHub "
			"above",
			verdict, summary->ranges);
	else
		say(summary, "%s: GitHub's published ranges for web, api and git, once they are fetched",
			verdict);
}

void summary_say(const struct summary *summary)
{
	const struct policy *policy = summary->policy;

	say(summary, "open: loopback");
	say_dns(summary);
	say_ssh(summary);
	say_host(summary);
	if (policy->defaulted)
		say(summary, "PARA_ALLOWED_DOMAINS is not set: the defaults are allowed");
	say_list(summary, LIST_ALLOWED,
		policy->mode == MODE_PROXY ? "open, the proxy"
		: policy_sends(policy)	   ? "open, whatever else is said"
					   : "open");
	say_list(summary, LIST_INBOUND, "open, from outside");
	say_list(summary, LIST_BLOCKED, "blocked");
	say_ranges(summary, LIST_ALLOWED, "open");
	say_ranges(summary, LIST_BLOCKED, "blocked");
	say_limits(summary);
	if (policy->mode == MODE_OBSERVE)
		say(summary, "OPEN: everything else, outwards, and what allowlist would refuse is recorded "
			     "(unprotected-observe)");
	else if (policy->mode == MODE_BLOCKLIST)
		say(summary, "open: everything else, outwards; closed: whoever else would come in");
	else
		say(summary, "closed: everything else, IPv4 and IPv6, and refused at once");
}
