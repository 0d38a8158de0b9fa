/* Allowing and denying: see the header. The reload is in guard/warden/reload.c. */
#include "guard/warden/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fw/allow.h"
#include "guard/warden/flows.h"
#include "util/clock.h"
#include "util/log.h"

static bool is_name(const struct entry *entry)
{
	return entry->kind == ENTRY_NAME || entry->kind == ENTRY_WILDCARD;
}

/* Has the resolver hear of an entry. Without the memory for that it asks for its name too early or too late.
 */
static void tell(struct outbox *outbox, uint32_t type, enum list list, const struct entry *entry)
{
	if (is_name(entry) &&
		outbox_put(outbox,
			&(const struct outgoing){.type = type, .list = (uint32_t)list, .entry = *entry}) < 0)
		log_error("out of memory: the resolver does not hear of a live change");
}

/* True if the subject is a network for a time, and not what DNS says of a name. */
static bool is_named_itself(const struct lists *lists, enum list list, uint32_t subject)
{
	const struct entries *entries = &lists->policy.list[list];
	size_t i = 0;

	while (i < entries->n && lists->about[list][i].subject != subject)
		i++;
	return i < entries->n && entries->v[i].kind == ENTRY_PREFIX;
}

/* What DNS may open only if an entry names it: without that entry it is not lent any more. */
static void drop_unnamed(struct ward *ward, enum list list)
{
	const struct policy *policy = &ward->lists.policy;

	for (uint32_t i = 0; i < ward->leases.n; i++) {
		const struct lease_row row = ward->leases.rows[i];

		if (row.subject != 0 && row.list == (uint8_t)list &&
			allow_refusal(policy, &policy->list[list], &row.address) != NULL &&
			!is_named_itself(&ward->lists, list, row.subject))
			leases_drop(&ward->leases, list, &row.address, row.subject);
	}
}

/* Takes an entry off its list, with what it is lent, and lets the resolver know. */
static void take_off(struct ward *ward, struct outbox *outbox, enum list list, size_t place)
{
	struct lists *lists = &ward->lists;
	const struct entry entry = lists->policy.list[list].v[place];
	const uint32_t subject = lists->about[list][place].subject;

	lists_remove(lists, list, place);
	if (!lists_have(lists, list, subject))
		leases_drop_subject(&ward->leases, list, subject);
	if (entry.kind == ENTRY_PREFIX && list != LIST_BLOCKED)
		drop_unnamed(ward, list);
	tell(outbox, MESSAGE_REMOVE, list, &entry);
}

/* The place of the same entry on the list, ports and all; the list's length if it is not on it. */
static size_t find(const struct lists *lists, enum list list, const struct entry *entry)
{
	const struct entries *entries = &lists->policy.list[list];
	size_t i = 0;

	while (i < entries->n && !lists_same_entry(&entries->v[i], entry))
		i++;
	return i;
}

static size_t count_live(const struct lists *lists)
{
	size_t n = 0;

	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < lists->policy.list[list].n; i++)
			n += lists->about[list][i].live;
	return n;
}

/* What no live change can mean. */
static int check_allow(const struct ward *ward, const struct entry *entry, struct error *error)
{
	const struct policy *policy = &ward->lists.policy;

	if (policy->mode == MODE_NONE || policy->mode == MODE_PROXY)
		return error_set(error, FAIL_CONFIG, EPERM,
			"the network mode is %s: nothing can be allowed beside it",
			policy->mode == MODE_NONE ? "none" : "proxy");
	if (entry->kind == ENTRY_WILDCARD && policy->dns == DNS_NONE)
		return error_set(error, FAIL_CONFIG, EPERM,
			"DNS is closed to the agent (PARA_ALLOW_DNS=none), and without it nobody learns what "
			"a wildcard means; name each host");
	if (count_live(&ward->lists) >= LIVE_ENTRIES_MAX)
		return error_set(error, FAIL_CONFIG, ENOSPC,
			"%d entries were added while the container runs, and more are not taken; put them "
			"into its environment",
			LIVE_ENTRIES_MAX);
	return 0;
}

