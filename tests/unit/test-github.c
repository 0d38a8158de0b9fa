/* fw/github.h: what of GitHub's meta answer is believed, and what is not. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/github.h"

static const char *in_words(const struct prefixes *ranges)
{
	static char text[4000];
	char address[PREFIX_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < ranges->n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
			prefix_text(&ranges->v[i], address));
	return text;
}

static void answers_that_are_taken(void **state)
{
	static const struct {
		const char *body, *ranges;
	} rows[] = {
		{"{\"web\":[\"140.82.112.0/20\"],\"api\":[\"192.30.252.0/22\"],\"git\":[\"2606:50c0::/32\"]}",
			"140.82.112.0/20 192.30.252.0/22 2606:50c0::/32"},
		/* others' fields are passed over, whatever they hold */
		{"{\"verifiable_password_authentication\":false,\"hooks\":[\"rubbish\",7],\"web\":[\"1.0.0.0/"
		 "24\"],"
		 "\"api\":[\"1.0.1.0/24\",\"1.0.2.0/24\"],\"actions\":{\"x\":null},\"git\":[\"1.0.3.4\"]}",
			"1.0.0.0/24 1.0.1.0/24 1.0.2.0/24 1.0.3.4"},
		{" \n{ \"git\" : [ \"1.0.0.0/24\" ] , \"web\":[\"1.0.0.0/24\"],\"api\":[\"1.0.0.0/24\"] "
		 "}\r\n",
			"1.0.0.0/24 1.0.0.0/24 1.0.0.0/24"},
		{"{\"web\":[\"1.0.0.0\\/24\"],\"api\":[\"1.0.0.1\\u002f32\"],\"git\":[\"2606:50c0::1/128\"]}",
			"1.0.0.0/24 1.0.0.1 2606:50c0::1"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefixes ranges = {0};
		char why[GITHUB_TEXT] = "";

		must(github_parse(rows[i].body, strlen(rows[i].body), &ranges, why) == 0, "%s: %s",
			rows[i].body, why);
		must(strcmp(in_words(&ranges), rows[i].ranges) == 0, "%s: %s", rows[i].body,
			in_words(&ranges));
		prefixes_free(&ranges);
	}
}

#define GOOD "\"web\":[\"1.0.0.0/24\"],\"api\":[\"1.0.1.0/24\"]"

