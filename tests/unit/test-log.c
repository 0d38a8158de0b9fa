/* util/log.h: lines that are one line each, as text and as JSON. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "util/log.h"

static const char *formatted(enum log_level level, const char *message)
{
	static char line[500];
	int length = log_format(line, (int)sizeof(line) - 1, level, message);

	assert_in_range(length, 1, sizeof(line) - 1);
	line[length] = '\0';
	return line;
}

static void as_text(void **state)
{
	static const struct {
		enum log_level level;
		const char *message, *line;
	} rows[] = {
		{LOG_INFO, "open: loopback", "secure-init: open: loopback\n"},
		{LOG_ERROR, "it failed", "secure-init: it failed\n"},
		{LOG_WARN, "beware", "secure-init: warning: beware\n"},
		{LOG_DEBUG, "", "secure-init: \n"},
		{LOG_INFO, "two\nlines", "secure-init: two?lines\n"},
		{LOG_INFO, "\x1b[2Jgone\r\t\x7f\x01", "secure-init: ?[2Jgone????\n"},
		{LOG_INFO, "\"quoted\\", "secure-init: \"quoted\\\n"},
		{LOG_INFO, "m\xc3\xbcnchen", "secure-init: m\xc3\xbcnchen\n"},
		{LOG_INFO, "100%s %n", "secure-init: 100%s %n\n"},
	};

	(void)state;
	log_setup(LOG_INFO, false);
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(formatted(rows[i].level, rows[i].message), rows[i].line);
}

static void as_json(void **state)
{
	static const struct {
		enum log_level level;
		const char *message, *word, *read;
	} rows[] = {
		{LOG_INFO, "open: loopback", "info", "open: loopback"},
		{LOG_ERROR, "", "error", ""},
		{LOG_WARN, "say \"hello\"", "warn", "say \"hello\""},
		{LOG_DEBUG, "back\\slash\\", "debug", "back\\slash\\"},
		{LOG_INFO, "\",\"level\":\"error", "info", "\",\"level\":\"error"},
		{LOG_INFO, "two\nlines\x01\x7f", "info", "two?lines??"},
		{LOG_INFO, "m\xc3\xbcnchen \xff", "info", "m??nchen ?"},
	};

	(void)state;
	log_setup(LOG_INFO, true);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *line = formatted(rows[i].level, rows[i].message);
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		must(root != NULL, "no JSON: %s", line);
		must(strchr(line, '\n') == line + strlen(line) - 1, "not one line: %s", line);
		assert_string_equal(json_string_value(json_object_get(root, "level")), rows[i].word);
		assert_string_equal(json_string_value(json_object_get(root, "message")), rows[i].read);
		json_decref(root);
	}
	log_setup(LOG_INFO, false);
}

/* Whatever the size from 16 on, the line ends, is no longer than that, and stays JSON once that fits at all.
 */
static void in_little_room(void **state)
{
	const char *messages[] = {times("x", 500), times("\"", 500), times("\\", 500), times("x\"", 250)};

	(void)state;
	for (size_t m = 0; m < LENGTH(messages); m++) {
		for (int json = 0; json < 2; json++) {
			log_setup(LOG_INFO, json == 1);
			for (int size = 16; size < 400; size++) {
				char *line = malloc((size_t)size);
				int length = log_format(line, size, LOG_WARN, messages[m]);

				must(length > 0 && length <= size, "%d of %d", length, size);
				must(line[length - 1] == '\n', "no end at %d", size);
				if (json == 1 && size >= 70) {
					json_t *root = json_loadb(line, (size_t)length, 0, NULL);

					must(root != NULL, "no JSON at %d: %.*s", size, length, line);
					json_decref(root);
				}
				free(line);
			}
		}
	}
	log_setup(LOG_INFO, false);
}

static void what_is_said_at_which_level(void **state)
{
	static const struct {
		enum log_level level;
		const char *lines;
	} rows[] = {
		{LOG_ERROR, "secure-init: e1\n"},
		{LOG_WARN, "secure-init: e1\nsecure-init: warning: w2\n"},
		{LOG_INFO, "secure-init: e1\nsecure-init: warning: w2\nsecure-init: i3\n"},
		{LOG_DEBUG, "secure-init: e1\nsecure-init: warning: w2\nsecure-init: i3\nsecure-init: d4\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		log_setup(rows[i].level, false);
		hear_begin();
		log_error("e%d", 1);
		log_warn("w%d", 2);
		log_info("i%d", 3);
		log_debug("d%d", 4);
		assert_string_equal(hear_end(), rows[i].lines);
		for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
			assert_int_equal(log_enabled((enum log_level)level), level <= (int)rows[i].level);
	}
	log_setup(LOG_INFO, false);
}

static void a_message_longer_than_a_line(void **state)
{
	const char *heard;

	(void)state;
	for (int json = 0; json < 2; json++) {
		log_setup(LOG_INFO, json == 1);
		hear_begin();
		log_info("%s", times("\"", 8000));
		heard = hear_end();
		must(strchr(heard, '\n') == heard + strlen(heard) - 1, "not one line: %s", heard);
		must(strlen(heard) > 2000, "only %zu characters", strlen(heard));
		if (json == 1) {
			json_t *root = json_loads(heard, 0, NULL);

			must(root != NULL, "no JSON: %s", heard);
			json_decref(root);
		}
	}
	log_setup(LOG_INFO, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text),
		cmocka_unit_test(as_json),
		cmocka_unit_test(in_little_room),
		cmocka_unit_test(what_is_said_at_which_level),
		cmocka_unit_test(a_message_longer_than_a_line),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
