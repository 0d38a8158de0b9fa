/* guard/warden/valid.h, guard/warden/proof.h, guard/warden/control.h, guard/warden/outbox.h: structs of
 * others, and none of them believed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "guard/warden/control.h"
#include "guard/warden/outbox.h"
#include "guard/warden/proof.h"
#include "guard/warden/valid.h"
#include "init/change.h"

static void names(void **state)
{
	static const char *const are[] = {"a", "example.com", "a-b.c_d.e1", "_sip._tcp.example.com", "-a.b-"};
	static const char *const are_not[] = {"", ".", "a.", ".a", "a..b", "A.com", "a b", "a/b", "a.com\n",
		"\xc3\xa4.com", "*.a.com", "a:1"};
	char full[NAME_TEXT + 2];

	(void)state;
	for (size_t i = 0; i < LENGTH(are); i++)
		must(valid_name(are[i], NAME_TEXT), "%s", are[i]);
	for (size_t i = 0; i < LENGTH(are_not); i++)
		must(!valid_name(are_not[i], NAME_TEXT), "%s", are_not[i]);
	/* labels of 63, names of 253, and an end within the bytes */
	assert_true(valid_name(times("a", 63), NAME_TEXT));
	assert_false(valid_name(times("a", 64), NAME_TEXT));
	memset(full, 'a', sizeof(full));
	for (size_t i = 63; i < sizeof(full); i += 64)
		full[i] = '.';
	assert_false(valid_name(full, sizeof(full)));
	full[254] = '\0';
	assert_false(valid_name(full, sizeof(full)));
	full[253] = '\0';
	assert_true(valid_name(full, sizeof(full)));
	assert_false(valid_name(full, 253));
}

static struct entry entry_of(const char *text)
{
	struct entries entries = {0};
	struct error error;
	struct entry entry;

	must(entries_parse("x", text, &entries, &error) == 0, "%s", error.text);
	entry = entries.v[0];
	entries_free(&entries);
	return entry;
}

/* Every entry that can be written is valid. */
static void entries_as_they_are_parsed(void **state)
{
	static const char *const texts[] = {"example.com", "*.example.com:443", "10.0.0.0/8:1-65535",
		"1.2.3.4", "[2001:db8::1]:443,8000-8010", "localhost", "127.0.0.1:80", "::1", "@npm",
		"@github", "2001:db8::/32"};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		const struct entry entry = entry_of(texts[i]);

		must(valid_entry(&entry), "%s", texts[i]);
	}
}

static void entries_that_nobody_parsed(void **state)
{
	struct entry entry;
	uint8_t two = 2;

	(void)state;
	entry = entry_of("example.com:443");
	entry.kind = (enum entry_kind)4;
	assert_false(valid_entry(&entry));
	entry.kind = (enum entry_kind) - 1;
	assert_false(valid_entry(&entry));
	/* a name and a network at once */
	entry.kind = ENTRY_PREFIX;
	assert_false(valid_entry(&entry));
	entry = entry_of("example.com:443");
	entry.prefix = prefix("10.0.0.0/8");
	assert_false(valid_entry(&entry));
	entry = entry_of("example.com:443");
	entry.n_ports = ENTRY_PORTS_MAX + 1;
	assert_false(valid_entry(&entry));
	entry.n_ports = UINT32_MAX;
	assert_false(valid_entry(&entry));
	entry.n_ports = 2;
	assert_false(valid_entry(&entry)); /* port 0 */
	entry.ports[1] = (struct port_range){9, 8};
	assert_false(valid_entry(&entry));
	entry.ports[1] = (struct port_range){8, 9};
	assert_true(valid_entry(&entry));
	memcpy(&entry.exact, &two, 1);
	assert_false(valid_entry(&entry));
	entry = entry_of("example.com");
	memset(entry.name, 'a', sizeof(entry.name));
	assert_false(valid_entry(&entry));
	entry = entry_of("example.com");
	memset(entry.preset, '@', sizeof(entry.preset));
	assert_false(valid_entry(&entry));
	entry = entry_of("10.0.0.0/8");
	entry.prefix.length = 0;
	memset(entry.prefix.addr, 0, sizeof(entry.prefix.addr));
	assert_false(valid_entry(&entry));
	entry = entry_of("10.0.0.0/8");
	entry.prefix.length = 33;
	assert_false(valid_entry(&entry));
	entry = entry_of("10.0.0.0/8");
	entry.prefix.addr[3] = 1;
	assert_false(valid_entry(&entry));
	entry = entry_of("10.0.0.0/8");
	entry.prefix.family = AF_UNIX;
	assert_false(valid_entry(&entry));
	entry.prefix = prefix("::ffff:10.0.0.0/104");
	assert_false(valid_entry(&entry));
}

