/* init/report.h: what a record says, whatever else stands in the file. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "init/report.h"

/* In the lines below a ' stands for each ", and this for the time. */
#define AT "{'time':'2026-11-26T03:15:27.123Z',"

static char printed[200000];

/* Returns what report_file does of that text; printed is its output. */
static int report_of(const char *text, size_t length, bool json, struct error *error)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, length, "r");
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	int ret;

	assert_true(file != NULL && out != NULL);
	memset(printed, 0, sizeof(printed));
	ret = report_file(file, "FILE", out, json, error);
	fclose(file);
	fclose(out);
	return ret;
}

/* The lines as a file has them; free gives it back. */
static char *file_of_lines(const char *const *lines, size_t n)
{
	char *text = calloc(n, 600), *at = text;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		at += sprintf(at, "%.590s\n", lines[i]);
	while ((at = strchr(text, '\'')) != NULL)
		*at = '"';
	return text;
}

static void must_report(const char *const *lines, size_t n, bool json, const char *words)
{
	char *text = file_of_lines(lines, n);
	struct error error;

	must(report_of(text, strlen(text), json, &error) == 0, "%s", error.text);
	must(says(printed, words), "'%s' does not say '%s'", printed, words);
	free(text);
}

static void a_record_is_summed_up(void **state)
{
	static const char *const lines[] = {
		AT "'event':'begin'}",
		"agent: hello",
		"{'a':1}",
		"2026-11-26T03:15:28Z " AT
		"'event':'refused','protocol':'tcp','destination':'151.101.1.69','port':443,"
		"'name':'example.org','uid':1000,'source':'172.17.0.2','source_port':5,'why':'refused','"
		"count':1}",
		AT "'event':'refused','protocol':'icmp','destination':'192.0.2.1','type':8,'why':'refused','"
		   "count':3}",
		"{'time':'2026-11-26T03:16:27.123Z','event':'refused','protocol':'tcp','destination':'151."
		"101.1.69',"
		"'port':443,'name':'example.org','uid':1000,'why':'refused','count':41,'seconds':60}",
		AT "'event':'refused','protocol':'udp','destination':'2001:db8::1','port':9,'why':'refused','"
		   "count':2}",
		AT "'event':'refused','protocol':'tcp','destination':'192.0.2.7','port':22,'why':'limit','"
		   "count':2}",
		AT "'event':'dns','name':'bad.example','type':'AAAA','verdict':'refused','count':5}",
		AT "'event':'dns','name':'t.bad.example','type':'TXT','verdict':'refused','count':1}",
		AT "'event':'dns','name':'good.example','type':'A','verdict':'allowed','count':1}",
		AT "'event':'others','of':'refused','count':7}",
		AT "'event':'missed','count':6}",
		AT "'event':'surprise'}",
		AT "'event':'end','refused':9}",
	};

	(void)state;
	must_report(lines, LENGTH(lines), false,
		"from 2026-11-26T03:15:27.123Z to 2026-11-26T03:16:27.123Z\n|refused packets: 62\n|"
		"      42  tcp to 151.101.1.69 port 443 (example.org), by uid 1000\n|"
		"       3  icmp type 8 to 192.0.2.1\n|"
		"       2  tcp to 192.0.2.7 port 22, over the limit\n|"
		"       6  came too fast to be recorded\n|"
		"refused DNS questions: 6\n|       5  bad.example (AAAA)\n|       1  t.bad.example (TXT)\n|"
		"       7  of these of rarer kinds|"
		"PARA_ALLOWED_DOMAINS=example.org:443,bad.example:443,[2001:db8::1]:9\n");
	assert_true(says(printed, "[\"example.org:443\", \"bad.example:443\", \"[2001:db8::1]:9\"]}\n|"
				  "443 is supposed|passed over: 1\n"));
}

static void as_json(void **state)
{
	static const char *const lines[] = {
		AT "'event':'refused','protocol':'tcp','destination':'151.101.1.69','port':443,'uid':0,"
		   "'why':'refused','count':4}",
		AT "'event':'dns','name':'a.example','type':'A','verdict':'refused','count':2}",
	};
	const char *entry;
	json_int_t count;
	json_t *root;

	(void)state;
	must_report(lines, LENGTH(lines), true, "");
	root = json_loads(printed, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:[{s:I}], s:{s:[s,s]}}", "refused", "count", &count, "policy",
				 "allow", &entry, &entry),
		0);
	assert_int_equal(count, 4);
	assert_string_equal(entry, "a.example:443");
	json_decref(root);
}

