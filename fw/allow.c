/* Entries into contents: see the header. */
#include "fw/allow.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PORT_HTTPS 443

static int no_memory(struct error *error)
{
	return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the allowed addresses");
}

int allow_targets(const struct policy *policy, struct lookup *lookup, struct error *error)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			if (policy->list[list].v[i].kind == ENTRY_NAME &&
				lookup_add(lookup, policy->list[list].v[i].name,
					list == LIST_BLOCKED ? NEED_BLOCK : NEED_ALLOW, NULL) < 0)
				return no_memory(error);
	if (policy_wants_github(policy) && lookup_add(lookup, GITHUB_API_HOST, NEED_ALLOW, NULL) < 0)
		return no_memory(error);
	return 0;
}

static int settle(struct contents *contents, struct error *error)
{
	if (contents_settle(contents) < 0)
		return error_set(error, FAIL_CONFIG, E2BIG,
			"a list asks for more than %d pairs of network and port; leave out the "
			"ports of "
			"entries with wide ranges, which opens all ports at the cost of one pair",
			SET_ELEMENTS_MAX);
	return 0;
}

int allow_github_api(const struct lookup *lookup, struct contents *contents, struct error *error)
{
	const struct prefixes *api = lookup_addresses(lookup, GITHUB_API_HOST);

	for (size_t i = 0; i < api->n; i++)
		if (contents_add_ports(contents, &api->v[i], PORT_HTTPS, PORT_HTTPS) < 0)
			return no_memory(error);
	return settle(contents, error);
}

/* Adds every prefix of the list, on the ports of the entry. */
static int add(struct contents *contents, const struct entry *entry, const struct prefix *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (entry->n_ports == 0 && contents_add(contents, &v[i]) < 0)
			return -ENOMEM;
		for (unsigned int p = 0; p < entry->n_ports; p++)
			if (contents_add_ports(contents, &v[i], entry->ports[p].low, entry->ports[p].high) <
				0)
				return -ENOMEM;
	}
	return 0;
}

int allow_list(const struct policy *policy, const struct entries *entries, const struct lookup *lookup,
	const struct prefixes *ranges, struct contents *contents, struct error *error)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct entry *entry = &entries->v[i];
		int ret = 0;

		if (entry->kind == ENTRY_PREFIX) {
			ret = add(contents, entry, &entry->prefix, 1);
		} else if (entry->kind == ENTRY_NAME) {
			const struct target *target = lookup_find(lookup, entry->name);

			if (target != NULL && (target->fixed || !policy->guarded))
				ret = add(contents, entry, target->addresses.v, target->addresses.n);
			if (ret == 0 && entry_is_github(entry))
				ret = add(contents, entry, ranges->v, ranges->n);
		}
		if (ret < 0)
			return no_memory(error);
	}
	return settle(contents, error);
}

bool allow_to_block(struct prefix *address)
{
	const enum address_kind kind = prefix_kind(address);

	if (kind == ADDRESS_MAPPED)
		*address = prefix_make(AF_INET, address->addr + 12, 32);
	return kind != ADDRESS_UNSPECIFIED && kind != ADDRESS_LOOPBACK;
}

/*
 * Where IPv4 may stand in an address of 64:ff9b:1::/48 (RFC 8215): by the lengths of RFC 6052 2.2, of which
 * only that network knows the right one.
 */
static bool may_lead_to_metadata(const struct prefix *address)
{
	static const struct prefix local = {AF_INET6, 48, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}};
	static const uint8_t layouts[][4] = {
		{6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}};

	for (size_t i = 0; prefix_covers(&local, address) && i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct prefix reached;
		uint8_t v4[4];

		for (size_t b = 0; b < sizeof(v4); b++)
			v4[b] = address->addr[layouts[i][b]];
		reached = prefix_make(AF_INET, v4, 32);
		if (policy_is_metadata(&reached))
			return true;
	}
	return false;
}

/* An address that DNS may not open by itself; NULL if it may. */
static const char *must_be_named(const struct policy *policy, const struct prefix *address)
{
	const struct prefix reached = prefix_reached(address);

	if (policy_is_metadata(&reached) || may_lead_to_metadata(address))
		return "the address of a cloud's metadata service";
	if (policy->strict && prefix_kind(&reached) == ADDRESS_PRIVATE)
		return "a private address, and the profile is strict";
	return NULL;
}

static bool is_named(const struct entries *entries, const struct prefix *address)
{
	for (size_t i = 0; i < entries->n; i++)
		if (entries->v[i].kind == ENTRY_PREFIX && prefix_covers(&entries->v[i].prefix, address))
			return true;
	return false;
}

const char *allow_refusal(
	const struct policy *policy, const struct entries *entries, const struct prefix *address)
{
	const struct prefix reached = prefix_reached(address);
	const enum address_kind kind = prefix_kind(&reached);
	const char *what;

	if (address_unusable(kind))
		return address_kind_text(kind);
	what = must_be_named(policy, address);
	return what != NULL && is_named(entries, address) ? NULL : what;
}

/* An answer of DNS opens no metadata service, and under the strict profile no private address, that no entry
 * names. */
static int check_answers(const struct policy *policy, const struct entries *entries,
	const struct lookup *lookup, struct error *error)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < entries->n; i++) {
		const struct prefixes *addresses = entries->v[i].kind == ENTRY_NAME
							   ? lookup_addresses(lookup, entries->v[i].name)
							   : &(const struct prefixes){0};

		for (size_t j = 0; j < addresses->n; j++) {
			const char *what = must_be_named(policy, &addresses->v[j]);

			if (what != NULL && !is_named(entries, &addresses->v[j]))
				return error_set(error, FAIL_NAMES, EADDRNOTAVAIL,
					"%s is at %s, %s: it is opened only if the same list names that "
					"address, or its "
					"network, too",
					entries->v[i].name, prefix_text(&addresses->v[j], text), what);
		}
	}
	return 0;
}

int allow_contents(const struct policy *policy, const struct lookup *lookup, const struct prefixes *ranges,
	struct contents contents[LISTS], struct error *error)
{
	struct policy all = *policy;
	int ret = check_answers(policy, &policy->list[LIST_ALLOWED], lookup, error);

	all.guarded = false;
	if (ret == 0)
		ret = check_answers(policy, &policy->list[LIST_INBOUND], lookup, error);

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = allow_list(&all, &policy->list[list], lookup, ranges, &contents[list], error);
	return ret;
}
