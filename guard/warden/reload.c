/* One policy in place of another: see guard/warden/live.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/allow.h"
#include "fw/policy-rules.h"
#include "guard/warden/flows.h"
#include "guard/warden/live.h"
#include "util/clock.h"
#include "util/log.h"

/* The next policy, worked out before anything is changed. */
struct next {
	struct lists lists;
	struct leases leases;
	struct contents contents[LISTS];
	struct ruleset between, ruleset;
};

/* What a reload cannot change, since the guard's processes were born with it. */
static int check(const struct policy *now, const struct policy *next, struct error *error)
{
	if (!next->isolated)
		return error_set(error, FAIL_CONFIG, EPERM,
			"the new policy is without network isolation, which cannot be taken away while the "
			"agent runs");
	if (next->strict != now->strict)
		return error_set(error, FAIL_CONFIG, EPERM,
			"the profile (PARA_PROFILE) cannot change while the agent runs");
	if (next->mode == MODE_OBSERVE && now->mode != MODE_OBSERVE)
		return error_set(error, FAIL_CONFIG, EPERM,
			"the network mode cannot become unprotected-observe while the agent runs");
	return 0;
}

/* What names are lent goes on with them, as far as the new policy lets DNS open it. */
static int hand_on(const struct ward *ward, struct next *next, enum list list, size_t place)
{
	const struct policy *policy = &next->lists.policy;
	const struct entry *entry = &policy->list[list].v[place];
	const uint32_t from = lists_subject(&ward->lists, list, entry);
	const uint32_t to = next->lists.about[list][place].subject;

	for (uint32_t i = 0; i < ward->leases.n && from != 0; i++) {
		const struct lease_row *row = &ward->leases.rows[i];
		int ret = 0;

		if (row->subject == from && row->list == (uint8_t)list && entry->kind != ENTRY_PREFIX &&
			(list == LIST_BLOCKED ||
				allow_refusal(policy, &policy->list[list], &row->address) == NULL))
			ret = leases_put(&next->leases, list, &row->address, to, row->until);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/*
 * Rules by which for a moment only what is open by both policies is: loopback, what is established, what the
 * allowed list's sets hold, each of which is of the old policy or of the new. DNS where neither policy closes
 * it, or could block its servers.
 */
static int rules_between(
	const struct ward *ward, const struct lists *next, struct ruleset *between, struct error *error)
{
	const struct policy *a = &ward->lists.policy, *b = &next->policy;
	const bool blocks = policy_sends(a) || policy_sends(b) || a->list[LIST_BLOCKED].n > 0 ||
			    b->list[LIST_BLOCKED].n > 0;
	const bool dns = a->dns == DNS_RESOLVERS && b->dns == DNS_RESOLVERS && !blocks;
	/* shares its list with the old policy, and is not freed */
	const struct lists both = {
		.policy = {
			.isolated = true,
			.strict = true,
			.guarded = a->guarded,
			.filter = true,
			.mode = MODE_ALLOWLIST,
			.dns = dns ? DNS_RESOLVERS : DNS_NONE,
			.ssh = a->ssh == SSH_NONE || b->ssh == SSH_NONE ? SSH_NONE : SSH_ALLOWLIST,
			.host = HOST_NONE,
			.list = {[LIST_ALLOWED] = a->list[LIST_ALLOWED]},
		}};

	return ward_rules(ward, &both, STAGE_CHANGE, between, error);
}

static int work_out(struct ward *ward, const struct policy *policy, struct next *next, struct error *error)
{
	int ret = lists_take(&next->lists, policy);

	for (int list = 0; list < LISTS && ret == 0; list++)
		for (size_t i = 0; i < next->lists.policy.list[list].n && ret == 0; i++)
			ret = hand_on(ward, next, (enum list)list, i);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret, "out of memory for the new policy");
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_contents(
			ward, &next->lists, (enum list)list, &ward->ranges, &next->contents[list], error);
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_room(&next->leases, &next->lists, &next->contents[list], (enum list)list, error);
	if (ret == 0)
		ret = ward_rules(ward, &next->lists, STAGE_AGENT, &next->ruleset, error);
	return ret == 0 ? rules_between(ward, &next->lists, &next->between, error) : ret;
}

/* The entries of one policy's lists that the other does not have. */
static int tell_difference(
	struct outbox *outbox, uint32_t type, const struct policy *policy, const struct policy *other)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++) {
			const struct entry *entry = &policy->list[list].v[i];
			const struct entries *others = &other->list[list];
			size_t j = 0;

			while (j < others->n && !lists_same_entry(&others->v[j], entry))
				j++;
			if (j == others->n && (entry->kind == ENTRY_NAME || entry->kind == ENTRY_WILDCARD) &&
				outbox_put(outbox,
					&(const struct outgoing){
						.type = type, .list = (uint32_t)list, .entry = *entry}) < 0)
				return -ENOMEM;
		}
	return 0;
}

static void tell_resolver(struct outbox *outbox, const struct policy *before, const struct policy *now)
{
	int ret = tell_difference(outbox, MESSAGE_REMOVE, before, now);

	if (ret == 0)
		ret = tell_difference(outbox, MESSAGE_ADD, now, before);
	if (ret == 0)
		ret = outbox_put(outbox, &(const struct outgoing){.type = MESSAGE_FILTER,
						 .status = (now->filter ? FILTER_NAMES : 0) |
							   (now->dns == DNS_RESOLVERS ? 0 : FILTER_CLOSED) |
							   (policy_sends(now) ? FILTER_OPEN : 0)});
	if (ret < 0)
		log_error("out of memory: the resolver does not hear of the whole new policy");
}

