/* Names asked for again: see the header. */
#include "guard/resolver/refresh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/message.h"
#include "guard/resolver/dns.h"
#include "guard/resolver/resolver.h"
#include "util/clock.h"
#include "util/log.h"

/* Names under way at once; the agent's own questions must find room too. */
#define NAMES_AT_ONCE 32
/* At the start all are asked, spread over so long. */
#define START_MS 3000
/* After a failure, doubled each time. */
#define RETRY_SECONDS_MIN 30
#define RETRY_SECONDS_MAX 900

enum { FAMILY_V4, FAMILY_V6, FAMILIES };
static const uint16_t types[FAMILIES] = {DNS_A, DNS_AAAA};

struct subject {
	char name[NAME_TEXT]; /* "": the place is free */
	uint32_t generation;
	bool wanted; /* still on a list */
	bool failing;
	bool to_keep;
	bool searching;	      /* to go on with the next step */
	bool soon;	      /* to be asked for once more after what is under way */
	unsigned int pending; /* questions */
	unsigned int step;    /* of the search list */
	enum refresh_outcome outcome[FAMILIES];
	uint32_t seconds;	/* the least TTL of what was found */
	uint32_t retry_seconds; /* of the last failure */
	int32_t keep_families;	/* KEEP_… */
	uint32_t keep_seconds;
	int64_t next_ms;
};

struct refresh {
	struct refresh_owner owner;
	const struct resolv *resolv;
	const struct lookup *lookup;
	struct random *random;
	size_t n, room;
	unsigned int under_way; /* names */
	struct subject *subjects;
};

/* True for a name that does not move by DNS, since /etc/hosts has it. */
static bool is_fixed(const struct lookup *lookup, const char *name)
{
	const struct target *target = lookup_find(lookup, name);

	return target != NULL && target->fixed;
}

/* The name to ask for at this step, as the libc searches: a name without a dot is tried with the domains
 * first. */
static bool name_at(const struct refresh *refresh, const struct subject *subject, char text[DNS_TEXT])
{
	const struct resolv *resolv = refresh->resolv;
	const unsigned int searched = strchr(subject->name, '.') == NULL ? resolv->n_search : 0;
	int length;

	if (subject->step > searched)
		return false;
	if (subject->step == searched)
		length = snprintf(text, DNS_TEXT, "%s", subject->name);
	else
		length = snprintf(text, DNS_TEXT, "%s.%s", subject->name, resolv->search[subject->step]);
	return length < NAME_TEXT;
}

static const char *words_of(enum refresh_outcome outcome)
{
	static const char *const words[] = {
		[REFRESH_FOUND] = "it has an address",
		[REFRESH_NOTHING] = "it has no address",
		[REFRESH_SILENCE] = "no server answered",
		[REFRESH_UNUSABLE] = "its address is one that nobody can mean",
		[REFRESH_REFUSED] = "its addresses could not be taken up",
	};

	return words[outcome];
}

/* Up to a tenth earlier, so that names do not come all at once for ever. */
static int64_t with_jitter(struct refresh *refresh, uint32_t seconds)
{
	const uint32_t ms = seconds * 1000;

	return ms - random_below(refresh->random, ms / 10 + 1);
}

static uint32_t clamp(uint32_t seconds)
{
	if (seconds < LEARN_SECONDS_MIN)
		return LEARN_SECONDS_MIN;
	return seconds > LEARN_SECONDS_MAX ? LEARN_SECONDS_MAX : seconds;
}

static void keep(struct refresh *refresh, struct subject *subject)
{
	subject->to_keep = refresh->owner.keep(refresh->owner.owner, subject->name, subject->keep_families,
				   subject->keep_seconds) == -EAGAIN;
}

/* All, unless one of them was found: then only what was not answered, or addresses that move would pile up.
 */