/* Adds an entry, and what it is lent by itself. */
static int add(
	struct ward *ward, enum list list, const struct entry *entry, int64_t until, struct error *error)
{
	struct lists *lists = &ward->lists;
	int ret = lists_add(lists, list, entry, true, until);

	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret, "out of memory for one more entry");
	if (entry->kind == ENTRY_PREFIX && until != 0)
		ret = leases_put(
			&ward->leases, list, &entry->prefix, lists_subject(lists, list, entry), until);
	if (ret == -ENOSPC)
		return error_set(
			error, FAIL_CONFIG, ENOSPC, "too many addresses are open for a time already");
	return ret < 0 ? error_set(error, FAIL_SYSTEM, -ret, "out of memory for one more entry") : 0;
}

/* Adds it and has the kernel follow; a failure leaves it as it was. */
static int take_up(struct ward *ward, struct outbox *outbox, enum list list, const struct entry *entry,
	int64_t until, struct error *error)
{
	struct lists *lists = &ward->lists;
	const size_t before = lists->policy.list[list].n;
	struct error again;
	int ret = add(ward, list, entry, until, error);

	if (ret == 0)
		ret = ward_follow(ward, list, REFILL_MORE, error);
	if (ret == 0) {
		tell(outbox, MESSAGE_ADD, list, entry);
		return 0;
	}
	if (lists->policy.list[list].n > before) {
		const uint32_t subject = lists->about[list][before].subject;

		lists_remove(lists, list, before);
		if (!lists_have(lists, list, subject))
			leases_drop_subject(&ward->leases, list, subject);
	}
	if (ward_follow(ward, list, REFILL_LESS, &again) < 0)
		log_error("%s", again.text);
	return ret;
}

/* An entry that is on the list already gets the new time. */
static int change_time(struct ward *ward, size_t place, int64_t until, struct error *error)
{
	struct lists *lists = &ward->lists;
	const struct entry *entry = &lists->policy.list[LIST_ALLOWED].v[place];
	struct listed *about = &lists->about[LIST_ALLOWED][place];
	const struct listed before = *about;
	int ret = 0;

	about->until = until;
	if (entry->kind == ENTRY_PREFIX && until != 0)
		ret = leases_put(&ward->leases, LIST_ALLOWED, &entry->prefix, about->subject, until);
	if (ret < 0)
		error_set(error, FAIL_SYSTEM, -ret, "no room for one more entry");
	else
		ret = ward_follow(ward, LIST_ALLOWED, REFILL_MORE, error);
	if (ret < 0)
		*about = before;
	return ret;
}

int live_allow(struct ward *ward, struct outbox *outbox, const struct entry *entry, uint32_t seconds,
	bool *wait, char text[LIVE_TEXT], struct error *error)
{
	const struct lists *lists = &ward->lists;
	const int64_t until = seconds == 0 ? 0 : clock_ms() + seconds * INT64_C(1000);
	const size_t place = find(lists, LIST_ALLOWED, entry);
	int ret;

	*wait = false;
	leases_expire(&ward->leases, clock_ms());
	snprintf(text, LIVE_TEXT, "allowed");
	if (entry->kind == ENTRY_LOOPBACK) {
		snprintf(text, LIVE_TEXT, "loopback is open in any case");
		return 0;
	}
	ret = check_allow(ward, entry, error);
	if (ret < 0)
		return ret;
	if (place < lists->policy.list[LIST_ALLOWED].n) {
		if (lists->about[LIST_ALLOWED][place].until == 0) {
			snprintf(text, LIVE_TEXT, "allowed already, for good");
			return 0;
		}
		snprintf(text, LIVE_TEXT, "allowed already; its time is changed");
		return change_time(ward, place, until, error);
	}
	ret = take_up(ward, outbox, LIST_ALLOWED, entry, until, error);
	if (ret < 0)
		return ret;
	if (entry->kind == ENTRY_WILDCARD)
		snprintf(text, LIVE_TEXT, "allowed: each name below it as it is asked for");
	if (entry_is_github(entry) && ward->ranges.n == 0)
		log_warn("GitHub's published ranges were not fetched at the start: %s opens only what DNS "
			 "says",
			entry->name);
	*wait = entry->kind == ENTRY_NAME && live_addresses(ward, entry) == 0;
	return 0;
}

