/* init/json-place.h: lines and columns, as an editor shows them. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "init/json-place.h"

static void must_be(struct json_place place, unsigned int line, unsigned int column, const char *starts)
{
	must(place.line == line && place.column == column, "%u:%u, not %u:%u, for %s", place.line,
		place.column, line, column, starts);
	must(strncmp(place.at, starts, strlen(starts)) == 0, "'%.20s', not '%s'", place.at, starts);
}

static void members_and_items(void **state)
{
	static const char text[] = "\n {\"a\": [1, \"x\",\n\t{\"deep\": [[]]}] ,\r\n\n  \"b\"\n:\ntrue}";
	struct json_place place = json_place_first(text), item;

	(void)state;
	must_be(place, 2, 2, "{");
	place = json_place_inside(place);
	must_be(place, 2, 3, "\"a\"");
	place = json_place_value(place);
	must_be(place, 2, 8, "[1");
	item = json_place_inside(place);
	must_be(item, 2, 9, "1");
	item = json_place_next(item);
	must_be(item, 2, 12, "\"x\"");
	item = json_place_next(item);
	must_be(item, 3, 2, "{\"deep\"");
	item = json_place_next(item);
	must_be(item, 3, 16, "]");
	place = json_place_next(place);
	must_be(place, 5, 3, "\"b\"");
	place = json_place_value(place);
	must_be(place, 7, 1, "true");
	must_be(json_place_next(place), 7, 5, "}");
}

static void what_is_inside_strings_does_not_count(void **state)
{
	struct json_place place = json_place_inside(json_place_first("[\"]},{[\\\"\", \"\\\\\", 3]"));

	(void)state;
	must_be(place, 1, 2, "\"]},{");
	place = json_place_next(place);
	must_be(place, 1, 13, "\"\\\\\"");
	must_be(json_place_next(place), 1, 19, "3");
}

static void columns_are_characters(void **state)
{
	struct json_place place =
		json_place_inside(json_place_first("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7\", 1]"));

	(void)state;
	must_be(json_place_next(place), 1, 9, "1");
}

static void empty_ones(void **state)
{
	(void)state;
	must_be(json_place_inside(json_place_first("{ }")), 1, 3, "}");
	must_be(json_place_next(json_place_inside(json_place_first("[[],{}]"))), 1, 5, "{}");
}

static void the_end(void **state)
{
	(void)state;
	must_be(json_place_end("{\n}"), 2, 2, "");
	must_be(json_place_end(""), 1, 1, "");
}

/* What jansson would not have accepted is walked over too, but never past its end. */
static void the_end_is_the_end(void **state)
{
	static const char *const texts[] = {
		"", "[", "{\"a", "[\"\\", "{\"a\":", "[[[", "]", "}x", "[\"\\\"", ":"};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		const char *end = texts[i] + strlen(texts[i]);
		const struct json_place place = json_place_first(texts[i]);

		must(json_place_next(place).at <= end, "%s", texts[i]);
		must(json_place_next(json_place_value(json_place_inside(place))).at <= end, "%s", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_items),
		cmocka_unit_test(what_is_inside_strings_does_not_count),
		cmocka_unit_test(columns_are_characters),
		cmocka_unit_test(empty_ones),
		cmocka_unit_test(the_end),
		cmocka_unit_test(the_end_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
