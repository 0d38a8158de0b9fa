/*
 * guard/audit/tally.h, guard/audit/ending.h: each kind said once and then counted, nothing lost in counting,
 * and lines that are JSON whatever is in them. Time is the test's own.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <jansson.h>

#include "guard/audit/ending.h"
#include "guard/audit/tally.h"

/* A tally that writes into memory. */
struct bench {
	struct sink sink;
	struct tally *tally;
	char *json, *words;
	int64_t now;
};

static void bench_begin(struct bench *bench, bool dns_log)
{
	*bench = (struct bench){.now = 1000000};
	bench->sink.json.fd = memfd_create("json", MFD_CLOEXEC);
	bench->sink.words.fd = memfd_create("words", MFD_CLOEXEC);
	bench->sink.summary = bench->sink.words;
	bench->sink.json.owned = bench->sink.words.owned = true;
	assert_int_equal(tally_make(&bench->sink, dns_log, bench->now, &bench->tally), 0);
}

static char *content(int fd)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	return text;
}

/* What has been written so far, in bench->json and bench->words. */
static void bench_read(struct bench *bench)
{
	free(bench->json);
	free(bench->words);
	bench->json = content(bench->sink.json.fd);
	bench->words = content(bench->sink.words.fd);
}

static void bench_end(struct bench *bench)
{
	tally_free(bench->tally);
	sink_close(&bench->sink);
	free(bench->json);
	free(bench->words);
}

/* Every line is one object; returns the sum of a number in those of an event, and how many lines there are.
 */
static uint64_t sum(struct bench *bench, const char *event, const char *key, unsigned int *lines)
{
	char *copy, *rest, *line;
	uint64_t total = 0;

	bench_read(bench);
	*lines = 0;
	rest = copy = strdup(bench->json);
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		must(json_is_object(root), "no JSON: %s", line);
		if (strcmp(json_string_value(json_object_get(root, "event")), event) == 0) {
			total += (uint64_t)json_integer_value(json_object_get(root, key));
			(*lines)++;
		}
		json_decref(root);
	}
	free(copy);
	return total;
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static struct nflog packet_to(const char *destination, uint16_t port)
{
	return (struct nflog){
		.destination = prefix(destination),
		.source = prefix("172.17.0.2"),
		.protocol = IPPROTO_TCP,
		.has_ports = true,
		.port = port,
		.source_port = 40000,
		.has_uid = true,
		.uid = 1000,
	};
}

static void the_first_is_said_and_the_rest_counted(void **state)
{
	const struct nflog packet = packet_to("151.101.1.69", 443);
	unsigned int lines;
	struct bench bench;

	(void)state;
	bench_begin(&bench, false);
	for (int i = 0; i < 42; i++) {
		tally_packet(bench.tally, &packet, "example.org", bench.now);
		bench.now += 1000;
		tally_tick(bench.tally, bench.now);
	}
	assert_int_equal(sum(&bench, "refused", "count", &lines), 1);
	assert_string_equal(bench.words,
		"secure-init: refused: tcp to 151.101.1.69 port 443 (example.org), by uid 1000\n");
	must(says(bench.json, "\"protocol\":\"tcp\",\"destination\":\"151.101.1.69\",\"port\":443,\"name\":"
			      "\"example.org\","
			      "\"uid\":1000,\"source\":\"172.17.0.2\",\"source_port\":40000,\"why\":"
			      "\"refused\",\"count\":1,"
			      "\"suppressed\":0}"),
		"%s", bench.json);
	bench.now = 1000000 + 59999;
	tally_tick(bench.tally, bench.now);
	assert_int_equal(sum(&bench, "refused", "count", &lines), 1);
	bench.now++;
	tally_tick(bench.tally, bench.now);
	assert_int_equal(sum(&bench, "refused", "count", &lines), 42);
	assert_int_equal(lines, 2);
	must(says(bench.words, "(example.org), by uid 1000: 41 more in 60 s\n"), "%s", bench.words);
	must(says(bench.json, "\"count\":41,\"suppressed\":41,\"seconds\":60}"), "%s", bench.json);
	/* silence, and then it is news again */
	bench.now += 60000;
	tally_tick(bench.tally, bench.now);
	tally_packet(bench.tally, &packet, NULL, bench.now);
	assert_int_equal(sum(&bench, "refused", "count", &lines), 43);
	assert_int_equal(lines, 3);
	bench_end(&bench);
}