static int add_leases(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	struct leases_out *out)
{
	return leases_all(leases, lists, contents, LIST_ALLOWED, clock_ms(), out);
}

/* Fills the allowed list's sets with what either policy has there. */
static int fill_with_both(struct ward *ward, const struct next *next, struct error *error)
{
	const struct contents *of[] = {&ward->contents[LIST_ALLOWED], &next->contents[LIST_ALLOWED]};
	struct contents both = {0};
	struct leases_out out = {0};
	int ret = 0;

	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < of[i]->any.n && ret == 0; j++)
			ret = contents_add(&both, &of[i]->any.v[j]);
		for (size_t j = 0; j < of[i]->n_endpoints && ret == 0; j++)
			ret = contents_add_ports(&both, &of[i]->endpoints[j].prefix, of[i]->endpoints[j].low,
				of[i]->endpoints[j].high);
	}
	if (ret == 0)
		ret = contents_settle(&both);
	if (ret == 0)
		ret = add_leases(&ward->leases, &ward->lists, &both, &out);
	if (ret == 0)
		ret = add_leases(&next->leases, &next->lists, &both, &out);
	if (ret < 0)
		error_set(error, FAIL_SYSTEM, -ret, "no room for both policies: %s", strerror(-ret));
	else
		ret = firewall_refill(
			ward->start->firewall, LIST_ALLOWED, REFILL_MORE, &both, out.v, out.n, error);
	contents_free(&both);
	leases_out_free(&out);
	return ret;
}

/* Closes to what both allow, where it is not closed already. A failure puts the old policy back. */
static int close_between(struct ward *ward, struct next *next, struct error *error)
{
	const struct ruleset before = ward->ruleset;
	struct error again;
	const bool closed = ward->closed.n > 0;
	int ret = closed ? firewall_prepare(ward->start->firewall, &next->between, error)
			 : ward_commit(ward, &next->between, &ward->detour, error);

	if (ret == 0)
		ret = fill_with_both(ward, next, error);
	if (ret == 0 && !closed)
		ward->closed = next->between;
	if (ret == 0)
		return 0;
	ward->ruleset = before;
	if (ward_repair(ward, &again) < 0)
		log_error("%s", again.text);
	return ret;
}

/* Takes over the lists of the next policy, then changes the sets, then opens to what they allow. */
static int put_in_place(struct ward *ward, struct next *next, struct error *error)
{
	struct detour detour;
	int ret;

	lists_end(&ward->lists);
	leases_free(&ward->leases);
	lists_free(ward->contents);
	ward->lists = next->lists;
	ward->leases = next->leases;
	memcpy(ward->contents, next->contents, sizeof(ward->contents));
	next->lists = (struct lists){0};
	next->leases = (struct leases){0};
	memset(next->contents, 0, sizeof(next->contents));

	/* if any of this fails, what stands is closed, and the next check tries again (ward_repair) */
	detour = policy_detour(&ward->lists.policy, ward->start->resolv);
	detour.used = ward->detour.used;
	ward->ruleset = next->ruleset;
	ret = firewall_prepare(ward->start->firewall, &ward->ruleset, error);
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_refill(ward, (enum list)list, REFILL_MORE, error);
	if (ret == 0)
		ret = ward_commit(ward, &ward->ruleset, &detour, error);
	ward->detour = detour;
	return ret;
}

/* The whole of it; next and before are empty, and the caller's to free. */
static int replace(struct ward *ward, struct outbox *outbox, const struct policy *policy, struct next *next,
	struct lists *before, size_t *ended, struct error *error)
{
	struct error why;
	int ret = work_out(ward, policy, next, error), forgotten;

	if (ret == 0 && lists_take(before, &ward->lists.policy) < 0)
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the new policy");
	if (ret == 0)
		ret = close_between(ward, next, error);
	if (ret < 0)
		return ret;
	ret = put_in_place(ward, next, &why);
	/* whether or not it is in place, from here on it is what is meant */
	tell_resolver(outbox, &before->policy, &ward->lists.policy);
	forgotten = flows_forget(ward, true, ended);
	if (ret < 0)
		return error_set(error, FAIL_FIREWALL, -ret,
			"the network is closed until the new policy can be put in place: %s", why.text);
	if (forgotten < 0)
		return error_set(error, FAIL_FIREWALL, -forgotten,
			"the new policy is in place, but connections that it does not allow could not be "
			"ended: %s",
			strerror(-forgotten));
	return 0;
}

int live_reload(struct ward *ward, struct outbox *outbox, struct policy *policy, char text[LIVE_TEXT],
	struct error *error)
{
	const struct policy *now = &ward->lists.policy;
	struct next *next = calloc(1, sizeof(*next));
	struct lists before = {0};
	size_t ended = 0, n = 0;
	int ret;

	if (next == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the new policy");
	ret = check(now, policy, error);
	policy->guarded = now->guarded;
	policy->connections = now->connections;
	policy->bytes = now->bytes;
	if (ret == 0)
		ret = policy_settle(policy, error);
	if (ret == 0)
		ret = replace(ward, outbox, policy, next, &before, &ended, error);
	for (int list = 0; list < LISTS; list++)
		n += ward->lists.policy.list[list].n;
	snprintf(text, LIVE_TEXT, "the policy was read again: %zu entries; %zu connections were ended", n,
		ended);
	lists_end(&before);
	lists_end(&next->lists);
	leases_free(&next->leases);
	lists_free(next->contents);
	free(next);
	return ret;
}
