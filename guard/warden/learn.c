/* Judging and lending: see the header. */
#include "guard/warden/learn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/allow.h"
#include "fw/match.h"
#include "guard/resolver/resolver.h"
#include "guard/warden/valid.h"
#include "util/clock.h"
#include "util/log.h"

/*
 * What a lease may fall short of what was just learnt before it is lent anew, in milliseconds: a name that is
 * asked for all the time is not written into the kernel each time. Of the grace, a tenth.
 */
#define LEARN_SLACK_MS (LEARN_SECONDS_GRACE * INT64_C(100))

/* The same of a blocked name, which is lent for much longer. */
#define BLOCKED_SLACK_MS (LEASES_BLOCKED_SECONDS * 500)

/* What one blocked name has of answers that come in several messages: two of the longest, and it is where the
 * last message says. */
#define HELD_MAX 2048

_Static_assert(MESSAGE_ADDRESSES <= 32, "a bit for each address");

static int64_t until_of(uint32_t seconds, int64_t now)
{
	if (seconds < LEARN_SECONDS_MIN)
		seconds = LEARN_SECONDS_MIN;
	if (seconds > LEARN_SECONDS_MAX)
		seconds = LEARN_SECONDS_MAX;
	return now + (seconds + LEARN_SECONDS_GRACE) * INT64_C(1000);
}

/* What is lent on one list, on its way. */
struct learning {
	struct ward *ward;
	enum list list;
	int64_t now, until;
	const char *name;
	bool part; /* of an answer */
	uint32_t n;
	struct prefix addresses[MESSAGE_ADDRESSES];
	uint32_t changed; /* a bit for each of them */
	int status;
};

static bool has_changed(const struct learning *it, uint32_t i)
{
	return (it->changed & UINT32_C(1) << i) != 0;
}

/* Leaves of a message's addresses those that can be meant on a block list. */
static void only_to_block(struct learning *it)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < it->n; i++) {
		if (allow_to_block(&it->addresses[i]))
			it->addresses[kept++] = it->addresses[i];
		else
			it->status = -EADDRNOTAVAIL;
	}
	it->n = kept;
}

/* A name's addresses on the block list stay until it is elsewhere; a wildcard's are those of many names. */
static bool is_held(const struct learning *it, const struct entry *entry)
{
	return it->list == LIST_BLOCKED && entry->kind == ENTRY_NAME;
}

static void lend_to(struct learning *it, const struct entry *entry, uint32_t subject)
{
	const struct policy *policy = &it->ward->lists.policy;
	struct leases *leases = &it->ward->leases;
	const bool held = is_held(it, entry);
	const int64_t until = held ? it->now + LEASES_BLOCKED_SECONDS * 1000 : it->until;
	const int64_t slack = held ? BLOCKED_SLACK_MS : LEARN_SLACK_MS;

	for (uint32_t i = 0; i < it->n; i++) {
		const struct prefix *address = &it->addresses[i];
		int ret;

		/* was judged when it was put there */
		if (leases_until(leases, it->list, address, subject) >= until - slack)
			continue;
		if (it->list != LIST_BLOCKED &&
			allow_refusal(policy, &policy->list[it->list], address) != NULL) {
			it->status = -EADDRNOTAVAIL;
			continue;
		}
		ret = leases_put(leases, it->list, address, subject, until);
		if (ret < 0)
			it->status = ret;
		else
			it->changed |= UINT32_C(1) << i;
	}
}

static bool is_said(const struct learning *it, const struct prefix *address)
{
	for (uint32_t i = 0; i < it->n; i++)
		if (prefix_compare(&it->addresses[i], address) == 0)
			return true;
	return false;
}

/*
 * A blocked name is elsewhere now: what it had of the answer's family before ends like any lease. Not if the
 * answer comes in several messages, none of which says where it is not, as long as it has not too many.
 */
static void release(struct learning *it, uint32_t subject)
{
	struct ward *ward = it->ward;
	struct leases_out out = {0};
	int ret = 0;

	for (uint32_t i = 0; i < ward->leases.n && ret == 0 && it->n > 0; i++) {
		struct lease_row *row = &ward->leases.rows[i];

		if (row->subject != subject || row->list != LIST_BLOCKED || row->until <= it->until ||
			row->address.family != it->addresses[0].family || is_said(it, &row->address))
			continue;
		row->until = it->until;
		ret = leases_of(&ward->leases, &ward->lists, &ward->contents[LIST_BLOCKED], LIST_BLOCKED,
			&row->address, it->now, &out);
	}
	if (ret == 0 && out.n > 0)
		ret = firewall_lend(ward->start->firewall, LIST_BLOCKED, out.v, out.n);
	if (ret < 0)
		log_error("what a blocked name was at stays blocked: %s", strerror(-ret));
	leases_out_free(&out);
}

