/* From lists and leases into the kernel, and back: see the header. */
#include "guard/warden/ward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>

#include "fw/allow.h"
#include "fw/ipset.h"
#include "fw/policy-rules.h"
#include "util/clock.h"
#include "verify/lent.h"
#include "verify/rules.h"
#include "verify/table.h"

_Static_assert(LEASES_LINGER_MS < LENT_SLACK_SECONDS * 1000, "a lease that lingers is within the slack");

static int no_room(struct error *error, int ret)
{
	return error_set(error, FAIL_SYSTEM, -ret, "the table of what names are at: %s",
		ret == -ENOSPC ? "full" : "out of memory");
}

/* The entries of a list that do not go by themselves. */
static int lasting(const struct lists *lists, enum list list, struct entries *entries)
{
	for (size_t i = 0; i < lists->policy.list[list].n; i++)
		if (lists->about[list][i].until == 0 &&
			entries_add(entries, &lists->policy.list[list].v[i]) < 0)
			return -ENOMEM;
	return 0;
}

int ward_contents(const struct ward *ward, const struct lists *lists, enum list list,
	const struct prefixes *ranges, struct contents *contents, struct error *error)
{
	struct entries entries = {0};
	int ret = lasting(lists, list, &entries);

	if (ret < 0)
		error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the entries");
	else
		ret = allow_list(&lists->policy, &entries, ward->start->lookup, ranges, contents, error);
	entries_free(&entries);
	return ret;
}

int ward_room(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, struct error *error)
{
	struct leases_out out = {0};
	int ret = leases_all(leases, lists, contents, list, clock_ms(), &out);

	if (ret < 0)
		no_room(error, ret);
	for (int set = 0; set < SET_KINDS && ret == 0; set++)
		if (contents_count(contents, set) + leases_elements(&out, set) > SET_ELEMENTS_MAX)
			ret = error_set(error, FAIL_CONFIG, E2BIG,
				"a list asks, with what DNS says of its names, for more than %d pairs of "
				"network and port; leave out the ports of entries with wide ranges, which "
				"opens all ports at the cost of one pair",
				SET_ELEMENTS_MAX);
	leases_out_free(&out);
	return ret;
}

int ward_refill(struct ward *ward, enum list list, enum refill refill, struct error *error)
{
	struct leases_out out = {0};
	int ret = leases_all(&ward->leases, &ward->lists, &ward->contents[list], list, clock_ms(), &out);

	if (ret < 0)
		no_room(error, ret);
	else
		ret = firewall_refill(
			ward->start->firewall, list, refill, &ward->contents[list], out.v, out.n, error);
	leases_out_free(&out);
	return ret;
}

int ward_rules(const struct ward *ward, const struct lists *lists, enum stage stage, struct ruleset *ruleset,
	struct error *error)
{
	return policy_rules(&lists->policy, ward->start->resolv, ward->start->host,
		ward->start->agent_is_root, stage, ruleset, error);
}

static enum owner owner_of(const struct firewall *firewall)
{
	return firewall->owned ? OWNER_SOME : OWNER_NONE;
}

/* Compares the detour's table; written anew, its quota is not to begin anew. */
static int verify_detour_table(struct ward *ward, struct error *error)
{
	struct firewall *firewall = ward->start->firewall;
	uint64_t used = 0;
	int ret = verify_table(&firewall->netlink, &ward->detour, owner_of(firewall), &used, error);

	if (ret == 0 && used > ward->detour.used)
		ward->detour.used = used;
	return ret;
}

/* What no rule asks any more: a later policy that asks it again must not find what it held. */
static int empty_unasked(struct firewall *firewall, uint16_t before[SETS], struct error *error)
{
	for (int set = 0; set < SETS; set++)
		if (firewall->index[set] != IPSET_INVALID_ID)
			before[set] = IPSET_INVALID_ID;
	return ipset_empty(&firewall->netlink, before, error);
}

static bool same_detour(const struct detour *a, const struct detour *b)
{
	return a->dns == b->dns && a->asks == b->asks && a->root_asks == b->root_asks &&
	       a->connections == b->connections && a->bytes == b->bytes;
}

/* A quota that cannot be read, or was touched, goes on from what was last known. */
static void count_used(struct ward *ward)
{
	struct error error;

	if (ward->detour.bytes != 0)
		verify_detour_table(ward, &error);
}

int ward_commit(
	struct ward *ward, const struct ruleset *ruleset, const struct detour *detour, struct error *error)
{
	struct firewall *firewall = ward->start->firewall;
	struct detour next = *detour;
	uint16_t before[SETS];
	int ret;

	count_used(ward);
	if (next.used < ward->detour.used)
		next.used = ward->detour.used;
	memcpy(before, firewall->index, sizeof(before));
	ret = firewall_prepare(firewall, ruleset, error);
	if (ret == 0)
		ret = firewall_exchange(
			firewall, ruleset, same_detour(&next, &ward->detour) ? NULL : &next, error);
	if (ret < 0)
		return ret;
	if (ruleset != &ward->ruleset)
		ward->ruleset = *ruleset;
	ward->detour = next;
	ward->closed.n = 0;
	return empty_unasked(firewall, before, error);
}

