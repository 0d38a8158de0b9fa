/*
 * Two tables of kinds, each with a budget of lines of its own, so that a flood of questions hides no packet.
 * A kind that is new, or has been silent long enough, is said at once if there is a line left for it; what is
 * not said is counted until a tick has one.
 */
#include "guard/audit/tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/audit/event.h"
#include "guard/audit/suggest.h"
#include "guard/audit/table.h"

#define SILENT_MS (TALLY_SECONDS * INT64_C(1000))

/* Lines that may be said now, in thousandths. */
struct budget {
	int64_t at;
	int64_t left;
};

/* Between a record's slot and key and what is its own: how it stands with what has been said of it. */
struct spoken {
	int64_t since; /* of the last line; without one, of the first that was not said */
	uint32_t unsaid;
	bool silent; /* there was a line, less than SILENT_MS ago */
};

struct place_record {
	struct table_slot slot;
	struct place place;
	struct spoken spoken;
	char *name;
};

struct question_record {
	struct table_slot slot;
	struct question question;
	struct spoken spoken;
};

/* One of the two tables, with what goes with it. */
struct half {
	struct table table;
	struct budget budget;
	struct spoken others; /* kinds that were pushed out */
	bool more;	      /* there were any */
	unsigned int next;    /* where the next tick goes on */
	uint64_t total;	      /* refused: of packets, or of questions */
	int64_t ahead;	      /* at the end: the clock that is spoken by, of the one on the wall */
};

struct tally {
	struct sink *sink;
	bool dns_log;
	struct half packets, questions;
	size_t name_bytes;
	uint64_t missed;
	struct spoken missing;
};

static bool budget_take(struct budget *budget, int64_t now)
{
	budget->left += (now - budget->at) * TALLY_LINES_PER_SECOND;
	budget->at = now;
	if (budget->left > TALLY_BURST * INT64_C(1000))
		budget->left = TALLY_BURST * INT64_C(1000);
	if (budget->left < 1000)
		return false;
	budget->left -= 1000;
	return true;
}

static bool may_speak(struct spoken *spoken, int64_t now)
{
	if (spoken->silent && now - spoken->since >= SILENT_MS)
		spoken->silent = false;
	return !spoken->silent;
}

static void add32(uint32_t *number, uint64_t n)
{
	*number = n > UINT32_MAX - *number ? UINT32_MAX : *number + (uint32_t)n;
}

static void leave_unsaid(struct spoken *spoken, uint64_t n, int64_t now)
{
	if (spoken->unsaid == 0 && !spoken->silent)
		spoken->since = now;
	add32(&spoken->unsaid, n);
}

static void has_spoken(struct spoken *spoken, int64_t now)
{
	*spoken = (struct spoken){.since = now, .silent = true};
}

/* True if the one that just came may be said for itself; else it is counted. */
static bool speak_at_once(struct half *half, struct spoken *spoken, int64_t now)
{
	if (spoken->unsaid == 0 && may_speak(spoken, now) && budget_take(&half->budget, now)) {
		has_spoken(spoken, now);
		return true;
	}
	leave_unsaid(spoken, 1, now);
	return false;
}

/* What is to be said of the count now, if it is its time. */
static bool speak_of_count(struct half *half, struct spoken *spoken, int64_t now, struct amount *amount)
{
	if (spoken->unsaid == 0 || !may_speak(spoken, now) || !budget_take(&half->budget, now))
		return false;
	/* at least a second: none would mean the first of its kind */
	*amount = (struct amount){spoken->unsaid, (unsigned int)((now - half->ahead - spoken->since) / 1000)};
	if (amount->seconds == 0)
		amount->seconds = 1;
	has_spoken(spoken, now);
	return true;
}

int tally_make(struct sink *sink, bool dns_log, int64_t now, struct tally **tally)
{
	struct tally *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	*made = (struct tally){.sink = sink, .dns_log = dns_log};
	made->packets.budget = made->questions.budget =
		(struct budget){.at = now, .left = TALLY_BURST * INT64_C(1000)};
	if (table_make(&made->packets.table, TALLY_PLACES, sizeof(struct place),
		    sizeof(struct place_record)) < 0 ||
		table_make(&made->questions.table, TALLY_QUESTIONS, sizeof(struct question),
			sizeof(struct question_record)) < 0) {
		tally_free(made);
		return -ENOMEM;
	}
	*tally = made;
	return 0;
}

void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	for (unsigned int i = 0; i < tally->packets.table.slots; i++) {
		struct place_record *record = table_at(&tally->packets.table, i);

		if (record != NULL)
			free(record->name);
	}
	table_free(&tally->packets.table);
	table_free(&tally->questions.table);
	free(tally);
}

/* A record makes room: its count goes on among the others. */
static void fold(struct half *half, struct table_slot *record, const struct spoken *spoken, int64_t now)
{
	half->more = true;
	if (spoken->unsaid > 0)
		leave_unsaid(&half->others, spoken->unsaid, now);
	table_drop(&half->table, record);
}

static void rename_place(struct tally *tally, struct place_record *record, const char *name)
{
	char *copy = NULL;

	if (name == record->name || (name != NULL && record->name != NULL && strcmp(name, record->name) == 0))
		return;
	if (record->name != NULL)
		tally->name_bytes -= strlen(record->name) + 1;
	free(record->name);
	record->name = NULL;
	if (name != NULL && tally->name_bytes + strlen(name) + 1 <= TALLY_NAME_BYTES)
		copy = strdup(name);
	if (copy != NULL)
		tally->name_bytes += strlen(copy) + 1;
	record->name = copy;
}