static void answers_that_are_not(void **state)
{
	static const struct {
		const char *body, *words;
	} rows[] = {
		{"", "not JSON"},
		{" ", "not JSON"},
		{"<!DOCTYPE html>\n<html><body>Rate limited</body></html>",
			"not JSON|line 1|'<!DOCTYPE html>"},
		{"{", "not JSON"},
		{"{" GOOD, "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\"]", "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\"]}}", "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\"]} x", "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\"],}", "not JSON"},
		{"\xef\xbb\xbf{" GOOD ",\"git\":[\"1.0.2.0/24\"]}", "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\xff\"]}", "not JSON"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\\u0000\"]}", "not JSON"},
		/* two of a field: no two readers would agree which counts */
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\"],\"git\":[\"1.0.3.0/24\"]}", "not JSON|duplicate"},
		{"null", "not JSON"},
		{"\"web\"", "not JSON"},
		{"[]", "no list of ranges named \"web\""},
		{"{}", "no list of ranges named \"web\""},
		{"{\"message\":\"API rate limit exceeded\"}", "no list of ranges named \"web\""},
		{"{" GOOD "}", "no list of ranges named \"git\""},
		{"{" GOOD ",\"Git\":[\"1.0.2.0/24\"]}", "\"git\""},
		{"{" GOOD ",\"git\":[]}", "no list of ranges named \"git\""},
		{"{" GOOD ",\"git\":null}", "no list of ranges named \"git\""},
		{"{" GOOD ",\"git\":\"1.0.2.0/24\"}", "no list of ranges named \"git\""},
		{"{" GOOD ",\"git\":{\"0\":\"1.0.2.0/24\"}}", "no list of ranges named \"git\""},
		{"{\"web\":[\"1.0.0.0/24\"],\"git\":[\"1.0.0.0/24\"]}", "no list of ranges named \"api\""},
		{"{" GOOD ",\"git\":[7]}", "item 1 of \"git\"|(no string)"},
		{"{" GOOD ",\"git\":[null]}", "item 1 of \"git\"|(no string)"},
		{"{" GOOD ",\"git\":[[\"1.0.2.0/24\"]]}", "item 1 of \"git\"|(no string)"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24\",\"\"]}", "item 2 of \"git\"|''"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/24 \"]}", "item 1 of \"git\"|'1.0.2.0/24 '"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/33\"]}", "not a network"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/024\"]}", "not a network"},
		{"{" GOOD ",\"git\":[\"1.0.2.0/-1\"]}", "not a network"},
		{"{" GOOD ",\"git\":[\"github.com\"]}", "not a network|'github.com'"},
		/* bits after the length: somebody meant another network than the one that is written */
		{"{" GOOD ",\"git\":[\"1.0.2.1/24\"]}", "not a network|'1.0.2.1/24'"},
		{"{" GOOD ",\"git\":[\"2606:50c0::1/32\"]}", "not a network"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct prefixes ranges = {0};
		char why[GITHUB_TEXT] = "";
		int ret = github_parse(rows[i].body, strlen(rows[i].body), &ranges, why);

		must(ret == -EBADMSG, "%s: %d, %s", rows[i].body, ret, in_words(&ranges));
		must(says(why, rows[i].words), "%s: '%s' does not say '%s'", rows[i].body, why,
			rows[i].words);
		prefixes_free(&ranges);
	}
}

static void bodies_that_do_not_end_with_zero(void **state)
{
	static const char good[] = "{" GOOD ",\"git\":[\"1.0.2.0/24\"]}";

	(void)state;
	for (size_t length = 0; length < sizeof(good); length++) {
		char *body =
			malloc(length > 0 ? length : 1); /* just as long, so that ASan sees one byte more */
		struct prefixes ranges = {0};
		char why[GITHUB_TEXT];
		int ret;

		memcpy(body, good, length);
		ret = github_parse(body, length, &ranges, why);
		must(ret == (length == sizeof(good) - 1 ? 0 : -EBADMSG), "%zu bytes: %d", length, ret);
		prefixes_free(&ranges);
		free(body);
	}
}

static void long_and_deep_ones(void **state)
{
	const size_t room = 300000;
	char *body = malloc(room), why[GITHUB_TEXT];
	struct prefixes ranges = {0};
	size_t used;

	(void)state;
	assert_non_null(body);
	memset(body, '[', room);
	assert_int_equal(github_parse(body, room, &ranges, why), -EBADMSG);
	must(says(why, "not JSON"), "%s", why);

	used = (size_t)snprintf(body, room, "{" GOOD ",\"git\":[");
	for (unsigned int i = 0; i < 10000; i++)
		used += (size_t)snprintf(
			body + used, room - used, "%s\"2.%u.%u.0/24\"", i > 0 ? "," : "", i / 256, i % 256);
	used += (size_t)snprintf(body + used, room - used, "]}");
	assert_int_equal(github_parse(body, used, &ranges, why), 0);
	assert_int_equal(ranges.n, 10002);
	prefixes_free(&ranges);

	used = (size_t)snprintf(body, room, "{" GOOD ",\"git\":[\"%s\"]}", times("x", 5000));
	assert_int_equal(github_parse(body, used, &ranges, why), -EBADMSG);
	must(says(why, "not a network: 'xxx|xxx'"), "%s", why);
	prefixes_free(&ranges);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_are_taken),
		cmocka_unit_test(answers_that_are_not),
		cmocka_unit_test(bodies_that_do_not_end_with_zero),
		cmocka_unit_test(long_and_deep_ones),
	};

	return cmocka_run_group_tests_name("github", tests, NULL, NULL);
}
