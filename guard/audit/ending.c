/* The summary, and with PARA_LEARN the list: see the header. */
#include "guard/audit/ending.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/audit/suggest.h"
#include "util/cleanup.h"

/* Places that the summary names. */
#define MOST 3

/* Of the list in one line of SINK_LINE bytes, which says other things too. */
#define LIST_TEXT 3600

static void say_summary(
	const struct tally_totals *totals, const struct tally_place *places, size_t n, struct sink *sink)
{
	struct line line = {.n = 0};

	line_add(&line, "the firewall refused %" PRIu64 " packet%s to %s%u place%s", totals->packets,
		totals->packets == 1 ? "" : "s", totals->more_places ? "more than " : "", totals->places,
		totals->places == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < MOST; i++) {
		line_add(&line, i == 0 ? "; most: " : "; ");
		place_words(&line, &places[i].place, places[i].name);
		line_add(&line, ", %u time%s", places[i].count, places[i].count == 1 ? "" : "s");
	}
	if (totals->missed > 0)
		line_add(&line, "; %" PRIu64 " came too fast to be seen", totals->missed);
	sink_summary(sink, line.text);
}

static void say_questions(uint64_t n, struct sink *sink)
{
	struct line line = {.n = 0};

	line_add(&line, "DNS refused %" PRIu64 " question%s for names that are not allowed", n,
		n == 1 ? "" : "s");
	sink_summary(sink, line.text);
}

/* As one event, of which there is one a run. */
static void say_end(const struct tally_totals *totals, struct sink *sink)
{
	struct line line;

	line_begin_event(&line, "end");
	line_add(&line,
		",\"refused\":%" PRIu64 ",\"places\":%u,\"more_places\":%s,\"missed\":%" PRIu64
		",\"dns_refused\":%" PRIu64 ",\"lost\":%" PRIu64 "}",
		totals->packets, totals->places, totals->more_places ? "true" : "false", totals->missed,
		totals->questions, sink->lost);
	sink_json(sink, line.text);
}

/* A type of question that a program asks before it connects: A, AAAA, SVCB, HTTPS (IANA). */
static bool asks_for_address(uint16_t type)
{
	return type == 1 || type == 28 || type == 64 || type == 65;
}

static int collect(
	const struct tally *tally, const struct tally_place *places, size_t n, struct suggest *suggest)
{
	const struct question *question;
	int ret = 0;
	uint32_t count;

	for (size_t i = 0; i < n && ret == 0; i++) {
		const struct place *place = &places[i].place;
		const struct prefix address = place_address(place);

		/* what a limit refused was allowed */
		if ((place->protocol == IPPROTO_TCP || place->protocol == IPPROTO_UDP) &&
			place->knows & PLACE_PORT && place->why == WHY_REFUSED)
			ret = suggest_add(suggest, places[i].name, &address, place->port, places[i].count);
	}
	for (unsigned int i = 0; i < TALLY_QUESTIONS && ret == 0; i++) {
		question = tally_question_at(tally, i, &count);
		if (question != NULL && question->verdict == DNS_REFUSED && asks_for_address(question->type))
			ret = suggest_add(suggest, question->name, NULL, SUGGEST_PORT_UNKNOWN, count);
	}
	suggest_sort(suggest);
	return ret;
}

static void say_list(const struct suggest *suggest, bool asked, struct sink *sink)
{
	char words[SINK_LINE], list[LIST_TEXT];
	const uint64_t more = suggest_list(suggest, list, sizeof(list)) + suggest->left_out;

	if (suggest->n == 0) {
		sink_summary(sink, "to allow all of this: nothing on a list would (PARA_LEARN)");
		return;
	}
	snprintf(words, sizeof(words), "to allow all of this: PARA_ALLOWED_DOMAINS=%s", list);
	sink_summary(sink, words);
	if (more > 0) {
		snprintf(words, sizeof(words),
			"%" PRIu64 " more hosts or ports are left out of this list; is all of this wanted?",
			more);
		sink_summary(sink, words);
	}
	if (asked)
		sink_summary(sink, "the ports of names that DNS refused are not known; 443 is supposed");
}

static void say_needed(const struct suggest *suggest, struct sink *sink)
{
	char entry[SUGGEST_TEXT];

	for (size_t i = 0; i < suggest->n; i++) {
		struct line line;

		line_begin_event(&line, "needed");
		line_add(&line, ",\"entry\":\"%s\",\"count\":%" PRIu64 "}",
			suggest_entry(&suggest->v[i], entry), suggest->v[i].count);
		sink_json(sink, line.text);
	}
}

void ending_say(const struct tally *tally, struct sink *sink, bool learn)
{
	cleanup_free struct tally_place *places = calloc(TALLY_PLACES, sizeof(*places));
	const struct tally_totals totals = tally_totals(tally);
	const size_t n = places == NULL ? 0 : tally_places(tally, places);
	struct suggest suggest = {0};

	if (totals.packets > 0)
		say_summary(&totals, places, n, sink);
	if (totals.questions > 0)
		say_questions(totals.questions, sink);
	if (learn && collect(tally, places, n, &suggest) == 0) {
		say_list(&suggest, totals.questions > 0, sink);
		say_needed(&suggest, sink);
	}
	suggest_free(&suggest);
	say_end(&totals, sink);
}