static struct place_record *place_find(struct tally *tally, const struct place *place, int64_t now)
{
	struct place_record *record = table_find(&tally->packets.table, place);

	if (record != NULL)
		return record;
	record = table_least(&tally->packets.table);
	if (record != NULL) {
		rename_place(tally, record, NULL);
		fold(&tally->packets, &record->slot, &record->spoken, now);
	}
	return table_add(&tally->packets.table, place);
}

void tally_packet(struct tally *tally, const struct nflog *packet, const char *name, int64_t now)
{
	const struct place place = place_of(packet);
	struct place_record *record = place_find(tally, &place, now);

	tally->packets.total++;
	add32(&record->slot.weight, 1);
	if (name != NULL)
		rename_place(tally, record, name);
	if (speak_at_once(&tally->packets, &record->spoken, now))
		event_refused(tally->sink, &record->place, name != NULL ? name : record->name, packet,
			(struct amount){.count = 1});
}

void tally_missed(struct tally *tally, uint64_t n, int64_t now)
{
	tally->missed += n;
	tally->packets.total += n;
	leave_unsaid(&tally->missing, n, now);
}

void tally_question(struct tally *tally, const char *name, uint16_t type, enum name_verdict verdict,
	bool refused, int64_t now)
{
	const enum dns_verdict said = refused			? DNS_REFUSED
				      : verdict == NAME_ALLOWED ? DNS_ALLOWED
								: DNS_ANSWERED;
	const struct question question = question_of(name, type, said);
	struct half *half = &tally->questions;
	struct question_record *record;

	if (!refused && !tally->dns_log)
		return;
	record = table_find(&half->table, &question);
	if (record == NULL) {
		record = table_least(&half->table);
		if (record != NULL)
			fold(half, &record->slot, &record->spoken, now);
		record = table_add(&half->table, &question);
	}
	half->total += refused;
	add32(&record->slot.weight, 1);
	if (speak_at_once(half, &record->spoken, now))
		event_question(tally->sink, &record->question, (struct amount){.count = 1});
}

static void packets_tick(struct tally *tally, int64_t now)
{
	struct half *half = &tally->packets;
	const unsigned int slots = half->table.slots, first = half->next;
	struct amount amount;

	if (speak_of_count(half, &tally->missing, now, &amount))
		event_missed(tally->sink, amount);
	if (speak_of_count(half, &half->others, now, &amount))
		event_others(tally->sink, false, amount);
	for (unsigned int i = 0; i < slots; i++) {
		struct place_record *record = table_at(&half->table, (first + i) % slots);

		if (record == NULL || !speak_of_count(half, &record->spoken, now, &amount))
			continue;
		event_refused(tally->sink, &record->place, record->name, NULL, amount);
		half->next = (first + i + 1) % slots;
	}
}

static void questions_tick(struct tally *tally, int64_t now)
{
	struct half *half = &tally->questions;
	const unsigned int slots = half->table.slots, first = half->next;
	struct amount amount;

	if (speak_of_count(half, &half->others, now, &amount))
		event_others(tally->sink, true, amount);
	for (unsigned int i = 0; i < slots; i++) {
		struct question_record *record = table_at(&half->table, (first + i) % slots);

		if (record == NULL || !speak_of_count(half, &record->spoken, now, &amount))
			continue;
		event_question(tally->sink, &record->question, amount);
		half->next = (first + i + 1) % slots;
	}
}

void tally_tick(struct tally *tally, int64_t now)
{
	packets_tick(tally, now);
	questions_tick(tally, now);
}

/* As many lines as there can be kinds, and only for programs: people get the summary. */
void tally_flush(struct tally *tally, int64_t now)
{
	const int64_t later = now + SILENT_MS;
	const struct budget enough = {later, TALLY_BURST * INT64_C(1000)};
	const struct outlet words = tally->sink->words;

	tally->sink->words.fd = -1;
	tally->packets.ahead = tally->questions.ahead = SILENT_MS;
	for (unsigned int i = 0; i < (TALLY_PLACES + TALLY_QUESTIONS) / TALLY_BURST + 2; i++) {
		tally->packets.budget = tally->questions.budget = enough;
		tally_tick(tally, later);
	}
	tally->sink->words = words;
}

struct tally_totals tally_totals(const struct tally *tally)
{
	return (struct tally_totals){
		.packets = tally->packets.total,
		.missed = tally->missed,
		.places = tally->packets.table.n,
		.more_places = tally->packets.more,
		.questions = tally->questions.total,
	};
}

static int more_places_first(const void *a, const void *b)
{
	const struct tally_place *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return memcmp(&left->place, &right->place, sizeof(left->place));
}

size_t tally_places(const struct tally *tally, struct tally_place places[TALLY_PLACES])
{
	size_t n = 0;

	for (unsigned int i = 0; i < tally->packets.table.slots; i++) {
		const struct place_record *record = table_at(&tally->packets.table, i);

		if (record != NULL)
			places[n++] = (struct tally_place){record->slot.weight, record->name, record->place};
	}
	qsort(places, n, sizeof(*places), more_places_first);
	return n;
}

const struct question *tally_question_at(const struct tally *tally, unsigned int i, uint32_t *count)
{
	const struct question_record *record = table_at(&tally->questions.table, i);

	*count = record == NULL ? 0 : record->slot.weight;
	return record == NULL ? NULL : &record->question;
}