/* True if all that one asks, the other asks too, in the same order. */
static bool same_rules(const struct ruleset *a, const struct ruleset *b)
{
	return a->n == b->n && a->logs == b->logs && memcmp(a->v, b->v, a->n * sizeof(a->v[0])) == 0;
}

int ward_follow(struct ward *ward, enum list list, enum refill refill, struct error *error)
{
	struct contents contents = {0};
	struct ruleset ruleset = {0};
	int ret = ward_contents(ward, &ward->lists, list, &ward->ranges, &contents, error);

	if (ret == 0)
		ret = ward_rules(ward, &ward->lists, STAGE_AGENT, &ruleset, error);
	if (ret < 0) {
		contents_free(&contents);
		return ret;
	}
	contents_free(&ward->contents[list]);
	ward->contents[list] = contents;
	if (ward->closed.n > 0) {
		ward->ruleset = ruleset;
		return ward_repair(ward, error);
	}
	if (!same_rules(&ruleset, &ward->ruleset))
		ret = ward_commit(ward, &ruleset, &ward->detour, error);
	return ret == 0 ? ward_refill(ward, list, refill, error) : ret;
}

int ward_begin(struct ward *ward, const struct guard_start *start, struct error *error)
{
	int ret;

	*ward = (struct ward){.start = start, .ruleset = *start->ruleset};
	ret = lists_take(&ward->lists, start->policy);
	ward->detour = policy_detour(&ward->lists.policy, start->resolv);
	if (ret == 0)
		ret = leases_begin(&ward->leases, &ward->lists, start->lookup, clock_ms());
	for (size_t i = 0; i < start->ranges->n && ret == 0; i++)
		ret = prefixes_add(&ward->ranges, &start->ranges->v[i]);
	if (ret < 0)
		return no_room(error, ret);
	for (int list = 0; list < LISTS && ret == 0; list++) {
		ret = ward_contents(
			ward, &ward->lists, (enum list)list, &ward->ranges, &ward->contents[list], error);
		if (ret == 0)
			ret = ward_refill(ward, (enum list)list, REFILL_MORE, error);
	}
	return ret;
}

void ward_end(struct ward *ward)
{
	lists_end(&ward->lists);
	leases_free(&ward->leases);
	lists_free(ward->contents);
	prefixes_free(&ward->ranges);
}

int ward_verify_rules(struct ward *ward, struct error *error)
{
	struct firewall *firewall = ward->start->firewall;
	int ret = verify_rules(&firewall->netlink, &ward->ruleset, owner_of(firewall), error);

	return ret == 0 ? verify_detour_table(ward, error) : ret;
}

/*
 * Rules that are right whatever the sets hold, since they ask none, and so whatever sets there are: loopback,
 * what is established, and DNS if no set could block its servers.
 */
static int rules_closed(const struct ward *ward, struct ruleset *closed, struct error *error)
{
	const struct policy *policy = &ward->lists.policy;
	const bool blocks = policy_sends(policy) || policy->list[LIST_BLOCKED].n > 0;
	const struct lists none = {.policy = {
					   .isolated = true,
					   .strict = policy->strict,
					   .guarded = policy->guarded,
					   .filter = policy->filter,
					   .mode = MODE_ALLOWLIST,
					   .dns = blocks ? DNS_NONE : policy->dns,
					   .ssh = SSH_NONE,
					   .host = HOST_NONE,
				   }};
	size_t kept = 0;
	int ret = ward_rules(ward, &none, STAGE_CHANGE, closed, error);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < closed->n; i++)
		if (closed->v[i].set == 0)
			closed->v[kept++] = closed->v[i];
	closed->n = kept;
	return 0;
}

/* Closes the network, whatever stands. */
static int close_all(struct ward *ward, struct error *error)
{
	struct ruleset closed;
	int ret = rules_closed(ward, &closed, error);

	/* elsewhere the table may not be ours, and is no witness */
	if (ward->closed.n > 0)
		count_used(ward);
	ward->closed.n = 0;
	if (ret == 0)
		ret = firewall_commit(ward->start->firewall, &closed, &ward->detour, error);
	if (ret == 0)
		ward->closed = closed;
	return ret;
}

int ward_repair(struct ward *ward, struct error *error)
{
	int ret = close_all(ward, error);

	if (ret == 0)
		ret = firewall_prepare(ward->start->firewall, &ward->ruleset, error);
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_refill(ward, (enum list)list, REFILL_MORE, error);
	return ret == 0 ? ward_commit(ward, &ward->ruleset, &ward->detour, error) : ret;
}

int ward_verify_sets(struct ward *ward, struct error *error)
{
	/* what has just ended may be in the kernel still, and what is about to end gone: within verify_lent's
	 * slack both are right */
	const int64_t now = clock_ms() - LEASES_LINGER_MS;
	int ret = 0;

	for (int list = 0; list < LISTS && ret == 0; list++) {
		const struct contents *contents = &ward->contents[list];
		struct leases_out out = {0};

		ret = leases_all(&ward->leases, &ward->lists, contents, (enum list)list, now, &out);
		if (ret < 0)
			no_room(error, ret);
		else
			ret = verify_lent(&ward->start->firewall->netlink, &ward->ruleset, (enum list)list,
				contents, out.v, out.n, error);
		leases_out_free(&out);
	}
	return ret;
}