static void kinds_are_told_apart(void **state)
{
	struct nflog packets[8];
	unsigned int lines;
	struct bench bench;

	(void)state;
	for (size_t i = 0; i < LENGTH(packets); i++)
		packets[i] = packet_to("192.0.2.1", 80);
	packets[1].port = 81;
	packets[2].protocol = IPPROTO_UDP;
	packets[3].uid = 0;
	packets[4].why = WHY_QUOTA;
	packets[5].destination = prefix("2001:db8::1");
	packets[6].has_uid = packets[6].has_ports = false;
	packets[6].later_fragment = true;
	packets[7].has_ports = false;
	packets[7].has_type = true;
	packets[7].protocol = IPPROTO_ICMP;
	packets[7].type = 80;
	bench_begin(&bench, false);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < LENGTH(packets); i++)
			tally_packet(bench.tally, &packets[i], NULL, bench.now);
	assert_int_equal(sum(&bench, "refused", "count", &lines), LENGTH(packets));
	assert_int_equal(lines, LENGTH(packets));
	must(says(bench.words,
		     "quota of bytes is used up: tcp|tcp (a later fragment) to 192.0.2.1\n|icmp type 80 to"),
		"%s", bench.words);
	bench_end(&bench);
}

/* 65,535 ports, twice, and one place again and again: few lines, and every packet in one of them. */
static void a_flood_says_little_and_loses_nothing(void **state)
{
	const unsigned int ports = 65535, again = 500;
	unsigned int lines, all;
	struct bench bench;
	uint64_t said;

	(void)state;
	bench_begin(&bench, false);
	for (unsigned int i = 0; i < again; i++) {
		const struct nflog packet = packet_to("192.0.2.200", 22);

		tally_packet(bench.tally, &packet, "often.example", bench.now);
	}
	for (unsigned int i = 0; i < 2 * ports; i++) {
		const struct nflog packet = packet_to("192.0.2.1", (uint16_t)(i % ports + 1));

		tally_packet(bench.tally, &packet, NULL, bench.now);
		if (i % 1000 == 0) {
			bench.now += 100;
			tally_tick(bench.tally, bench.now);
		}
	}
	sum(&bench, "refused", "count", &lines);
	assert_in_range(lines, TALLY_BURST, TALLY_BURST + 14 * TALLY_LINES_PER_SECOND);
	tally_flush(bench.tally, bench.now);
	said = sum(&bench, "refused", "count", &lines);
	all = lines;
	said += sum(&bench, "others", "count", &lines);
	assert_int_equal(said, 2 * ports + again);
	assert_true(all < 1000);
	hear_begin();
	ending_say(bench.tally, &bench.sink, true);
	assert_string_equal(hear_end(), "");
	bench_read(&bench);
	/* the one that came often is still known */
	must(says(bench.words,
		     "the firewall refused 131570 packets to more than 512 places; most: tcp to "
		     "192.0.2.200 port "
		     "22 (often.example), 500 times; |"
		     "to allow all of this: PARA_ALLOWED_DOMAINS=192.0.2.1:|,often.example:22\n|more hosts "
		     "or ports are left out"),
		"%s", strstr(bench.words, "the firewall refused"));
	bench_end(&bench);
}