static int32_t families_to_keep(const struct subject *subject, bool found)
{
	return (!found || subject->outcome[FAMILY_V4] > REFRESH_NOTHING ? KEEP_V4 : 0) |
	       (!found || subject->outcome[FAMILY_V6] > REFRESH_NOTHING ? KEEP_V6 : 0);
}

static void fail(struct refresh *refresh, struct subject *subject, enum refresh_outcome why, bool found)
{
	uint32_t seconds = subject->retry_seconds * 2;

	if (seconds < RETRY_SECONDS_MIN)
		seconds = RETRY_SECONDS_MIN;
	if (seconds > RETRY_SECONDS_MAX)
		seconds = RETRY_SECONDS_MAX;
	subject->retry_seconds = seconds;
	/* one family goes on moving while the other is silent */
	if (found && clamp(subject->seconds) < seconds)
		seconds = clamp(subject->seconds);
	subject->next_ms = clock_ms() + with_jitter(refresh, seconds);
	subject->keep_families = families_to_keep(subject, found);
	subject->keep_seconds = seconds + LEARN_SECONDS_GRACE;
	keep(refresh, subject);
	if (!subject->failing)
		log_warn(
			"%s cannot be looked up again (%s): what is known of it stays, and it is tried again "
			"every while",
			subject->name, words_of(why));
	subject->failing = true;
}

static void succeed(struct refresh *refresh, struct subject *subject)
{
	if (subject->failing)
		log_info("%s is looked up again", subject->name);
	subject->failing = false;
	subject->to_keep = false;
	subject->retry_seconds = 0;
	subject->next_ms = clock_ms() + with_jitter(refresh, clamp(subject->seconds));
}

/* Both families are answered. */
static void judge(struct refresh *refresh, struct subject *subject)
{
	enum refresh_outcome worst = REFRESH_FOUND;
	bool found = false;

	refresh->under_way--;
	for (int family = 0; family < FAMILIES; family++) {
		found = found || subject->outcome[family] == REFRESH_FOUND;
		if (subject->outcome[family] > worst)
			worst = subject->outcome[family];
	}
	if (!subject->wanted) {
		subject->name[0] = '\0';
		return;
	}
	if (worst > REFRESH_NOTHING)
		fail(refresh, subject, worst, found);
	else if (found)
		succeed(refresh, subject);
	else {
		/* the next step, with the next tick */
		subject->step++;
		subject->searching = true;
	}
	if (subject->soon)
		subject->next_ms = 0;
	subject->soon = false;
}

void refresh_done(
	struct refresh *refresh, const struct peer *peer, enum refresh_outcome outcome, uint32_t seconds)
{
	struct subject *subject;
	const size_t place = peer->slot.place / FAMILIES;

	if (place >= refresh->n)
		return;
	subject = &refresh->subjects[place];
	if (subject->generation != peer->slot.generation || subject->pending == 0)
		return;
	subject->outcome[peer->slot.place % FAMILIES] = outcome;
	if (outcome == REFRESH_FOUND && seconds < subject->seconds)
		subject->seconds = seconds;
	if (--subject->pending == 0)
		judge(refresh, subject);
}

/* Asks for both families at the subject's step; without a step left, there is nothing. */
static void begin(struct refresh *refresh, struct subject *subject)
{
	char text[DNS_TEXT];
	struct peer peer = {.kind = PEER_REFRESH, .slot = {0, ++subject->generation}};

	if (!name_at(refresh, subject, text)) {
		fail(refresh, subject, REFRESH_NOTHING, false);
		return;
	}
	refresh->under_way++;
	subject->seconds = LEARN_SECONDS_MAX;
	/* before the first is asked, which may be answered at once */
	subject->pending = FAMILIES;
	for (unsigned int family = 0; family < FAMILIES; family++) {
		peer.slot.place = (uint32_t)(subject - refresh->subjects) * FAMILIES + family;
		if (!refresh->owner.ask(refresh->owner.owner, text, types[family], &peer))
			refresh_done(refresh, &peer, REFRESH_SILENCE, 0);
	}
}

