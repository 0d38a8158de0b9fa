/* guard/audit/sink.h: where the record may go, and that writing it never waits, ends anything, or breaks a
 * line. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "guard/audit/sink.h"

static char folder[] = "/tmp/secure-init-test-sink.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static const char *in_folder(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"file", "link", "pipe", "socket"};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

static void open_it(const char *audit, struct sink *sink)
{
	struct error error;

	must(sink_open(audit, false, sink, &error) == 0, "'%s': %s", audit, error.text);
}

static void must_refuse(const char *audit, const char *words)
{
	struct sink sink;
	struct error error;

	hear_begin();
	must(sink_open(audit, false, &sink, &error) < 0, "'%s' is opened", audit);
	assert_string_equal(hear_end(), "");
	must_say(&error, FAIL_CONFIG, words, audit);
}

static void a_file_gets_lines_behind_its_others(void **state)
{
	char text[200] = "";
	struct stat status;
	struct sink sink;
	int fd;

	(void)state;
	for (int run = 0; run < 2; run++) {
		hear_begin();
		open_it(in_folder("file"), &sink);
		sink_json(&sink, run == 0 ? "{\"n\":0}" : "{\"n\":1}");
		sink_words(&sink, "words");
		sink_summary(&sink, "summary");
		sink_close(&sink);
		assert_string_equal(hear_end(), "secure-init: words\nsecure-init: summary\n");
	}
	fd = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 16);
	assert_string_equal(text, "{\"n\":0}\n{\"n\":1}\n");
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 07137, 0);
	close(fd);
}

static void what_is_no_place_for_a_record(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc/passwd", in_folder("link")), 0);
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	must_refuse(in_folder("link"), "PARA_AUDIT: |is a symbolic link");
	must_refuse(in_folder("pipe"), "No such device or address");
	must_refuse(folder, "Is a directory");
	must_refuse("/no-such-folder/file", "No such file");
	must_refuse("relative/path", "must be off, stderr, unix:/PATH, or an absolute path");
	must_refuse("", "must be off");
	must_refuse("OFF", "must be off");
	must_refuse("unix:/no-such-socket", "No such file|must listen before");
	must_refuse(times("unix:/long", 20), "File name too long");
}

static void off_and_stderr(void **state)
{
	struct sink sink;
	struct error error;

	(void)state;
	hear_begin();
	open_it("off", &sink);
	sink_json(&sink, "{}");
	sink_words(&sink, "words");
	sink_summary(&sink, "summary");
	sink_close(&sink);
	assert_string_equal(hear_end(), "");
	hear_begin();
	assert_int_equal(sink_open("off", true, &sink, &error), 0);
	sink_json(&sink, "{}");
	sink_words(&sink, "words");
	sink_summary(&sink, "summary");
	sink_close(&sink);
	assert_string_equal(hear_end(), "secure-init: summary\n");
	hear_begin();
	open_it("stderr", &sink);
	sink_json(&sink, "{}");
	sink_words(&sink, "words");
	sink_summary(&sink, "summary");
	sink_close(&sink);
	assert_string_equal(hear_end(), "{}\n");
	hear_begin();
	open_it(NULL, &sink);
	sink_json(&sink, "{}");
	sink_words(&sink, "words");
	sink_close(&sink);
	assert_string_equal(hear_end(), "secure-init: words\n");
}

static void a_terminal_gets_the_summary_alone(void **state)
{
	const int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), before = dup(STDERR_FILENO);
	char text[200] = "", name[64];
	struct sink sink;
	int other;

	(void)state;
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 ||
		ptsname_r(terminal, name, sizeof(name)) != 0)
		skip();
	other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(other >= 0 && before >= 0);
	dup2(other, STDERR_FILENO);
	open_it(NULL, &sink);
	sink_words(&sink, "words");
	sink_summary(&sink, "summary");
	sink_close(&sink);
	dup2(before, STDERR_FILENO);
	close(before);
	assert_true(read(terminal, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "secure-init: summary\r\n");
	close(other);
	close(terminal);
}

/* Nobody reads standard error: what does not fit is dropped, and the agent's own end still waits as it did.
 */
