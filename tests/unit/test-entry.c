/* fw/entry.h: the grammar of PARA_ALLOWED_DOMAINS, what it takes, what it refuses and in which words. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fw/entry.h"
#include "util/log.h"

#define VARIABLE "PARA_ALLOWED_DOMAINS"
#define LABEL63	 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define NAME253	 LABEL63 "." LABEL63 "." LABEL63 "." LABEL61
#define LABEL61	 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

_Static_assert(sizeof(NAME253) == 254, "NAME253 has 253 characters");

/* The entries of a list as "N example.com:443; P 10.0.0.0/24". */
static const char *in_words(const struct entries *entries)
{
	static const char kinds[] = {
		[ENTRY_NAME] = 'N', [ENTRY_WILDCARD] = 'W', [ENTRY_PREFIX] = 'P', [ENTRY_LOOPBACK] = 'L'};
	static char text[8192];
	char one[ENTRY_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < entries->n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c %s", i > 0 ? "; " : "",
			kinds[entries->v[i].kind], entry_text(&entries->v[i], one));
	return text;
}

static void takes(const char *list, const char *words)
{
	struct entries entries = {0};
	struct error error = {0};
	int ret;

	hear_begin();
	ret = entries_parse(VARIABLE, list, &entries, &error);
	hear_end();
	must(ret == 0, "'%s' is refused: %s", list, error.text);
	must(strcmp(in_words(&entries), words) == 0, "'%s' is read as '%s', not '%s'", list,
		in_words(&entries), words);
	entries_free(&entries);
}

static void refuses(const char *list, const char *words)
{
	struct entries entries = {0};
	struct error error = {0};
	int ret;

	hear_begin();
	ret = entries_parse(VARIABLE, list, &entries, &error);
	hear_end();
	must(ret == -EINVAL, "'%s' is not refused (%d) but read as '%s'", list, ret, in_words(&entries));
	must_say(&error, FAIL_CONFIG, VARIABLE "|entry ", list);
	must_say(&error, FAIL_CONFIG, words, list);
	entries_free(&entries);
}

struct row {
	const char *list, *words;
};

static void take_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		takes(rows[i].list, rows[i].words);
}

static void refuse_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		refuses(rows[i].list, rows[i].words);
}