/* What the table has of the addresses that have changed. */
static int gather(const struct learning *it, struct leases_out *out)
{
	const struct ward *ward = it->ward;
	int ret = 0;

	for (uint32_t i = 0; i < it->n && ret == 0; i++)
		if (has_changed(it, i))
			ret = leases_of(&ward->leases, &ward->lists, &ward->contents[it->list], it->list,
				&it->addresses[i], it->now, out);
	return ret;
}

/*
 * The kernel could not take them: the table must not say that it has them. Only what was tried is taken back,
 * and not all sets filled anew: whoever has names of his own could keep us busy with that.
 */
static void lend_failed(struct learning *it, const struct leases_out *tried)
{
	struct firewall *firewall = it->ward->start->firewall;
	const struct lists *lists = &it->ward->lists;
	const struct entries *entries = &lists->policy.list[it->list];
	struct leases_out left = {0};
	struct error error;
	int ret;

	for (size_t e = 0; e < entries->n; e++)
		for (uint32_t i = 0; i < it->n; i++)
			if (has_changed(it, i) &&
				match_entry(&entries->v[e], it->ward->start->resolv, it->name))
				leases_drop(&it->ward->leases, it->list, &it->addresses[i],
					lists->about[it->list][e].subject);
	ret = firewall_take_back(firewall, it->list, tried->v, tried->n);
	/* what other entries have of the same addresses */
	if (ret == 0)
		ret = gather(it, &left);
	if (ret == 0)
		ret = firewall_lend(firewall, it->list, left.v, left.n);
	leases_out_free(&left);
	if (ret < 0 && ward_refill(it->ward, it->list, REFILL_LESS, &error) < 0)
		log_error("%s", error.text);
}

/* Puts what has changed into the kernel's sets. */
static void lend(struct learning *it)
{
	struct leases_out out = {0};
	int ret = gather(it, &out);

	if (ret == 0 && out.n > 0)
		ret = firewall_lend(it->ward->start->firewall, it->list, out.v, out.n);
	if (ret < 0) {
		it->status = ret == -ENOMEM ? -ENOMEM : -ENOSPC;
		lend_failed(it, &out);
	}
	leases_out_free(&out);
}

/* /etc/hosts says where it is: what DNS says opens nothing. */
static bool is_fixed(const struct learning *it, const struct entry *entry)
{
	const struct target *target = lookup_find(it->ward->start->lookup, entry->name);

	return entry->kind == ENTRY_NAME && target != NULL && target->fixed;
}

/* Long answers, each of other addresses, are not to fill the list. */
static bool has_many(const struct learning *it, uint32_t subject)
{
	return leases_count(&it->ward->leases, it->list, subject) > HELD_MAX;
}

/* All entries of one list. Returns false if none of them speaks of the name. */
static bool learn_on(struct learning *it)
{
	const struct lists *lists = &it->ward->lists;
	const struct entries *entries = &lists->policy.list[it->list];
	bool listed = false;

	if (it->list == LIST_BLOCKED && entries->n > 0)
		only_to_block(it);
	for (size_t i = 0; i < entries->n; i++)
		if (match_entry(&entries->v[i], it->ward->start->resolv, it->name)) {
			listed = true;
			if (!is_fixed(it, &entries->v[i]))
				lend_to(it, &entries->v[i], lists->about[it->list][i].subject);
		}
	if (it->changed != 0) {
		lend(it);
		if (it->list == LIST_BLOCKED)
			it->ward->blocked_anew = true;
	}
	for (size_t i = 0; i < entries->n; i++)
		if (is_held(it, &entries->v[i]) && it->status == 0 &&
			(!it->part || has_many(it, lists->about[it->list][i].subject)) &&
			match_entry(&entries->v[i], it->ward->start->resolv, it->name))
			release(it, lists->about[it->list][i].subject);
	return listed;
}

static bool is_sound(const struct message *message)
{
	if (message->n > MESSAGE_ADDRESSES || !valid_name(message->name, sizeof(message->name)))
		return false;
	for (uint32_t i = 0; i < message->n; i++)
		if (!valid_address(&message->addresses[i]))
			return false;
	return true;
}

