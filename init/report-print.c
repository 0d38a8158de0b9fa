/* Sorting what was found, and printing it for people or as JSON: see the header. */
#include "init/report-print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "guard/audit/suggest.h"
#include "init/report.h"
#include "util/cleanup.h"

/* The list of all entries: SUGGEST_HOSTS of the longest kind would fit. */
#define LIST_TEXT (SUGGEST_HOSTS * (size_t)SUGGEST_TEXT)

/* The kinds in order, most first, and the entries that would have allowed them. */
struct sorted {
	const struct refused_kind **refused;
	const struct question_kind **questions;
	size_t n_refused, n_questions;
	struct suggest suggest;
	char *list;
	size_t list_left_out;
	bool asked; /* some entries stand for names that only DNS knows of */
};

static int more_refused_first(const void *a, const void *b)
{
	const struct refused_kind *left = *(const struct refused_kind *const *)a;
	const struct refused_kind *right = *(const struct refused_kind *const *)b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return memcmp(&left->place, &right->place, sizeof(left->place));
}

static int more_asked_first(const void *a, const void *b)
{
	const struct question_kind *left = *(const struct question_kind *const *)a;
	const struct question_kind *right = *(const struct question_kind *const *)b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return memcmp(&left->key, &right->key, sizeof(left->key));
}

static bool asks_for_address(const char *type)
{
	return strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0 || strcmp(type, "HTTPS") == 0 ||
	       strcmp(type, "SVCB") == 0;
}

static int collect(struct sorted *sorted)
{
	int ret = 0;

	for (size_t i = 0; i < sorted->n_refused && ret == 0; i++) {
		const struct refused_kind *kind = sorted->refused[i];
		const struct prefix address = place_address(&kind->place);

		if ((kind->place.protocol == IPPROTO_TCP || kind->place.protocol == IPPROTO_UDP) &&
			kind->place.knows & PLACE_PORT && kind->place.why == WHY_REFUSED)
			ret = suggest_add(&sorted->suggest, *kind->name == '\0' ? NULL : kind->name, &address,
				kind->place.port, kind->count);
	}
	for (size_t i = 0; i < sorted->n_questions && ret == 0; i++) {
		const struct question_kind *kind = sorted->questions[i];

		if (!asks_for_address(kind->key.type))
			continue;
		sorted->asked = true;
		ret = suggest_add(&sorted->suggest, kind->key.name, NULL, SUGGEST_PORT_UNKNOWN, kind->count);
	}
	suggest_sort(&sorted->suggest);
	return ret;
}

static void sorted_free(struct sorted *sorted)
{
	free(sorted->refused);
	free(sorted->questions);
	free(sorted->list);
	suggest_free(&sorted->suggest);
}

static int sort(const struct findings *findings, struct sorted *sorted)
{
	*sorted = (struct sorted){
		.refused = calloc(REPORT_KINDS, sizeof(struct refused_kind *)),
		.questions = calloc(REPORT_KINDS, sizeof(struct question_kind *)),
		.list = malloc(LIST_TEXT),
	};
	if (sorted->refused == NULL || sorted->questions == NULL || sorted->list == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < REPORT_KINDS; i++) {
		const struct refused_kind *refused = table_at(&findings->refused, i);
		const struct question_kind *question = table_at(&findings->questions, i);

		if (refused != NULL)
			sorted->refused[sorted->n_refused++] = refused;
		if (question != NULL)
			sorted->questions[sorted->n_questions++] = question;
	}
	qsort(sorted->refused, sorted->n_refused, sizeof(void *), more_refused_first);
	qsort(sorted->questions, sorted->n_questions, sizeof(void *), more_asked_first);
	if (collect(sorted) < 0)
		return -ENOMEM;
	sorted->list_left_out = suggest_list(&sorted->suggest, sorted->list, LIST_TEXT);
	return 0;
}

static void print_refused(const struct findings *findings, const struct sorted *sorted, FILE *out)
{
	fprintf(out, "refused packets: %" PRIu64 "\n", findings->packets);
	for (size_t i = 0; i < sorted->n_refused && i < REPORT_TOP; i++) {
		const struct refused_kind *kind = sorted->refused[i];
		struct line line = {.n = 0};

		place_words(&line, &kind->place, *kind->name == '\0' ? NULL : kind->name);
		if (kind->place.knows & PLACE_UID)
			line_add(&line, ", by uid %u", kind->place.uid);
		if (kind->place.why != WHY_REFUSED)
			line_add(&line, ", over the %s", event_why[kind->place.why]);
		fprintf(out, "%8" PRIu64 "  %s\n", kind->count, line.text);
	}
	if (sorted->n_refused > REPORT_TOP)
		fprintf(out, "          and %zu more places\n", sorted->n_refused - REPORT_TOP);
	if (findings->missed > 0)
		fprintf(out, "%8" PRIu64 "  came too fast to be recorded\n", findings->missed);
}