void live_take_back(struct ward *ward, struct outbox *outbox, const struct entry *entry)
{
	const size_t place = find(&ward->lists, LIST_ALLOWED, entry);
	struct error error;

	if (place == ward->lists.policy.list[LIST_ALLOWED].n)
		return;
	take_off(ward, outbox, LIST_ALLOWED, place);
	if (ward_follow(ward, LIST_ALLOWED, REFILL_LESS, &error) < 0)
		log_error("%s", error.text);
}

/* Where what is on no list is sent: puts the entry on the blocked list, if it is not there. */
static int block(struct ward *ward, struct outbox *outbox, const struct entry *entry, char text[LIVE_TEXT],
	struct error *error)
{
	const struct lists *lists = &ward->lists;

	if (find(lists, LIST_BLOCKED, entry) < lists->policy.list[LIST_BLOCKED].n) {
		snprintf(text, LIVE_TEXT, "blocked already");
		return 0;
	}
	if (count_live(lists) >= LIVE_ENTRIES_MAX)
		return error_set(error, FAIL_CONFIG, ENOSPC,
			"%d entries were added while the container runs, and more are not taken",
			LIVE_ENTRIES_MAX);
	snprintf(text, LIVE_TEXT, "%s",
		is_name(entry) ? "blocked, as far as DNS says where it is" : "blocked");
	return take_up(ward, outbox, LIST_BLOCKED, entry, 0, error);
}

int live_deny(struct ward *ward, struct outbox *outbox, const struct entry *entry, char text[LIVE_TEXT],
	struct error *error)
{
	const bool sends = policy_sends(&ward->lists.policy);
	struct entries *entries = &ward->lists.policy.list[LIST_ALLOWED];
	size_t off = 0;
	int ret = 0;

	if (entry->kind == ENTRY_LOOPBACK)
		return error_set(error, FAIL_CONFIG, EPERM, "loopback is open in any case");
	for (size_t i = entries->n; i-- > 0;)
		if (entry->n_ports == 0 ? lists_same_subject(&entries->v[i], entry)
					: lists_same_entry(&entries->v[i], entry)) {
			take_off(ward, outbox, LIST_ALLOWED, i);
			off++;
		}
	if (off == 0 && !sends)
		return error_set(error, FAIL_CONFIG, ENOENT,
			"it is not on the list of what is allowed; 'secure-init list' prints that");
	snprintf(text, LIVE_TEXT, "no longer allowed");
	if (off > 0)
		ret = ward_follow(ward, LIST_ALLOWED, REFILL_LESS, error);
	if (ret == 0 && sends)
		ret = block(ward, outbox, entry, text, error);
	if (ret == 0)
		flows_end(ward);
	return ret;
}

void live_end_due(struct ward *ward, struct outbox *outbox, int64_t now)
{
	struct lists *lists = &ward->lists;
	bool ended = false;

	for (int list = 0; list < LISTS; list++) {
		char text[ENTRY_TEXT];
		struct error error;
		bool changed = false;

		for (size_t i = lists->policy.list[list].n; i-- > 0;) {
			const int64_t until = lists->about[list][i].until;

			if (until == 0 || until > now)
				continue;
			log_info("%s is no longer allowed: its time is over",
				entry_text(&lists->policy.list[list].v[i], text));
			take_off(ward, outbox, (enum list)list, i);
			changed = true;
		}
		if (changed && ward_follow(ward, (enum list)list, REFILL_LESS, &error) < 0)
			log_error("%s", error.text);
		ended = ended || changed;
	}
	if (ended)
		flows_end(ward);
}

size_t live_addresses(const struct ward *ward, const struct entry *entry)
{
	return leases_count(&ward->leases, LIST_ALLOWED, lists_subject(&ward->lists, LIST_ALLOWED, entry));
}