int learn_name(struct ward *ward, const struct message *message)
{
	struct learning it = {.ward = ward,
		.now = clock_ms(),
		.name = message->name,
		.part = (message->status & LEARN_PART) != 0};
	bool listed = false;
	int status = 0;

	if (!is_sound(message))
		return -EBADMSG;
	it.until = until_of(message->seconds, it.now);
	for (int list = 0; list < LISTS; list++) {
		it.list = (enum list)list;
		it.n = message->n;
		memcpy(it.addresses, message->addresses, message->n * sizeof(it.addresses[0]));
		it.changed = 0;
		it.status = 0;
		if (!learn_on(&it))
			continue;
		listed = true;
		if (it.status != 0)
			status = it.status;
	}
	return listed ? status : -EPERM;
}

static bool is_kept(const struct prefix *address, int32_t families)
{
	return (families & (address->family == AF_INET ? KEEP_V4 : KEEP_V6)) != 0;
}

/* Lends what a subject has of these families for longer, if it is to end before. */
static void keep(
	struct ward *ward, enum list list, uint32_t subject, int32_t families, int64_t now, int64_t until)
{
	struct leases_out out = {0};
	int ret = 0;

	for (uint32_t i = 0; i < ward->leases.n && ret == 0; i++) {
		struct lease_row *row = &ward->leases.rows[i];

		if (row->subject != subject || row->list != (uint8_t)list || row->until >= until ||
			!is_kept(&row->address, families))
			continue;
		row->until = until;
		ret = leases_of(
			&ward->leases, &ward->lists, &ward->contents[list], list, &row->address, now, &out);
	}
	if (ret == 0 && out.n > 0)
		ret = firewall_lend(ward->start->firewall, list, out.v, out.n);
	if (ret < 0)
		log_error("what a name was at could not be kept open: %s", strerror(-ret));
	leases_out_free(&out);
}

void learn_keep(struct ward *ward, const struct message *message)
{
	const int64_t now = clock_ms();
	const uint32_t most = LEARN_SECONDS_MAX + LEARN_SECONDS_GRACE;
	const int64_t until = now + (message->seconds < most ? message->seconds : most) * INT64_C(1000);

	if (!valid_name(message->name, sizeof(message->name)))
		return;
	leases_expire(&ward->leases, now);
	for (int list = 0; list < LISTS; list++) {
		const struct entries *entries = &ward->lists.policy.list[list];

		for (size_t i = 0; i < entries->n; i++)
			if (entries->v[i].kind == ENTRY_NAME &&
				match_entry(&entries->v[i], ward->start->resolv, message->name))
				keep(ward, (enum list)list, ward->lists.about[list][i].subject,
					message->status, now, until);
	}
}

void learn_range(struct learn_ranges *ranges, const struct message *message)
{
	for (uint32_t i = 0; i < message->n && !ranges->refused; i++)
		ranges->refused = ranges->v.n == LOOKUP_RANGES_MAX || !prefix_valid(&message->addresses[i]) ||
				  prefixes_add(&ranges->v, &message->addresses[i]) < 0;
}

/* Puts ranges that are right in place of the old, on every list that wants them. */
static int take_ranges(struct ward *ward, struct prefixes *ranges, struct error *error)
{
	struct contents contents[LISTS] = {0};
	int ret = 0;

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_contents(ward, &ward->lists, (enum list)list, ranges, &contents[list], error);
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = ward_room(&ward->leases, &ward->lists, &contents[list], (enum list)list, error);
	if (ret < 0) {
		lists_free(contents);
		return ret;
	}
	prefixes_free(&ward->ranges);
	ward->ranges = *ranges;
	*ranges = (struct prefixes){0};
	lists_free(ward->contents);
	memcpy(ward->contents, contents, sizeof(contents));
	for (int list = 0; list < LISTS && ret == 0; list++)
		if (entries_want_github(&ward->lists.policy.list[list]))
			ret = ward_refill(ward, (enum list)list, REFILL_MORE, error);
	return ret;
}

void learn_ranges_done(struct ward *ward, struct learn_ranges *ranges)
{
	struct error error;
	int ret = ranges->refused ? error_set(&error, FAIL_GITHUB, EBADMSG,
					    "GitHub's ranges hold something that is no network, or too many")
				  : lookup_check_ranges(&ranges->v, &error);

	if (ret == 0)
		ret = take_ranges(ward, &ranges->v, &error);
	if (ret == 0)
		log_info("GitHub's address ranges were fetched again: %zu networks", ward->ranges.n);
	else
		log_warn("%s; those of before stay", error.text);
	prefixes_free(&ranges->v);
	ranges->refused = false;
}

void learn_ranges_failed(struct learn_ranges *ranges, const struct message *message)
{
	prefixes_free(&ranges->v);
	ranges->refused = false;
	log_warn("GitHub's address ranges could not be fetched again: %s; those of before stay",
		message->name);
}