static void print_questions(const struct findings *findings, const struct sorted *sorted, FILE *out)
{
	if (findings->refused_questions == 0)
		return;
	fprintf(out, "refused DNS questions: %" PRIu64 "\n", findings->refused_questions);
	for (size_t i = 0; i < sorted->n_questions && i < REPORT_TOP; i++)
		fprintf(out, "%8" PRIu64 "  %s (%s)\n", sorted->questions[i]->count,
			sorted->questions[i]->key.name, sorted->questions[i]->key.type);
	if (sorted->n_questions > REPORT_TOP)
		fprintf(out, "          and %zu more\n", sorted->n_questions - REPORT_TOP);
}

static void print_entries(const struct sorted *sorted, FILE *out)
{
	const struct suggest *suggest = &sorted->suggest;
	const uint64_t left_out = suggest->left_out + sorted->list_left_out;
	char entry[SUGGEST_TEXT];

	if (suggest->n == 0)
		return;
	fprintf(out, "what would have allowed this (read it before you believe it):\n");
	fprintf(out, "PARA_ALLOWED_DOMAINS=%s\n{\"version\": 1, \"allow\": [", sorted->list);
	for (size_t i = 0; i < suggest->n; i++)
		fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", suggest_entry(&suggest->v[i], entry));
	fprintf(out, "]}\n");
	if (left_out > 0)
		fprintf(out, "and %" PRIu64 " more, for which there is no entry or no room\n", left_out);
	if (sorted->asked)
		fprintf(out,
			"the ports of names that DNS refused are not known; %d is supposed where no packet "
			"says another\n",
			SUGGEST_PORT_UNKNOWN);
}

int report_print(const struct findings *findings, FILE *out)
{
	struct sorted sorted;
	int ret = sort(findings, &sorted);

	if (ret == 0) {
		fprintf(out, "from %s to %s", findings->first, findings->last);
		if (findings->runs > 1)
			fprintf(out, ", %" PRIu64 " runs", findings->runs);
		fprintf(out, "\n");
		print_refused(findings, &sorted, out);
		print_questions(findings, &sorted, out);
		if (findings->others > 0)
			fprintf(out, "%8" PRIu64 "  of these of rarer kinds, which were not kept apart\n",
				findings->others);
		print_entries(&sorted, out);
		if (findings->strange > 0)
			fprintf(out,
				"lines that look like events and are none of this version's, passed over: "
				"%" PRIu64 "\n",
				findings->strange);
		ret = ferror(out) || fflush(out) != 0 ? -EIO : 0;
	}
	sorted_free(&sorted);
	return ret;
}

static json_t *refused_json(const struct refused_kind *kind)
{
	const struct prefix address = place_address(&kind->place);
	char text[PREFIX_TEXT], number[PROTOCOL_TEXT];
	json_t *object = json_pack("{s:I, s:s, s:s, s:s}", "count", (json_int_t)kind->count, "protocol",
		protocol_text(kind->place.protocol, number), "destination", prefix_text(&address, text),
		"why", event_why[kind->place.why]);

	if (kind->place.knows & PLACE_PORT)
		json_object_set_new(object, "port", json_integer(kind->place.port));
	if (kind->place.knows & PLACE_TYPE)
		json_object_set_new(object, "type", json_integer(kind->place.port));
	if (*kind->name != '\0')
		json_object_set_new(object, "name", json_string(kind->name));
	if (kind->place.knows & PLACE_UID)
		json_object_set_new(object, "uid", json_integer(kind->place.uid));
	return object;
}

static json_t *whole_json(const struct findings *findings, const struct sorted *sorted)
{
	json_t *refused = json_array(), *questions = json_array(), *allow = json_array();
	char entry[SUGGEST_TEXT];

	for (size_t i = 0; i < sorted->n_refused; i++)
		json_array_append_new(refused, refused_json(sorted->refused[i]));
	for (size_t i = 0; i < sorted->n_questions; i++)
		json_array_append_new(questions,
			json_pack("{s:I, s:s, s:s}", "count", (json_int_t)sorted->questions[i]->count, "name",
				sorted->questions[i]->key.name, "type", sorted->questions[i]->key.type));
	for (size_t i = 0; i < sorted->suggest.n; i++)
		json_array_append_new(allow, json_string(suggest_entry(&sorted->suggest.v[i], entry)));
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:{s:i, s:o}}", "from", findings->first,
		"to", findings->last, "packets", (json_int_t)findings->packets, "missed",
		(json_int_t)findings->missed, "dns_questions", (json_int_t)findings->refused_questions,
		"others", (json_int_t)findings->others, "refused", refused, "dns", questions, "policy",
		"version", 1, "allow", allow);
}

int report_print_json(const struct findings *findings, FILE *out)
{
	struct sorted sorted;
	int ret = sort(findings, &sorted);
	json_t *whole = NULL;

	if (ret == 0) {
		whole = whole_json(findings, &sorted);
		ret = whole == NULL ? -ENOMEM : 0;
	}
	if (ret == 0 &&
		(json_dumpf(whole, out, JSON_INDENT(2)) < 0 || fputc('\n', out) < 0 || fflush(out) != 0))
		ret = -EIO;
	json_decref(whole);
	sorted_free(&sorted);
	return ret;
}