static void a_full_pipe_makes_nobody_wait(void **state)
{
	const int before = dup(STDERR_FILENO);
	unsigned int lines = 0;
	struct sink sink;
	char *text = calloc(1, 1 << 17);
	int ends[2];

	(void)state;
	assert_non_null(text);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDERR_FILENO);
	open_it("stderr", &sink);
	for (int i = 0; i < 3000; i++)
		sink_json(&sink, "{\"event\":\"a line of some fifty bytes or a little more\"}");
	assert_true(sink.lost > 0);
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	assert_true(read(ends[0], text, (1 << 17) - 1) > 0);
	for (char *line, *rest = text; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; lines++)
		assert_string_equal(line, "{\"event\":\"a line of some fifty bytes or a little more\"}");
	assert_int_equal(lines + sink.lost, 3000);
	/* and once there is room again it goes on */
	sink_json(&sink, "{}");
	assert_int_equal(read(ends[0], text, 10), 3);
	/* the reader is gone: no signal */
	close(ends[0]);
	sink_json(&sink, "{}");
	sink_close(&sink);
	dup2(before, STDERR_FILENO);
	close(before);
	close(ends[1]);
	free(text);
}

static void a_full_disk_is_said_once(void **state)
{
	struct sink sink;

	(void)state;
	hear_begin();
	open_it("/dev/full", &sink);
	for (int i = 0; i < 3; i++)
		sink_json(&sink, "{}");
	assert_int_equal(sink.lost, 3);
	sink_close(&sink);
	assert_string_equal(hear_end(),
		"secure-init: warning: lines of the record (PARA_AUDIT) are being lost: "
		"No space left on device\n");
}

/* A disk that fills in the middle of a line: the next whole line stands for itself. */
static void half_a_line_spoils_no_other(void **state)
{
	struct rlimit before, limit;
	char text[200] = "";
	struct sink sink;
	int fd;

	(void)state;
	unlink(in_folder("file"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){.rlim_cur = 12, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	open_it(in_folder("file"), &sink);
	sink.words.fd = -1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	sink_json(&sink, "{\"n\":0}");
	sink_json(&sink, "{\"n\":1}");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	sink_json(&sink, "{\"n\":2}");
	sink_close(&sink);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(sink.lost, 1);
	fd = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, "{\"n\":0}\n{\"n\"\n{\"n\":2}\n");
}

static void datagrams_to_a_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char target[220], text[100] = "";
	int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sink sink;
	uint64_t lost;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_folder("socket"));
	snprintf(target, sizeof(target), "unix:%s", in_folder("socket"));
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	open_it(target, &sink);
	sink.words.fd = -1;
	sink_json(&sink, "{\"n\":0}");
	assert_int_equal(recv(server, text, sizeof(text), 0), 8);
	assert_string_equal(text, "{\"n\":0}\n");
	/* it does not read: the kernel holds some, the rest is lost, nobody waits */
	for (int i = 0; i < 5000; i++)
		sink_json(&sink, "{\"n\":1}");
	lost = sink.lost;
	assert_in_range(lost, 1, 4999);
	close(server);
	sink_json(&sink, "{\"n\":2}");
	assert_int_equal(sink.lost, lost + 1);
	sink_close(&sink);
}

static void lines_of_any_length(void **state)
{
	char *text = calloc(1, 10001);
	struct sink sink;
	struct stat status;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 10000);
	unlink(in_folder("file"));
	hear_begin();
	open_it(in_folder("file"), &sink);
	sink_json(&sink, text);
	sink_words(&sink, text);
	sink_close(&sink);
	assert_in_range(strlen(hear_end()), 4000, SINK_LINE);
	assert_int_equal(stat(in_folder("file"), &status), 0);
	assert_in_range(status.st_size, 4000, SINK_LINE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_lines_behind_its_others),
		cmocka_unit_test(what_is_no_place_for_a_record),
		cmocka_unit_test(off_and_stderr),
		cmocka_unit_test(a_terminal_gets_the_summary_alone),
		cmocka_unit_test(a_full_pipe_makes_nobody_wait),
		cmocka_unit_test(a_full_disk_is_said_once),
		cmocka_unit_test(half_a_line_spoils_no_other),
		cmocka_unit_test(datagrams_to_a_socket),
		cmocka_unit_test(lines_of_any_length),
	};

	return cmocka_run_group_tests_name("sink", tests, make_folder, remove_folder);
}