/* Also time that stands still, or many ticks, do not make more lines. */
static void lines_are_a_budget(void **state)
{
	unsigned int lines;
	struct bench bench;

	(void)state;
	bench_begin(&bench, false);
	for (int second = 0; second < 100; second++) {
		for (uint16_t i = 0; i < 400; i++) {
			const struct nflog packet = packet_to("192.0.2.1", (uint16_t)(second * 400 + i));

			tally_packet(bench.tally, &packet, NULL, bench.now);
			tally_tick(bench.tally, bench.now);
		}
		bench.now += 1000;
	}
	bench_read(&bench);
	lines = count_lines(bench.json);
	assert_in_range(lines, TALLY_BURST, TALLY_BURST + 100 * TALLY_LINES_PER_SECOND);
	bench_end(&bench);
}

static void questions_refused_are_events(void **state)
{
	unsigned int lines;
	struct bench bench;

	(void)state;
	bench_begin(&bench, false);
	tally_question(bench.tally, "bad.example", 28, NAME_UNLISTED, true, bench.now);
	tally_question(bench.tally, "BAD.eXample", 28, NAME_UNLISTED, true, bench.now);
	tally_question(bench.tally, "bad.example", 16, NAME_BLOCKED, true, bench.now);
	tally_question(bench.tally, "good.example", 1, NAME_ALLOWED, false, bench.now);
	assert_int_equal(sum(&bench, "dns", "count", &lines), 2);
	must(says(bench.json, "\"event\":\"dns\",\"name\":\"bad.example\",\"type\":\"AAAA\",\"verdict\":"
			      "\"refused\",\"count\":1|"
			      "\"type\":\"TXT\""),
		"%s", bench.json);
	must(says(bench.words, "secure-init: refused: DNS question for bad.example (AAAA)\n"), "%s",
		bench.words);
	assert_null(strstr(bench.json, "good.example"));
	bench.now += 7000;
	tally_flush(bench.tally, bench.now);
	assert_int_equal(sum(&bench, "dns", "count", &lines), 3);
	/* at the end a minute is not waited for, and not said either */
	assert_int_equal(sum(&bench, "dns", "seconds", &lines), 7);
	ending_say(bench.tally, &bench.sink, true);
	bench_read(&bench);
	must(says(bench.words,
		     "DNS refused 3 questions|PARA_ALLOWED_DOMAINS=bad.example:443\n|443 is supposed"),
		"%s", bench.words);
	bench_end(&bench);
}

static void questions_answered_are_said_if_wanted(void **state)
{
	unsigned int lines;
	struct bench bench;

	(void)state;
	bench_begin(&bench, true);
	tally_question(bench.tally, "good.example", 1, NAME_ALLOWED, false, bench.now);
	tally_question(bench.tally, "other.example", 65280, NAME_UNLISTED, false, bench.now);
	tally_question(bench.tally, "other.example", 65280, NAME_VAIN, false, bench.now);
	assert_int_equal(sum(&bench, "dns", "count", &lines), 2);
	must(says(bench.json, "\"verdict\":\"allowed\"|\"type\":\"TYPE65280\",\"verdict\":\"answered\""),
		"%s", bench.json);
	/* a tunnel's names, each another one */
	for (int i = 0; i < 10000; i++) {
		char name[60];

		snprintf(name, sizeof(name), "%032d.tunnel.example", i);
		tally_question(bench.tally, name, 16, NAME_UNLISTED, true, bench.now);
	}
	tally_flush(bench.tally, bench.now);
	assert_int_equal(sum(&bench, "dns", "count", &lines) + sum(&bench, "others", "count", &lines), 10003);
	/* they take no line away from packets */
	bench.sink.lost = 0;
	bench_end(&bench);
}