#define PACKET "'event':'refused','protocol':'tcp','destination':'192.0.2.1',"

/* The agent may write what it likes to the same standard error. */
static void what_is_no_event_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		AT,
		AT "}",
		AT "'event':'refused'}",
		AT "'event':7}",
		"{'time':7,'event':'end'}",
		"{'time':'yesterday','event':'end'}",
		AT
		"'event':'refused','protocol':'tcp','destination':'here','port':1,'why':'refused','count':1}",
		AT "'event':'refused','protocol':'tcp','destination':'10.0.0.0/8','why':'refused','count':1}",
		AT "'event':'refused','protocol':'256','destination':'192.0.2.1','why':'refused','count':1}",
		AT PACKET "'port':65536,'why':'refused','count':1}",
		AT PACKET "'port':'1','why':'refused','count':1}",
		AT PACKET "'port':1,'uid':-1,'why':'refused','count':1}",
		AT PACKET "'port':1,'why':'fun','count':1}",
		AT PACKET "'port':1,'why':'refused','count':-1}",
		AT PACKET "'port':1,'why':'refused','count':1e3}",
		AT PACKET "'port':1,'why':'refused'}",
		AT PACKET "'port':1,'why':'refused','count':1",
		AT "'event':'dns','name':'a','type':'A','verdict':'maybe','count':1}",
		AT "'event':'dns','name':7,'type':'A','verdict':'refused','count':1}",
		AT "'event':'others','count':1}",
		AT "'event':'end','event':'end'}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		char *text = file_of_lines(&lines[i], 1);
		struct error error;

		must(report_of(text, strlen(text), false, &error) < 0, "'%s' is taken", lines[i]);
		must_say(&error, FAIL_USAGE, "FILE holds no event", lines[i]);
		free(text);
	}
}

static void hostile_text_does_not_reach_the_terminal(void **state)
{
	static const char *const lines[] = {
		AT PACKET "'port':443,'name':'a\\u001b[2J,evil.example','why':'refused','count':1}",
		AT "'event':'dns','name':'\\u001b]0;x\\u0007','type':'A\\n','verdict':'refused','count':1}",
	};

	(void)state;
	must_report(
		lines, LENGTH(lines), false, "tcp to 192.0.2.1 port 443 (a?[2J,evil.example)|?]0;x? (A?)");
	assert_null(strchr(printed, '\x1b'));
	assert_null(strstr(printed, "evil.example:443"));
}

/* More kinds than there is room for, long lines, zero bytes: bounded, and the counts stay. */
static void big_files_are_bounded(void **state)
{
	const size_t room = 4UL * 1024 * 1024;
	char *text = malloc(room), *at = text;
	struct error error;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < REPORT_KINDS + 1000; i++)
		at += sprintf(at,
			"{\"time\":\"2026-11-26T03:15:27.123Z\",\"event\":\"refused\",\"protocol\":\"udp\","
			"\"destination\":\"10.0.%d.%d\",\"port\":9,\"why\":\"refused\",\"count\":%d}\n",
			i / 256, i % 256, i == 7 ? 100 : 1);
	memset(at, 'x', 100000);
	at += 100000;
	*at++ = '\n';
	*at++ = '\0';
	*at++ = '\n';
	must(report_of(text, (size_t)(at - text), false, &error) == 0, "%s", error.text);
	must(says(printed, "refused packets: 5195\n|     100  udp to 10.0.0.7 port 9\n|and 4076 more places"),
		"%.500s", printed);
	free(text);
}

static void arguments_are_a_file_and_a_form(void **state)
{
	char *none[] = {(char[]){NO_FILE}, NULL};
	char *two[] = {(char[]){"json"}, (char[]){NO_FILE}, (char[]){"b"}, NULL};
	struct error error;

	(void)state;
	assert_true(report(none, &error) < 0);
	must_say(&error, FAIL_USAGE, NO_FILE "|No such file", "no file");
	assert_true(report(two, &error) < 0);
	must_say(&error, FAIL_USAGE, "one file, not also 'b'", "two files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_summed_up),
		cmocka_unit_test(as_json),
		cmocka_unit_test(what_is_no_event_is_passed_over),
		cmocka_unit_test(hostile_text_does_not_reach_the_terminal),
		cmocka_unit_test(big_files_are_bounded),
		cmocka_unit_test(arguments_are_a_file_and_a_form),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