static void addresses(void **state)
{
	struct prefix address = prefix("192.0.2.1");

	(void)state;
	assert_true(valid_address(&address));
	address.addr[5] = 1;
	assert_false(valid_address(&address));
	address = prefix("192.0.2.0/24");
	assert_false(valid_address(&address));
	address = prefix("2001:db8::1");
	assert_true(valid_address(&address));
	address.length = 129;
	assert_false(valid_address(&address));
}

/* A policy's settings come out as they went in; any other byte is refused. */
static void settings(void **state)
{
	const struct policy policy_said = {.isolated = true,
		.strict = true,
		.mode = MODE_BLOCKLIST,
		.dns = DNS_RESOLVERS,
		.ssh = SSH_NONE,
		.host = HOST_GATEWAY,
		.inbound_host = true};
	struct control_settings settings, other;
	struct policy is;

	(void)state;
	control_settings_of(&policy_said, &settings);
	assert_true(control_policy(&settings, &is));
	assert_memory_equal(&is, &policy_said, sizeof(is));
	for (size_t byte = 0; byte + 1 < sizeof(settings); byte++) {
		other = settings;
		((uint8_t *)&other)[byte] = 9;
		must(!control_policy(&other, &is), "byte %zu", byte);
	}
	other = settings;
	other.dns = DNS_UNSAID;
	assert_false(control_policy(&other, &is));
}

static void proofs(void **state)
{
	char a[PROOF_NAME], b[PROOF_NAME];

	(void)state;
	assert_int_equal(proof_invent(a), 0);
	assert_int_equal(proof_invent(b), 0);
	assert_true(proof_is_name(a) && proof_is_name(b));
	assert_string_not_equal(a, b);
	a[5] = '-';
	assert_false(proof_is_name(a));
	a[5] = '\0';
	assert_false(proof_is_name(a));
	assert_false(proof_is_name("allowed-domains\0............."));
	b[PROOF_NAME - 1] = 'a';
	assert_false(proof_is_name(b));
	b[PROOF_NAME - 1] = '\0';
	b[0] = 'x';
	assert_false(proof_is_name(b));
}

static void times_of_leases(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} are[] = {{"1s", 1}, {"30s", 30}, {"10m", 600}, {"2h", 7200}, {"1d", 86400}, {"24d", 2073600},
		{"2147483s", 2147483}};
	static const char *const are_not[] = {"", "s", "10", "0s", "-1s", "1 s", "1w", "25d", "2147484s",
		"1.5h", "99999999999999999999s", "1h30m", "+1s"};
	struct error error;
	uint32_t seconds;

	(void)state;
	for (size_t i = 0; i < LENGTH(are); i++) {
		must(change_seconds(are[i].text, &seconds, &error) == 0, "%s", are[i].text);
		must(seconds == are[i].seconds, "%s: %u", are[i].text, seconds);
	}
	for (size_t i = 0; i < LENGTH(are_not); i++) {
		must(change_seconds(are_not[i], &seconds, &error) == -EINVAL, "%s", are_not[i]);
		must_say(&error, FAIL_USAGE, "30s, 10m, 2h or 1d", are_not[i]);
	}
}

/* A full socket keeps nothing but the order. */
static void the_outbox(void **state)
{
	struct outbox outbox = {0};
	struct message message;
	uint32_t expected = 0;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(
			outbox_put(&outbox, &(const struct outgoing){.type = MESSAGE_LEARNT, .number = i}),
			0);
		assert_int_equal(outbox_send(&outbox, pair[0]), 0);
	}
	assert_false(outbox_empty(&outbox));
	while (expected < 1000) {
		while (message_receive(pair[1], &message) == 0)
			assert_int_equal(message.number, expected++);
		assert_int_equal(outbox_send(&outbox, pair[0]), 0);
	}
	assert_true(outbox_empty(&outbox));
	close(pair[1]);
	assert_int_equal(outbox_put(&outbox, &(const struct outgoing){.type = MESSAGE_LEARNT}), 0);
	assert_int_equal(outbox_send(&outbox, pair[0]), -EPIPE);
	outbox_free(&outbox);
	close(pair[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(entries_as_they_are_parsed),
		cmocka_unit_test(entries_that_nobody_parsed),
		cmocka_unit_test(addresses),
		cmocka_unit_test(settings),
		cmocka_unit_test(proofs),
		cmocka_unit_test(times_of_leases),
		cmocka_unit_test(the_outbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
