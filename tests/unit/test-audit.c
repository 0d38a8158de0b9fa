/*
 * guard/audit/audit.h with a real kernel: rules by the real iptables, in a network namespace of this
 * program's own. Where there is no right to make one, nothing is tested.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <jansson.h>

#include "guard/audit/audit.h"

#define FILE_NAME "/tmp/secure-init-test-audit.XXXXXX"

static bool have_network;

/* Runs a command without a shell; its words are separated by blanks. */
static int run(const char *command)
{
	char words[300], *argv[32], *rest = words;
	int n = 0, status;
	pid_t child;

	snprintf(words, sizeof(words), "%s", command);
	while (n < 31 && (argv[n] = strsep(&rest, " ")) != NULL)
		n++;
	argv[n] = NULL;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const int nowhere = open("/dev/null", O_WRONLY);

		dup2(nowhere, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static int make_network(void **state)
{
	static const char *const commands[] = {
		"ip link set lo up",
		"ip route add default dev lo",
		"ip -6 route add default dev lo",
		"iptables -A OUTPUT -d 192.0.2.9 -j NFLOG --nflog-group 10053 --nflog-prefix limit",
		"iptables -A OUTPUT -d 192.0.2.9 -j REJECT",
		"iptables -A OUTPUT -d 192.0.2.0/24 -j NFLOG --nflog-group 10053 --nflog-prefix refused",
		"iptables -A OUTPUT -d 192.0.2.0/24 -j REJECT",
		"ip6tables -A OUTPUT -d 2001:db8::/32 -j NFLOG --nflog-group 10053 --nflog-prefix refused",
		"ip6tables -A OUTPUT -d 2001:db8::/32 -j REJECT",
	};

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	for (size_t i = 0; i < LENGTH(commands); i++) {
		if (run(commands[i]) != 0) {
			print_message("# '%s' fails; nothing is tested\n", commands[i]);
			return 0;
		}
	}
	have_network = true;
	return 0;
}

/* The record of one run, in a file. */
struct record {
	char path[sizeof(FILE_NAME)];
	struct audit *audit;
};

static void begin(struct record *record, struct guard_settings settings)
{
	struct error error;

	if (!have_network)
		skip();
	memcpy(record->path, FILE_NAME, sizeof(FILE_NAME));
	close(mkstemp(record->path));
	settings.audit = record->path;
	hear_begin();
	must(audit_open(&settings, &record->audit, &error) == 0, "%s", error.text);
	assert_true(audit_fd(record->audit) >= 0);
}

/* All there is to read. */
static void read_all(struct record *record)
{
	struct pollfd ready = {.fd = audit_fd(record->audit), .events = POLLIN};

	while (poll(&ready, 1, 200) > 0)
		audit_read(record->audit);
}

/* The n-th line, from 1, of that event; NULL if there are fewer. The caller gives it back. */
static json_t *event(const struct record *record, const char *name, unsigned int n)
{
	FILE *file = fopen(record->path, "re");
	json_t *found = NULL;
	char line[5000];

	assert_non_null(file);
	while (found == NULL && fgets(line, sizeof(line), file) != NULL) {
		json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		must(root != NULL, "no JSON: %s", line);
		if (strcmp(json_string_value(json_object_get(root, "event")), name) == 0 && --n == 0)
			found = root;
		else
			json_decref(root);
	}
	fclose(file);
	return found;
}

/* Returns what was said on standard error. */
static const char *end(struct record *record)
{
	audit_free(record->audit);
	unlink(record->path);
	return hear_end();
}

static void must_hold(json_t *line, const char *key, const char *value)
{
	const json_t *found = json_object_get(line, key);
	char *text = found == NULL ? strdup("nothing") : json_dumps(found, JSON_ENCODE_ANY);

	must(strcmp(text, value) == 0, "%s is %s, not %s", key, text, value);
	free(text);
}

static void must_say_all(const char *text, const char *words)
{
	must(says(text, words), "'%s' does not say '%s'", text, words);
}

static int send_to(int type, int protocol, const char *address, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const bool v4 = inet_pton(AF_INET, address, &to.sin_addr) == 1;
	const char icmp[8] = {8, 0, (char)0xf7, (char)0xff};
	int fd = socket(v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	int ret;

	assert_true(fd >= 0);
	if (v4) {
		ret = connect(fd, (struct sockaddr *)&to, sizeof(to));
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &to6.sin6_addr), 1);
		ret = connect(fd, (struct sockaddr *)&to6, sizeof(to6));
	}
	if (type != SOCK_STREAM)
		ret = (int)send(fd, icmp, sizeof(icmp), 0);
	close(fd);
	return ret;
}

static void a_refused_connection_is_a_line(void **state)
{
	const struct prefix address = prefix("192.0.2.1");
	struct record record;
	json_t *line;

	(void)state;
	begin(&record, (struct guard_settings){0});
	audit_name(record.audit, &address, "blocked.example");
	send_to(SOCK_STREAM, 0, "192.0.2.1", 443);
	read_all(&record);
	line = event(&record, "refused", 1);
	assert_non_null(line);
	must_hold(line, "protocol", "\"tcp\"");
	must_hold(line, "destination", "\"192.0.2.1\"");
	must_hold(line, "port", "443");
	must_hold(line, "name", "\"blocked.example\"");
	must_hold(line, "uid", "0");
	must_hold(line, "why", "\"refused\"");
	must_hold(line, "count", "1");
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(line);
	assert_string_equal(end(&record),
		"secure-init: refused: tcp to 192.0.2.1 port 443 (blocked.example), by uid 0\n");
}

static void other_protocols_and_families(void **state)
{
	struct record record;
	json_t *line;

	(void)state;
	begin(&record, (struct guard_settings){0});
	send_to(SOCK_DGRAM, 0, "2001:db8::7", 53);
	send_to(SOCK_RAW, IPPROTO_ICMP, "192.0.2.2", 0);
	send_to(SOCK_RAW, IPPROTO_GRE, "192.0.2.3", 0);
	send_to(SOCK_DGRAM, IPPROTO_UDPLITE, "192.0.2.4", 99);
	send_to(SOCK_RAW, 253, "192.0.2.5", 0);
	send_to(SOCK_STREAM, 0, "192.0.2.9", 80);
	read_all(&record);
	line = event(&record, "refused", 1);
	must_hold(line, "protocol", "\"udp\"");
	must_hold(line, "destination", "\"2001:db8::7\"");
	must_hold(line, "port", "53");
	json_decref(line);
	line = event(&record, "refused", 2);
	must_hold(line, "protocol", "\"icmp\"");
	must_hold(line, "type", "8");
	json_decref(line);
	line = event(&record, "refused", 3);
	must_hold(line, "protocol", "\"gre\"");
	must_hold(line, "port", "nothing");
	json_decref(line);
	line = event(&record, "refused", 4);
	must_hold(line, "protocol", "\"udplite\"");
	must_hold(line, "port", "99");
	json_decref(line);
	line = event(&record, "refused", 5);
	must_hold(line, "protocol", "\"253\"");
	json_decref(line);
	line = event(&record, "refused", 6);
	must_hold(line, "why", "\"limit\"");
	json_decref(line);
	end(&record);
}

/* 20,000 packets, read only at times: what the socket had no room for is counted by the gaps. */
static void a_flood_is_counted(void **state)
{
	struct record record;
	json_t *line;

	(void)state;
	begin(&record, (struct guard_settings){0});
	for (int i = 0; i < 20000; i++) {
		send_to(SOCK_DGRAM, 0, "192.0.2.1", 9);
		if (i % 2000 == 0)
			audit_read(record.audit);
	}
	read_all(&record);
	send_to(SOCK_DGRAM, 0, "192.0.2.1", 9);
	read_all(&record);
	audit_end(record.audit);
	line = event(&record, "end", 1);
	must_hold(line, "refused", "20001");
	must_hold(line, "places", "1");
	assert_true(json_integer_value(json_object_get(line, "missed")) > 0);
	json_decref(line);
	line = event(&record, "refused", 3);
	assert_null(line);
	end(&record);
}

static void only_one_reads_the_group(void **state)
{
	const struct guard_settings settings = {.audit = "stderr"};
	struct audit *second;
	struct record record;
	struct error error;

	(void)state;
	begin(&record, (struct guard_settings){0});
	assert_true(audit_open(&settings, &second, &error) < 0);
	must_say(&error, FAIL_KERNEL, "nflog group 10053", "a second reader");
	end(&record);
}

/* NET_ADMIN is for opening alone. */
static void reading_goes_on_without_rights(void **state)
{
	struct record record;
	json_t *line;
	pid_t child;
	int status;

	(void)state;
	begin(&record, (struct guard_settings){.learn = true});
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setgid(65501) < 0 || setuid(65501) < 0)
			_exit(1);
		send_to(SOCK_STREAM, 0, "192.0.2.1", 22);
		read_all(&record);
		audit_end(record.audit);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	line = event(&record, "refused", 1);
	must_hold(line, "uid", "65501");
	json_decref(line);
	line = event(&record, "needed", 1);
	must_hold(line, "entry", "\"192.0.2.1:22\"");
	json_decref(line);
	must_say_all(end(&record),
		"the firewall refused 1 packet to 1 place; most: tcp to 192.0.2.1 port 22, 1 time\n|"
		"to allow all of this: PARA_ALLOWED_DOMAINS=192.0.2.1:22\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_connection_is_a_line),
		cmocka_unit_test(other_protocols_and_families),
		cmocka_unit_test(a_flood_is_counted),
		cmocka_unit_test(only_one_reads_the_group),
		cmocka_unit_test(reading_goes_on_without_rights),
	};

	return cmocka_run_group_tests_name("audit", tests, make_network, NULL);
}