void refresh_tick(struct refresh *refresh, int64_t now_ms)
{
	for (size_t i = 0; i < refresh->n; i++) {
		struct subject *subject = &refresh->subjects[i];

		if (subject->name[0] == '\0')
			continue;
		if (subject->to_keep)
			keep(refresh, subject);
		if (subject->pending > 0 || refresh->under_way >= NAMES_AT_ONCE ||
			(!subject->searching && subject->next_ms > now_ms))
			continue;
		if (!subject->searching)
			subject->step = 0;
		subject->searching = false;
		begin(refresh, subject);
	}
}

static struct subject *find(struct refresh *refresh, const char *name)
{
	for (size_t i = 0; i < refresh->n; i++)
		if (strcmp(refresh->subjects[i].name, name) == 0)
			return &refresh->subjects[i];
	return NULL;
}

static struct subject *free_place(struct refresh *refresh)
{
	struct subject *subject = find(refresh, "");

	if (subject != NULL)
		return subject;
	if (refresh->n == refresh->room) {
		const size_t room = refresh->room == 0 ? 16 : refresh->room * 2;
		struct subject *subjects = reallocarray(refresh->subjects, room, sizeof(*subjects));

		if (subjects == NULL)
			return NULL;
		refresh->subjects = subjects;
		refresh->room = room;
	}
	subject = &refresh->subjects[refresh->n++];
	*subject = (struct subject){0};
	return subject;
}

static int want(struct refresh *refresh, const char *name, uint32_t within_ms)
{
	struct subject *subject = find(refresh, name);
	uint32_t generation;

	if (subject != NULL) {
		subject->wanted = true;
		return 0;
	}
	subject = free_place(refresh);
	if (subject == NULL)
		return -ENOMEM;
	generation = subject->generation + 1;
	*subject = (struct subject){.generation = generation,
		.wanted = true,
		.next_ms = clock_ms() + (within_ms > 0 ? random_below(refresh->random, within_ms) : 0)};
	memcpy(subject->name, name, strlen(name));
	return 0;
}

static int want_all(struct refresh *refresh, const struct policy *policy, uint32_t within_ms)
{
	for (int list = 0; list < LISTS; list++) {
		const struct entries *entries = &policy->list[list];

		for (size_t i = 0; i < entries->n; i++)
			if (entries->v[i].kind == ENTRY_NAME &&
				!is_fixed(refresh->lookup, entries->v[i].name) &&
				want(refresh, entries->v[i].name, within_ms) < 0)
				return -ENOMEM;
	}
	return 0;
}

int refresh_update(struct refresh *refresh, const struct policy *policy, const char *soon)
{
	struct subject *subject;
	int ret;

	for (size_t i = 0; i < refresh->n; i++)
		refresh->subjects[i].wanted = false;
	ret = want_all(refresh, policy, 0);
	/* one that is under way goes when it is answered */
	for (size_t i = 0; i < refresh->n; i++)
		if (!refresh->subjects[i].wanted && refresh->subjects[i].pending == 0)
			refresh->subjects[i].name[0] = '\0';
	subject = soon != NULL && soon[0] != '\0' ? find(refresh, soon) : NULL;
	if (subject != NULL) {
		subject->next_ms = 0;
		subject->soon = subject->pending > 0;
	}
	return ret;
}

struct refresh *refresh_new(const struct policy *policy, const struct resolv *resolv,
	const struct lookup *lookup, struct random *random, const struct refresh_owner *owner)
{
	struct refresh *refresh = calloc(1, sizeof(*refresh));

	if (refresh == NULL)
		return NULL;
	refresh->owner = *owner;
	refresh->resolv = resolv;
	refresh->lookup = lookup;
	refresh->random = random;
	if (want_all(refresh, policy, START_MS) < 0) {
		refresh_free(refresh);
		return NULL;
	}
	return refresh;
}

void refresh_free(struct refresh *refresh)
{
	if (refresh != NULL)
		free(refresh->subjects);
	free(refresh);
}
