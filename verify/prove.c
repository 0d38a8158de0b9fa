/* Choosing what to probe, and putting the outcome into words. */
#include "verify/prove.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "verify/probe.h"

#define PORT_HTTPS 443
#define PORT_SSH   22

/* An allowed name must answer within this time. */
#define ALLOWED_SECONDS 10

/* The name whose being reachable says most, if it is allowed. */
#define FAVOURITE "api.anthropic.com"

/*
 * The first that is closed is probed: addresses that no host has (RFC 5737, RFC 3849, RFC 6666), then, for a
 * block list, those of metadata services (fw/policy.c).
 */
static const char *const candidates[] = {
	"192.0.2.1",
	"198.51.100.1",
	"203.0.113.1",
	"2001:db8::1",
	"100::1",
	"169.254.169.254",
	"169.254.170.2",
	"100.100.100.200",
	"fd00:ec2::254",
	"fd20:ce::254",
};

static __attribute__((format(printf, 2, 3))) void say(struct proofs *proofs, const char *format, ...)
{
	va_list args;

	if (proofs->n == PROOFS_MAX)
		return;
	va_start(args, format);
	vsnprintf(proofs->text[proofs->n++], PROOF_TEXT, format, args);
	va_end(args);
}

static bool is_closed(const struct claim *claim, const struct prefix *address, uint16_t port)
{
	if (contents_hold(&claim->contents[LIST_ALLOWED], address, port))
		return false;
	if (contents_hold(&claim->contents[LIST_BLOCKED], address, port))
		return true;
	return !policy_sends(claim->policy) &&
	       !prefixes_cover(policy_host(claim->policy, claim->host), address);
}

bool prove_address(const struct claim *claim, uint8_t family, uint16_t port, struct prefix *address)
{
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (prefix_parse(candidates[i], address, NULL) == 0 && address->family == family &&
			is_closed(claim, address, port))
			return true;
	return false;
}

static int prove_blocked(struct netlink *netlink, const struct claim *claim, uint8_t family,
	struct proofs *proofs, struct error *error)
{
	const char *version = family == AF_INET ? "IPv4" : "IPv6";
	enum probe_outcome outcome;
	struct prefix address;
	char text[PREFIX_TEXT];
	int ret;

	if (!prove_address(claim, family, PORT_HTTPS, &address)) {
		say(proofs, "%s: nothing is closed that could be probed", version);
		return 0;
	}
	ret = probe_blocked(netlink, &address, PORT_HTTPS, &outcome, error);
	if (ret == 0 && outcome == PROBE_REFUSED)
		say(proofs, "%s to %s was refused, by our rule", version, prefix_text(&address, text));
	else if (ret == 0)
		say(proofs, "%s has no way out of this container now", version);
	return ret;
}

static int prove_example(
	struct netlink *netlink, const struct claim *claim, struct proofs *proofs, struct error *error)
{
	const struct target *example = NULL;
	enum probe_outcome outcome;
	char text[PREFIX_TEXT];
	int ret;

	for (size_t i = 0; i < claim->lookup->n; i++)
		if (strcmp(claim->lookup->targets[i].name, PROVE_NAME) == 0 &&
			claim->lookup->targets[i].need == NEED_PROBE)
			example = &claim->lookup->targets[i];
	if (example == NULL || example->failed)
		return 0;
	for (size_t i = 0; i < example->addresses.n; i++) {
		if (!is_closed(claim, &example->addresses.v[i], PORT_HTTPS))
			continue;
		ret = probe_blocked(netlink, &example->addresses.v[i], PORT_HTTPS, &outcome, error);
		if (ret == 0 && outcome == PROBE_REFUSED)
			say(proofs, PROVE_NAME " (%s) was refused, by our rule",
				prefix_text(&example->addresses.v[i], text));
		return ret;
	}
	return 0;
}

/* The first TCP port of the entry that no setting closes again; 0 if there is none. */
static uint16_t port_to_probe(const struct policy *policy, const struct entry *entry)
{
	for (unsigned int i = 0; i < entry->n_ports; i++) {
		const struct port_range *range = &entry->ports[i];

		if (policy->ssh != SSH_NONE || range->low != PORT_SSH)
			return range->low;
		if (range->high > range->low)
			return (uint16_t)(range->low + 1);
	}
	return entry->n_ports == 0 ? PORT_HTTPS : 0;
}

/* A name; of a proxy, which is all there is, also an address. */
static const struct entry *entry_to_probe(const struct policy *policy)
{
	const struct entry *first = NULL;

	for (size_t i = 0; i < policy->list[LIST_ALLOWED].n; i++) {
		const struct entry *entry = &policy->list[LIST_ALLOWED].v[i];

		if (entry->kind != ENTRY_NAME && (entry->kind != ENTRY_PREFIX || policy->mode != MODE_PROXY))
			continue;
		if (port_to_probe(policy, entry) == 0)
			continue;
		if (strcmp(entry->name, FAVOURITE) == 0)
			return entry;
		if (first == NULL)
			first = entry;
	}
	return first;
}

static int prove_allowed(
	struct netlink *netlink, const struct claim *claim, struct proofs *proofs, struct error *error)
{
	const struct entry *entry = entry_to_probe(claim->policy);
	struct prefixes addresses = {0};
	char text[ENTRY_TEXT];
	enum probe_outcome outcome;
	struct prefix only;
	uint16_t port;
	int ret;

	if (entry == NULL) {
		say(proofs, "no name is allowed, so none was tried");
		return 0;
	}
	if (entry->kind == ENTRY_PREFIX) {
		only = entry->prefix;
		addresses = (struct prefixes){.v = &only, .n = 1};
		prefix_text(&only, text);
	} else {
		addresses = *lookup_addresses(claim->lookup, entry->name);
		snprintf(text, sizeof(text), "%s", entry->name);
	}
	port = port_to_probe(claim->policy, entry);
	ret = probe_allowed(netlink, text, &addresses, port, ALLOWED_SECONDS, &outcome, error);
	if (ret < 0)
		return ret;
	if (outcome == PROBE_CONNECTED)
		say(proofs, "%s port %u could be connected to", text, port);
	else
		say(proofs, "%s port %u could be reached, and refused by itself", text, port);
	return 0;
}

int prove(struct netlink *netlink, const struct claim *claim, struct proofs *proofs, struct error *error)
{
	int ret;

	*proofs = (struct proofs){0};
	ret = prove_blocked(netlink, claim, AF_INET, proofs, error);
	if (ret == 0)
		ret = prove_blocked(netlink, claim, AF_INET6, proofs, error);
	if (ret == 0)
		ret = prove_example(netlink, claim, proofs, error);
	return ret == 0 ? prove_allowed(netlink, claim, proofs, error) : ret;
}
