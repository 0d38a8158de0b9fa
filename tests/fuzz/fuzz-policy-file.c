/*
 * Any bytes as a policy file's text. What jansson accepts is found again at the place that is told for it,
 * name by name and value by value; whatever is refused is refused in words and with a place inside the text;
 * and a policy that is taken isolates, unless it says no in so many words.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <jansson.h>

#include "init/json-place.h"
#include "init/policy-file.h"
#include "util/log.h"

#define PATH  "/policy.json"
#define DEPTH 20 /* each level is read again for every level above it */

/* What stands at the place is the value. */
static void same(struct json_place place, const json_t *value)
{
	json_error_t bad;
	json_t *there = json_loads(place.at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &bad);

	must(there != NULL && json_equal(there, value));
	json_decref(there);
}

static void same_name(struct json_place place, const char *name)
{
	json_t *value = json_string(name);

	same(place, value);
	json_decref(value);
}

/* The line and the column, counted anew from the start. */
static void counted(const char *text, struct json_place place)
{
	unsigned int line = 1, column = 1;

	for (const char *c = text; c < place.at; c++) {
		if (*c == '\n') {
			line++;
			column = 1;
		} else if ((unsigned char)*c < 0x80 || (unsigned char)*c >= 0xC0) {
			column++;
		}
	}
	must(place.line == line && place.column == column);
}

static void find(const char *text, struct json_place place, json_t *value, int depth)
{
	struct json_place child = json_place_inside(place);
	const char *name;
	json_t *item;
	size_t i;

	if (depth > DEPTH)
		return;
	same(place, value);
	counted(text, place);
	if (json_is_object(value))
		json_object_foreach(value, name, item) {
			same_name(child, name);
			counted(text, child);
			child = json_place_value(child);
			find(text, child, item, depth + 1);
			child = json_place_next(child);
		}
	else if (json_is_array(value))
		json_array_foreach(value, i, item) {
			find(text, child, item, depth + 1);
			child = json_place_next(child);
		}
	else
		return;
	must(*child.at == (json_is_object(value) ? '}' : ']'));
}

/* "/policy.json:LINE:COLUMN: words", of a place that is there. */
static void check_error(const char *text, size_t size, const struct error *error)
{
	unsigned int line, column, lines = 1;
	int used = 0;

	must(error->kind == FAIL_CONFIG);
	must(sscanf(error->text, PATH ":%u:%u: %n", &line, &column, &used) == 2 && used > 0);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	must(error->text[used] != '\0' && line <= lines && column <= size + 1);
}

static bool says_no(const struct settings *settings)
{
	return settings->said[SETTING_ISOLATION] != NULL && !settings->isolated;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_setup(LOG_ERROR, false);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = text_of(bytes, size);
	struct policy policy = {0};
	struct settings settings = {.policy = &policy};
	struct error error = {0};
	json_error_t bad;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &bad);
	int ret = policy_file_read(PATH, text, size, &settings, &error);

	/* behind a zero byte nothing is looked for, and with one nothing is taken */
	if (strlen(text) < size)
		must(ret < 0);
	else if (root != NULL)
		find(text, json_place_first(text), root, 0);
	if (ret == 0) {
		must(json_is_object(root));
		if (settings_finish(&settings, true, &error) == 0)
			must(policy.isolated == !says_no(&settings));
		else
			must(error.kind == FAIL_CONFIG && error.text[0] != '\0');
	} else {
		check_error(text, size, &error);
	}
	json_decref(root);
	policy_free(&policy);
	free(text);
	return 0;
}
