/* What each of a caller's messages does: see the header. */
#include "guard/warden/caller.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "guard/warden/valid.h"
#include "util/clock.h"
#include "util/log.h"

void caller_drop(struct caller *caller)
{
	close(caller->socket);
	policy_free(&caller->policy);
	*caller = (struct caller){0};
}

void caller_finish(struct caller *caller, int status, const char *text)
{
	struct control_message message = {.type = CONTROL_DONE, .status = status};

	snprintf(message.text, sizeof(message.text), "%s", text);
	control_send(caller->socket, &message);
	caller_drop(caller);
}

static void record(const struct caller *caller, const char *what, const char *entry, const char *text)
{
	log_info("live change by uid %u, pid %d: %s%s%s: %s", caller->who.uid, caller->who.pid, what,
		*entry == '\0' ? "" : " ", entry, text);
}

/* The addresses that a name has now, as many as there is room for. */
static void say_addresses(const struct ward *ward, const struct entry *entry, char text[LIVE_TEXT])
{
	const uint32_t subject = lists_subject(&ward->lists, LIST_ALLOWED, entry);
	int used = snprintf(text, LIVE_TEXT, "allowed, at");

	for (uint32_t i = 0; i < ward->leases.n; i++) {
		const struct lease_row *row = &ward->leases.rows[i];
		char address[PREFIX_TEXT];

		if (row->subject != subject || row->list != LIST_ALLOWED)
			continue;
		if (used > LIVE_TEXT - PREFIX_TEXT - 8) {
			snprintf(text + used, (size_t)(LIVE_TEXT - used), " ...");
			return;
		}
		used += snprintf(
			text + used, (size_t)(LIVE_TEXT - used), " %s", prefix_text(&row->address, address));
	}
}

static void allow(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];
	struct error error;
	bool wait;

	if (live_allow(ward, outbox, &message->entry, message->seconds, &wait, text, &error) < 0) {
		caller_finish(caller, (int)error.kind, error.text);
		return;
	}
	if (wait) {
		caller->state = STATE_WAITING;
		caller->until = clock_ms() + CONTROL_MS;
		caller->entry = message->entry;
		return;
	}
	record(caller, "allow", entry_text(&message->entry, entry), text);
	caller_finish(caller, 0, text);
}

static void deny(struct ward *ward, struct outbox *outbox, struct caller *caller, const struct entry *entry)
{
	char text[LIVE_TEXT], words[ENTRY_TEXT];
	struct error error;

	if (live_deny(ward, outbox, entry, text, &error) < 0) {
		caller_finish(caller, (int)error.kind, error.text);
		return;
	}
	record(caller, "deny", entry_text(entry, words), text);
	caller_finish(caller, 0, text);
}

static void fill_listed(
	const struct ward *ward, enum list list, size_t place, struct control_message *message)
{
	const struct listed *about = &ward->lists.about[list][place];
	const int64_t left = about->until - clock_ms();

	*message = (struct control_message){.type = CONTROL_LISTED,
		.list = (uint32_t)list,
		.live = about->live,
		.entry = ward->lists.policy.list[list].v[place]};
	if (about->until != 0)
		message->seconds = left > 0 ? (uint32_t)((left + 999) / 1000) : 1;
	if (message->entry.kind == ENTRY_PREFIX)
		message->addresses = 1;
	else
		message->addresses = (uint32_t)leases_count(&ward->leases, list, about->subject);
}

void caller_list_more(const struct ward *ward, struct caller *caller)
{
	while (caller->list < LISTS) {
		struct control_message message;
		int ret;

		if (caller->place >= ward->lists.policy.list[caller->list].n) {
			caller->list++;
			caller->place = 0;
			continue;
		}
		fill_listed(ward, (enum list)caller->list, caller->place, &message);
		ret = control_send(caller->socket, &message);
		if (ret == -EAGAIN)
			return;
		if (ret < 0) {
			caller_drop(caller);
			return;
		}
		caller->place++;
	}
	caller_finish(caller, 0, "");
}

static void commit(struct ward *ward, struct outbox *outbox, struct caller *caller)
{
	char text[LIVE_TEXT];
	struct error error;

	if (live_reload(ward, outbox, &caller->policy, text, &error) < 0) {
		log_error("live change by uid %u, pid %d: reload: %s", caller->who.uid, caller->who.pid,
			error.text);
		caller_finish(caller, (int)error.kind, error.text);
		return;
	}
	record(caller, "reload", "", text);
	caller_finish(caller, 0, text);
}

static void malformed(struct caller *caller)
{
	caller_finish(caller, FAIL_USAGE, "the warden did not understand that; are both of one version?");
}

void caller_go_on(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	if (message->type == CONTROL_COMMIT)
		commit(ward, outbox, caller);
	else if (message->type != CONTROL_ENTRY || message->list >= LISTS || !valid_entry(&message->entry))
		malformed(caller);
	else if (++caller->n > CONTROL_ENTRIES_MAX ||
		 entries_add(&caller->policy.list[message->list], &message->entry) < 0)
		caller_finish(caller, FAIL_CONFIG, "the new policy has more entries than the warden takes");
}

void caller_begin(struct ward *ward, struct outbox *outbox, struct caller *caller,
	const struct control_message *message)
{
	const bool with_entry = message->type == CONTROL_ALLOW || message->type == CONTROL_DENY;

	caller->until = clock_ms() + CONTROL_MS;
	if ((with_entry && (!valid_entry(&message->entry) || message->seconds > LEASE_SECONDS_MAX)) ||
		(message->type == CONTROL_RELOAD && !control_policy(&message->settings, &caller->policy))) {
		malformed(caller);
		return;
	}
	switch (message->type) {
	case CONTROL_ALLOW:
		allow(ward, outbox, caller, message);
		return;
	case CONTROL_DENY:
		deny(ward, outbox, caller, &message->entry);
		return;
	case CONTROL_LIST:
		caller->state = STATE_LISTING;
		caller_list_more(ward, caller);
		return;
	case CONTROL_RELOAD:
		caller->state = STATE_RELOADING;
		return;
	default:
		malformed(caller);
	}
}

void caller_give_up(struct ward *ward, struct outbox *outbox, struct caller *caller, bool late)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];

	if (caller->state == STATE_WAITING) {
		live_take_back(ward, outbox, &caller->entry);
		snprintf(text, sizeof(text),
			"DNS gave no address that may be opened for %.250s within %d s; it is not allowed",
			entry_text(&caller->entry, entry), CONTROL_MS / 1000);
		if (late) {
			caller_finish(caller, FAIL_NAMES, text);
			return;
		}
	}
	caller_drop(caller);
}

void caller_learnt(struct ward *ward, struct caller *caller)
{
	char text[LIVE_TEXT], entry[ENTRY_TEXT];

	say_addresses(ward, &caller->entry, text);
	record(caller, "allow", entry_text(&caller->entry, entry), text);
	caller_finish(caller, 0, text);
}
