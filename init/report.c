/*
 * Reading and summing up; how it is printed is init/report-print.c's. Whoever can write to the record can
 * write anything: what is not a whole event of ours is passed over, and names are made safe before they are
 * shown.
 */
#include "init/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "init/report-print.h"
#include "util/cleanup.h"
#include "util/lines.h"

static const char *text_of(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

/* False if it is there and not such a number; *there says if it is there at all. */
static bool number_of(const json_t *event, const char *key, json_int_t max, json_int_t *number, bool *there)
{
	const json_t *value = json_object_get(event, key);

	*there = value != NULL;
	*number = json_integer_value(value);
	return value == NULL || (json_is_integer(value) && *number >= 0 && *number <= max);
}

static int word_of(const char *const *words, int n, const char *text)
{
	for (int i = 0; i < n && text != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static void copy_safe(char *to, size_t size, const char *from)
{
	struct line line = {.n = 0};

	line_add_safe(&line, from);
	snprintf(to, size, "%.*s", (int)size - 1, line.text);
}

/* The weight is for who has to make room; the count is exact. */
static void *kind_of(struct table *table, const void *key)
{
	void *kind = table_find(table, key);

	if (kind != NULL)
		return kind;
	kind = table_least(table);
	if (kind != NULL)
		table_drop(table, kind);
	return table_add(table, key);
}

static void weigh(struct table_slot *slot, uint64_t count)
{
	slot->weight = count > UINT32_MAX - slot->weight ? UINT32_MAX : slot->weight + (uint32_t)count;
}

static bool read_place(const json_t *event, struct place *place)
{
	const char *destination = text_of(event, "destination"), *protocol = text_of(event, "protocol");
	const int why = word_of(event_why, WHYS, text_of(event, "why"));
	const int number = protocol == NULL ? -1 : protocol_number(protocol);
	json_int_t port, type, uid;
	bool has_port, has_type, has_uid;
	struct prefix address;

	if (destination == NULL || number < 0 || why < 0 || prefix_parse(destination, &address, NULL) < 0 ||
		!prefix_is_address(&address) || !number_of(event, "port", UINT16_MAX, &port, &has_port) ||
		!number_of(event, "type", UINT8_MAX, &type, &has_type) ||
		!number_of(event, "uid", UINT32_MAX, &uid, &has_uid))
		return false;
	*place = (struct place){
		.uid = (uint32_t)uid,
		.port = (uint16_t)(has_port ? port : type),
		.family = address.family,
		.protocol = (uint8_t)number,
		.why = (uint8_t)why,
		.knows = (uint8_t)((has_port ? PLACE_PORT : 0) | (has_type && !has_port ? PLACE_TYPE : 0) |
				   (has_uid ? PLACE_UID : 0) |
				   (json_is_true(json_object_get(event, "fragment")) ? PLACE_FRAGMENT : 0)),
	};
	memcpy(place->addr, address.addr, sizeof(place->addr));
	return true;
}

static bool take_refused(struct findings *findings, const json_t *event, uint64_t count)
{
	const char *name = text_of(event, "name");
	struct refused_kind *kind;
	struct place place;

	if (!read_place(event, &place))
		return false;
	kind = kind_of(&findings->refused, &place);
	weigh(&kind->slot, count);
	kind->count += count;
	if (name != NULL)
		copy_safe(kind->name, sizeof(kind->name), name);
	findings->packets += count;
	return true;
}

/* Types that have no name of ours are "TYPE65280"; their number is of no interest here. */
static bool take_question(struct findings *findings, const json_t *event, uint64_t count)
{
	const char *name = text_of(event, "name"), *type = text_of(event, "type");
	const int verdict = word_of(event_verdict, DNS_VERDICTS, text_of(event, "verdict"));
	struct question_key key = {0};
	struct question_kind *kind;

	if (name == NULL || type == NULL || verdict < 0 || strlen(name) >= sizeof(key.name))
		return false;
	if (verdict != DNS_REFUSED)
		return true;
	copy_safe(key.name, sizeof(key.name), name);
	copy_safe(key.type, sizeof(key.type), type);
	kind = kind_of(&findings->questions, &key);
	weigh(&kind->slot, count);
	kind->count += count;
	findings->refused_questions += count;
	return true;
}

static bool take_others(struct findings *findings, const json_t *event, uint64_t count)
{
	const char *of = text_of(event, "of");

	if (of == NULL)
		return false;
	if (strcmp(of, "dns") == 0)
		findings->refused_questions += count;
	else
		findings->packets += count;
	findings->others += count;
	return true;
}

/* Returns whether it is an event of ours. */
static bool take_event(struct findings *findings, const json_t *event)
{
	const char *kind = text_of(event, "event"), *time = text_of(event, "time");
	json_int_t count;
	bool counted, ours;

	if (kind == NULL || time == NULL || strlen(time) != TIME_TEXT - 1 ||
		!number_of(event, "count", INT64_C(1) << 53, &count, &counted))
		return false;
	if (counted && strcmp(kind, "refused") == 0) {
		ours = take_refused(findings, event, (uint64_t)count);
	} else if (counted && strcmp(kind, "dns") == 0) {
		ours = take_question(findings, event, (uint64_t)count);
	} else if (counted && strcmp(kind, "others") == 0) {
		ours = take_others(findings, event, (uint64_t)count);
	} else if (counted && strcmp(kind, "missed") == 0) {
		findings->packets += (uint64_t)count;
		findings->missed += (uint64_t)count;
		ours = true;
	} else {
		ours = strcmp(kind, "end") == 0 || strcmp(kind, "begin") == 0 || strcmp(kind, "needed") == 0;
		findings->runs += strcmp(kind, "begin") == 0;
	}
	if (!ours)
		return false;
	/* lines of several writers may be out of order; times of this form sort as text */
	if (findings->events++ == 0 || strcmp(time, findings->first) < 0)
		copy_safe(findings->first, sizeof(findings->first), time);
	if (strcmp(time, findings->last) > 0)
		copy_safe(findings->last, sizeof(findings->last), time);
	return true;
}

/* An event may stand behind what somebody else put in front of each line, as docker logs --timestamps does.
 */
static void take_line(struct findings *findings, const char *line)
{
	const char *start = strstr(line, "{\"time\":");
	json_t *event = start == NULL ? NULL : json_loads(start, JSON_REJECT_DUPLICATES, NULL);

	if (event != NULL && !take_event(findings, event))
		findings->strange++;
	json_decref(event);
}

int report_file(FILE *file, const char *name, FILE *out, bool json, struct error *error)
{
	struct findings findings = {.events = 0};
	char line[REPORT_LINE];
	int ret = 0;

	if (table_make(&findings.refused, REPORT_KINDS, sizeof(struct place), sizeof(struct refused_kind)) <
			0 ||
		table_make(&findings.questions, REPORT_KINDS, sizeof(struct question_key),
			sizeof(struct question_kind)) < 0)
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the report");
	while (ret == 0 && lines_next(file, line, sizeof(line)))
		take_line(&findings, line);
	if (ret == 0 && ferror(file))
		ret = error_set(error, FAIL_SYSTEM, EIO, "%.300s cannot be read: %s", name, strerror(errno));
	if (ret == 0 && findings.events == 0)
		ret = error_set(error, FAIL_USAGE, ENODATA,
			"%.300s holds no event of a record; a run with PARA_AUDIT=stderr, or a path, writes "
			"one",
			name);
	if (ret == 0 && (json ? report_print_json(&findings, out) : report_print(&findings, out)) < 0)
		ret = error_set(error, FAIL_SYSTEM, EIO, "the report could not be written");
	table_free(&findings.refused);
	table_free(&findings.questions);
	return ret;
}

int report(char *const *arguments, struct error *error)
{
	cleanup_file FILE *file = NULL;
	const char *name = NULL;
	bool json = false;

	for (; *arguments != NULL; arguments++) {
		if (strcmp(*arguments, "json") == 0 && !json)
			json = true;
		else if (name == NULL)
			name = *arguments;
		else
			return error_set(error, FAIL_USAGE, EINVAL,
				"report takes one file, not also '%.60s' (write ./json for a file of that "
				"name)",
				*arguments);
	}
	if (name == NULL || strcmp(name, "-") == 0)
		return report_file(stdin, "standard input", stdout, json, error);
	file = fopen(name, "re");
	if (file == NULL)
		return error_set(error, FAIL_USAGE, errno, "%.300s: %s", name, strerror(errno));
	return report_file(file, name, stdout, json, error);
}