static void hostile_names_make_no_other_line(void **state)
{
	static const char *const names[] = {
		"a\nb",
		"a\"b",
		"a\\",
		"\x1b[2J",
		"\xff\xfe",
		"m\xc3\xbcnchen",
		"a\",\"event\":\"end",
		"",
		"a,b:1",
	};
	struct bench bench;
	unsigned int lines;

	(void)state;
	bench_begin(&bench, false);
	for (size_t i = 0; i < LENGTH(names); i++) {
		const struct nflog packet = packet_to("192.0.2.1", (uint16_t)(i + 1));

		tally_packet(bench.tally, &packet, names[i], bench.now);
		tally_question(bench.tally, names[i], 1, NAME_UNLISTED, true, bench.now);
	}
	tally_question(bench.tally, times("long.", 100), 1, NAME_UNLISTED, true, bench.now);
	assert_int_equal(sum(&bench, "refused", "count", &lines), LENGTH(names));
	assert_int_equal(sum(&bench, "dns", "count", &lines), LENGTH(names) + 1);
	assert_int_equal(count_lines(bench.words), 2 * LENGTH(names) + 1);
	for (const char *c = bench.words; *c != '\0'; c++)
		must(*c == '\n' || (*c >= 0x20 && *c < 0x7f), "byte %d reaches the terminal", *c);
	ending_say(bench.tally, &bench.sink, true);
	assert_int_equal(sum(&bench, "end", "dns_refused", &lines), LENGTH(names) + 1);
	/* none of them can be put on a list */
	assert_int_equal(sum(&bench, "needed", "count", &lines), 0);
	bench_end(&bench);
}

static void what_was_missed_counts(void **state)
{
	unsigned int lines;
	struct bench bench;

	(void)state;
	bench_begin(&bench, false);
	tally_missed(bench.tally, 700, bench.now);
	tally_missed(bench.tally, 7, bench.now);
	tally_tick(bench.tally, bench.now + 1000);
	assert_int_equal(sum(&bench, "missed", "count", &lines), 707);
	must(says(bench.words, "came faster than they could be recorded: 707 more in 1 s"), "%s",
		bench.words);
	ending_say(bench.tally, &bench.sink, false);
	bench_read(&bench);
	must(says(bench.words, "refused 707 packets to 0 places; 707 came too fast to be seen"), "%s",
		bench.words);
	bench_end(&bench);
}

static void the_list_that_would_have_allowed_it(void **state)
{
	struct nflog packet = packet_to("192.0.2.1", 443);
	struct bench bench;

	(void)state;
	bench_begin(&bench, false);
	tally_packet(bench.tally, &packet, "a.example", bench.now);
	packet.port = 8080;
	for (int i = 0; i < 3; i++)
		tally_packet(bench.tally, &packet, "a.example", bench.now);
	packet = packet_to("2001:db8::9", 22);
	for (int i = 0; i < 3; i++)
		tally_packet(bench.tally, &packet, NULL, bench.now);
	packet.protocol = IPPROTO_UDP;
	tally_packet(bench.tally, &packet, NULL, bench.now);
	packet.protocol = IPPROTO_SCTP;
	tally_packet(bench.tally, &packet, NULL, bench.now);
	packet = packet_to("192.0.2.77", 1);
	packet.why = WHY_LIMIT;
	tally_packet(bench.tally, &packet, NULL, bench.now);
	ending_say(bench.tally, &bench.sink, true);
	bench_read(&bench);
	must(says(bench.words,
		     "to allow all of this: PARA_ALLOWED_DOMAINS=[2001:db8::9]:22,a.example:8080,443\n"),
		"%s", bench.words);
	must(says(bench.json, "\"event\":\"needed\",\"entry\":\"a.example:8080,443\",\"count\":4}"), "%s",
		bench.json);
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_said_and_the_rest_counted),
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(a_flood_says_little_and_loses_nothing),
		cmocka_unit_test(lines_are_a_budget),
		cmocka_unit_test(questions_refused_are_events),
		cmocka_unit_test(questions_answered_are_said_if_wanted),
		cmocka_unit_test(hostile_names_make_no_other_line),
		cmocka_unit_test(what_was_missed_counts),
		cmocka_unit_test(the_list_that_would_have_allowed_it),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