static void names(void **state)
{
	static const struct row rows[] = {
		{"example.com", "N example.com"},
		{"AZ.EXAMPLE.COM.:443", "N az.example.com:443"},
		{"db", "N db"},
		{"A.", "N a"},
		{"_dmarc.example.com", "N _dmarc.example.com"},
		{"1and1.com", "N 1and1.com"},
		{"a-b--c.example", "N a-b--c.example"},
		{"XN--MNCHEN-3YA.DE", "N xn--mnchen-3ya.de"},
		{LABEL63 ".com", "N " LABEL63 ".com"},
		{NAME253 ".", "N " NAME253},
		{NAME253 ".:60000-65535", "N " NAME253 ":60000-65535"},
		{"*.Example.COM.:443", "W *.example.com:443"},
		{"*." NAME253, "W *." NAME253},
		{"*.com", "W *.com"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
}

static void names_refused(void **state)
{
	static const struct row rows[] = {
		{".example.com", "empty label|one in front"},
		{"a..example.com", "empty label|two dots"},
		{"example.com..", "empty label|two dots"},
		{"-a.com", "does not start with '-'"},
		{"a-.com", "does not end with '-'"},
		{"a.com-.", "does not end with '-'"},
		{LABEL63 "x.com", "at most 63"},
		{"x" NAME253, "at most 253"},
		{"x." NAME253, "at most 253"},
		{"m\xc3\xbcnchen.de", "A-label|idn2|xn--"},
		{"m\x80nchen.de", "A-label|xn--"},
		{"*", "wildcard|front|*.example.com"},
		{"*example.com", "wildcard|front"},
		{"a.*.example.com", "wildcard|front"},
		{"example.*", "wildcard|front"},
		{"*.", "name is missing"},
		{"example.com github.com", "separated by commas"},
		{"example.com?", "neither a name"},
		{"exa\x7fmple.com", "neither a name"},
		{"example.129", "not an IPv4 address"},
		{"*.10.0.0.1", "not an IPv4 address"},
		{"10.0.0.x1.2", "not an IPv4 address"},
		/* the name would be written as a range of ports, and read as one */
		{"8000-8010.", "port"},
	};

	(void)state;
	refuse_all(rows, LENGTH(rows));
}

static void blanks_empty_items_and_case(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{" , ,\t,", ""},
		{",example.com", "N example.com"},
		{",,example.com,,github.com,,", "N example.com; N github.com"},
		{" example.com , github.com ", "N example.com; N github.com"},
		{"\texample.com\n,\r\ngithub.com\n", "N example.com; N github.com"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
}

static void duplicates_are_harmless(void **state)
{
	static const struct row rows[] = {
		{"example.com,EXAMPLE.com.", "N example.com"},
		{"a.com,b.com,a.com,b.com,c.com", "N a.com; N b.com; N c.com"},
		{"10.0.0.0/24,10.0.0.77/24", "P 10.0.0.0/24"},
		{"2001:db8::1,[2001:DB8:0:0::1]", "P 2001:db8::1"},
		{"a.com:80,443,a.com:80,443", "N a.com:80,443"},
		/* these say different things */
		{"a.com:80,a.com:443", "N a.com:80; N a.com:443"},
		{"a.com,a.com:443", "N a.com; N a.com:443"},
		{"a.com,*.a.com", "N a.com; W *.a.com"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
}

static void addresses(void **state)
{
	static const struct row rows[] = {
		{"198.51.100.7", "P 198.51.100.7"},
		{"198.51.100.7/32", "P 198.51.100.7"},
		{"10.0.0.0/24:443", "P 10.0.0.0/24:443"},
		{"10.0.0.5/24", "P 10.0.0.0/24"},
		{"128.0.0.0/1", "P 128.0.0.0/1"},
		{"192.168.1.129/25:80,443", "P 192.168.1.128/25:80,443"},
		{"2001:DB8::5/32", "P 2001:db8::/32"},
		{"2001:db8::1", "P 2001:db8::1"},
		{"2001:db8:0:0:0:0:0:1/128", "P 2001:db8::1"},
		{"[2001:db8::1]", "P 2001:db8::1"},
		{"[2001:db8::1]:443,8000-8010", "P [2001:db8::1]:443,8000-8010"},
		{"[2001:db8::/32]:443", "P [2001:db8::/32]:443"},
		/* without brackets there are no ports: the last group is one of the address */
		{"2001:db8::1:443", "P 2001:db8::1:443"},
		{"fc00::/7", "P fc00::/7"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
}

static void addresses_refused(void **state)
{
	static const struct row rows[] = {
		{"1.2.3", "'1.2.3'|not an address or network|198.51.100.7"},
		{"1.2.3.256", "not an address or network"},
		{"01.2.3.4", "not an address or network"},
		{"1.2.3.4/", "not an address or network"},
		{"1.2.3.4/33", "not an address or network"},
		{"1.2.3.0/024", "not an address or network"},
		{"1.2.3.0/255.255.255.0", "not an address or network"},
		{"example.com/24", "not an address or network"},
		{".", "not an address or network"},
		{"0.0.0.0/0", "covers every "
			      "address|PARA_NETWORK_ISOLATION=false|PARA_NETWORK_MODE=none|ports alone"},
		{"1.2.3.4/0", "covers every "
			      "address|PARA_NETWORK_ISOLATION=false|PARA_NETWORK_MODE=none|ports alone"},
		{"::/0", "covers every address|PARA_NETWORK_ISOLATION=false|PARA_NETWORK_MODE=none|ports "
			 "alone"},
		{"[::/0]:443", "covers every address"},
		{"::ffff:198.51.100.7", "IPv4 address inside IPv6|itself"},
		{"::ffff:c633:6407", "IPv4 address inside IPv6"},
		{"::ffff:0.0.0.0/96", "IPv4 address inside IPv6"},
		{"[::ffff:198.51.100.7]:443", "IPv4 address inside IPv6"},
		{"::198.51.100.7", "IPv4 address inside IPv6"},
		{"2001:db8::/129", "not an address or network"},
		{"2001:db8::g", "not an address or network"},
		{"fe80::1%eth0", "interface|%"},
		{"[2001:db8::1", "[2001:db8::1]:443"},
		{"[2001:db8::1]443", "[2001:db8::1]:443"},
		{"[2001:db8::]/32", "[2001:db8::1]:443"},
		{"[2001:db8::1]x", "[2001:db8::1]:443"},
		{"[198.51.100.7]:443", "only an IPv6 address stands in brackets"},
		{"[example.com]:443", "only an IPv6 address stands in brackets"},
		{"[]", "only an IPv6 address stands in brackets"},
		{"[::1]:", "port"},
	};

	(void)state;
	refuse_all(rows, LENGTH(rows));
}

static void loopback_is_open_anyway(void **state)
{
	static const struct row rows[] = {
		{"localhost:3000,dev.mycompany.com", "L localhost:3000; N dev.mycompany.com"},
		{"LocalHost.", "L localhost"},
		{"a.localhost", "L a.localhost"},
		{"127.0.0.1:8080", "L 127.0.0.1:8080"},
		{"127.0.0.0/8", "L 127.0.0.0/8"},
		{"::1", "L ::1"},
		{"[::1]:3000", "L [::1]:3000"},
		/* wider than loopback: more than loopback is meant */
		{"126.0.0.0/7", "P 126.0.0.0/7"},
		/* only looks like it */
		{"notlocalhost", "N notlocalhost"},
		{"localhost.com", "N localhost.com"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
	refuses(".localhost", "empty label");
}

static void ports(void **state)
{
	static const struct row rows[] = {
		{"a.com:0443", "N a.com:443"},
		{"a.com:1-65535", "N a.com:1-65535"},
		{"a.com:80-80,1-1", "N a.com:80,1"},
		{"1.2.3.4:80,443,github.com", "P 1.2.3.4:80,443; N github.com"},
		{"a.com:80, 443 ,8000-8010, b.com", "N a.com:80,443,8000-8010; N b.com"},
		{"a.com:80,,443,", "N a.com:80,443"},
		{"a.com:80,b.com:443,8443", "N a.com:80; N b.com:443,8443"},
	};

	(void)state;
	take_all(rows, LENGTH(rows));
}

static void ports_refused(void **state)
{
	static const struct row rows[] = {
		{"a.com:", "1 to 65535"},
		{"a.com:0", "1 to 65535|8000-8010"},
		{"a.com:65536", "1 to 65535"},
		{"a.com:4294967297", "1 to 65535"},
		{"a.com:000000000443", "1 to 65535"},
		{"a.com:-80", "1 to 65535"},
		{"a.com:80-", "1 to 65535"},
		{"a.com:80-65536", "1 to 65535"},
		{"a.com:80-79", "backwards|lower port first"},
		{"a.com: 80", "1 to 65535"},
		{"a.com:http", "1 to 65535"},
		{"a.com:80,0", "entry 2|'0'|1 to 65535"},
		{"a.com:80,443-80", "entry 2|backwards"},
		{"443", "entry 1|'443'|port by itself|HOST:PORT"},
		{"a.com,443", "entry 2|'443'|port by itself|HOST:PORT"},
		{"10.0.0.0/24,80-90", "entry 2|port by itself"},
		{":443", "host is missing"},
	};

	(void)state;
	refuse_all(rows, LENGTH(rows));
}

static void thirty_two_ranges_and_no_more(void **state)
{
	char list[1000] = "a.com:1";
	char words[1000] = "N a.com:1";

	(void)state;
	for (unsigned int port = 2; port <= 33; port++) {
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%u", port * 1000);
		if (port < 33)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), ",%u", port * 1000);
		if (port == 32)
			takes(list, words);
	}
	refuses(list, "entry 33|'33000'|more than 32 ports and ranges");
}

/* Several lists add up, as those of PARA_ALLOWED_DOMAINS and PARA_ALLOW_HOST; a port is of its own list. */
static void a_port_carries_on_no_other_list(void **state)
{
	static const char *const lists[] = {"8080", "8080-8090,b.com", " , 8080"};
	struct entries entries = {0};
	struct error error = {0};

	(void)state;
	assert_int_equal(entries_parse(VARIABLE, "a.com:443", &entries, &error), 0);
	for (size_t i = 0; i < LENGTH(lists); i++) {
		must(entries_parse(VARIABLE, lists[i], &entries, &error) == -EINVAL, "'%s' is read as '%s'",
			lists[i], in_words(&entries));
		must_say(&error, FAIL_CONFIG, "entry 1, '8080|a port by itself", lists[i]);
	}
	assert_string_equal(in_words(&entries), "N a.com:443");
	assert_int_equal(entries_parse(VARIABLE, "b.com:80,81", &entries, &error), 0);
	assert_string_equal(in_words(&entries), "N a.com:443; N b.com:80,81");
	entries_free(&entries);
}

/* What is in them is fw/presets.txt's to say; these two are short. */
static void presets(void **state)
{
	static const struct row rows[] = {
		{"@pypi", "N pypi.org:443; N files.pythonhosted.org:443"},
		{" @PyPi ,a.com", "N pypi.org:443; N files.pythonhosted.org:443; N a.com"},
		{"@debian", "N deb.debian.org:80,443; N security.debian.org:80,443"},
		{"pypi.org:443,@pypi", "N pypi.org:443; N files.pythonhosted.org:443"},
	};
	static const struct row refused[] = {
		{"@", "no such preset|secure-init presets"},
		{"@py", "no such preset"},
		{"@pypi:443", "no such preset"},
		{"a.com,@pypi.org", "entry 2, '@pypi.org'|no such preset"},
		{"@pypi,8443", "entry 2, '8443'|a port by itself"},
	};
	struct entries entries = {0};
	struct error error;

	(void)state;
	take_all(rows, LENGTH(rows));
	refuse_all(refused, LENGTH(refused));
	assert_int_equal(entries_parse(VARIABLE, "a.com,@pypi", &entries, &error), 0);
	assert_string_equal(entries.v[0].preset, "");
	assert_string_equal(entries.v[2].preset, "@pypi");
	entries_free(&entries);
}

static void urls(void **state)
{
	static const struct row rows[] = {
		{"https://example.com", "not a URL|only the name"},
		{"https://example.com/", "not a URL|example.com:443"},
		{"://", "not a URL"},
	};

	(void)state;
	refuse_all(rows, LENGTH(rows));
}

static void the_entry_is_named_with_its_position(void **state)
{
	static const struct row rows[] = {
		{"1.2.3", VARIABLE ": entry 1, '1.2.3'"},
		{"a.com,b.com,1.2.3,c.com", "entry 3, '1.2.3'"},
		{" a.com , , 1.2.3 ", "entry 2, '1.2.3'"},
		{"a.com:80,443,https://b.com:443", "entry 3, 'https://b.com:443'"},
		{"[::1]:x", "'[::1]:x'"},
	};
	struct entries entries = {0};
	struct error error = {0};

	(void)state;
	refuse_all(rows, LENGTH(rows));
	assert_int_equal(entries_parse(VARIABLE, ",a.com:80,443, b.com,a.com", &entries, &error), 0);
	assert_int_equal(entries.n, 3);
	assert_int_equal(entries.v[0].position, 1);
	assert_int_equal(entries.v[1].position, 3);
	assert_int_equal(entries.v[2].position, 4);
	entries_free(&entries);
}

static void items_longer_than_any_entry(void **state)
{
	(void)state;
	refuses(times("a", 299), "at most 253");
	refuses(times("a", 300), "entry 1|longer than any entry can be|commas");
	refuses(times("a.com ", 1000), "longer than any entry can be");
	/* blanks around it do not count */
	hear_begin();
	struct entries entries = {0};
	struct error error = {0};
	char list[2000];
	int ret;

	snprintf(list, sizeof(list), "%sa.com%s", times(" ", 600), times("\t", 600));
	ret = entries_parse(VARIABLE, list, &entries, &error);
	hear_end();
	assert_int_equal(ret, 0);
	assert_int_equal(entries.n, 1);
	entries_free(&entries);
}

static void what_was_changed_is_said(void **state)
{
	struct entries entries = {0};
	struct error error = {0};
	const char *heard;
	int ret;

	(void)state;
	hear_begin();
	ret = entries_parse(VARIABLE, "a.com,10.0.0.5/24,2001:db8::1/64:80", &entries, &error);
	heard = hear_end();
	/* the last one has no brackets */
	assert_int_equal(ret, -EINVAL);
	must(says(heard, VARIABLE "|entry 2|'10.0.0.5/24'|network 10.0.0.0/24"), "%s", heard);
	entries_free(&entries);

	hear_begin();
	ret = entries_parse(VARIABLE, "[2001:db8::1/64]:80,a.com,A.com.,10.0.0.0/24", &entries, &error);
	heard = hear_end();
	assert_int_equal(ret, 0);
	must(says(heard, "entry 1|'[2001:db8::1/64]:80'|network 2001:db8::/64"), "%s", heard);
	must(says(heard, "entry 3|'a.com'|twice"), "%s", heard);
	must(strstr(heard, "10.0.0.0/24") == NULL, "nothing was to be cleared: %s", heard);
	entries_free(&entries);
}

static void five_hundred_entries(void **state)
{
	struct entries entries = {0};
	struct error error = {0};
	char list[16000] = "";
	size_t used = 0;

	(void)state;
	for (unsigned int i = 0; i < 500; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "host-%u.example.com,", i);
	assert_int_equal(entries_parse(VARIABLE, list, &entries, &error), 0);
	assert_int_equal(entries.n, 500);
	assert_string_equal(entries.v[499].name, "host-499.example.com");
	assert_int_equal(entries.v[499].position, 500);
	entries_free(&entries);
	assert_null(entries.v);
	assert_int_equal(entries.n, 0);
}

static void the_longest_text_fits(void **state)
{
	struct entry entry = {.kind = ENTRY_WILDCARD, .n_ports = ENTRY_PORTS_MAX};
	char text[ENTRY_TEXT];

	(void)state;
	strcpy(entry.name, NAME253);
	for (unsigned int i = 0; i < ENTRY_PORTS_MAX; i++)
		entry.ports[i] = (struct port_range){(uint16_t)(60000 + 2 * i), (uint16_t)(60001 + 2 * i)};
	entry_text(&entry, text);
	assert_string_equal(text + strlen(text) - 11, "60062-60063");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(names_refused),
		cmocka_unit_test(blanks_empty_items_and_case),
		cmocka_unit_test(duplicates_are_harmless),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_refused),
		cmocka_unit_test(loopback_is_open_anyway),
		cmocka_unit_test(ports),
		cmocka_unit_test(ports_refused),
		cmocka_unit_test(thirty_two_ranges_and_no_more),
		cmocka_unit_test(a_port_carries_on_no_other_list),
		cmocka_unit_test(presets),
		cmocka_unit_test(urls),
		cmocka_unit_test(the_entry_is_named_with_its_position),
		cmocka_unit_test(items_longer_than_any_entry),
		cmocka_unit_test(what_was_changed_is_said),
		cmocka_unit_test(five_hundred_entries),
		cmocka_unit_test(the_longest_text_fits),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
