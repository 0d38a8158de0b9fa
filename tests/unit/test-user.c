/* init/user.h: USER[:GROUP] against passwd and group files, friendly and hostile. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/user.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "toor:x:0:0::/root:/bin/sh\n"
			     "zero:x:00:5::/root:/bin/sh\n"
			     "agent:x:1000:1001:An Agent,,,:/home/agent:/bin/bash\n"
			     "shared:x:1000:1002::/home/shared:/bin/sh\n"
			     "bare:x:1003:1003::\n"
			     "homeless:x:1004:1004:::\n"
			     "1005:x:1006:1006::/home/digits:/bin/sh\n"
			     "short:x:1007\n"
			     "wrapped:x:4294967296:4294967296::/:/bin/sh\n"
			     "minus:x:-1:-1::/:/bin/sh\n"
			     "nochange:x:4294967295:4294967295::/:/bin/sh\n"
			     "highest:x:4294967294:4294967294::/:/bin/sh\n"
			     "huge:x:18446744073709551616:0::/:/bin/sh\n"
			     "huge2:x:1008:18446744073709551617::/:/bin/sh\n"
			     "octal:x:0x0:0::/:/bin/sh\n"
			     "blank:x: 0:0::/:/bin/sh\n"
			     "empty:x:::::\n"
			     "+nis:x:1009:1009::/:/bin/sh\n"
			     "\n"
			     ":x:1010:1010::/nameless:/bin/sh\n"
			     "#comment:x:1011:1011::/:/bin/sh\n"
			     "last:x:1012:1012::/home/last:/bin/sh";

static const char group[] = "root:x:0:\n"
			    "wheel:x:0:agent\n"
			    "staff:x:50:agent\n"
			    "docker:x:999:other,agent,third\n"
			    "agent:x:1001:\n"
			    "nearly:x:60:agentx,xagent, agent,agent ,AGENT\n"
			    "bad:x:4294967296:agent\n"
			    "worse:x:-1:agent\n"
			    "empty:x::agent\n"
			    "short:x:70\n"
			    "only\n"
			    "last:x:80:bare,agent";

/* "uid:gid name home groups" */
static const char *in_words(const struct user *user)
{
	static char text[2000];
	size_t used = (size_t)snprintf(
		text, sizeof(text), "%u:%u '%s' '%s'", user->uid, user->gid, user->name, user->home);

	for (unsigned int i = 0; i < user->n_groups; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", user->groups[i]);
	return text;
}

static void finds(const char *spec, const char *words)
{
	struct user user;
	struct error error = {0};
	int ret = user_find(spec, file_of(0, passwd), file_of(1, group), &user, &error);

	must(ret == 0, "'%s' is refused: %s", spec, error.text);
	must(user.change, "'%s' changes nothing", spec);
	must(strcmp(in_words(&user), words) == 0, "'%s' is read as %s, not %s", spec, in_words(&user), words);
	file_drop();
}

static void refuses(const char *spec, const char *words)
{
	struct user user;
	struct error error = {0};
	int ret = user_find(spec, file_of(0, passwd), file_of(1, group), &user, &error);

	must(ret < 0, "'%s' is not refused but read as %s", spec, in_words(&user));
	must_say(&error, FAIL_CONFIG, words, spec);
	file_drop();
}

static void users_and_groups(void **state)
{
	static const struct {
		const char *spec, *words;
	} rows[] = {
		{"root", "0:0 'root' '/root'"},
		{"0", "0:0 'root' '/root'"},
		{"root:root", "0:0 'root' '/root'"},
		{"0:0", "0:0 'root' '/root'"},
		/* without a group: the user's own, and those that list the user by its whole name */
		{"agent", "1000:1001 'agent' '/home/agent' 0 50 999 80"},
		{"1000", "1000:1001 'agent' '/home/agent' 0 50 999 80"},
		{"shared", "1000:1002 'shared' '/home/shared'"},
		/* with one: that one alone */
		{"agent:staff", "1000:50 'agent' '/home/agent'"},
		{"agent:999", "1000:999 'agent' '/home/agent'"},
		{"1000:staff", "1000:50 'agent' '/home/agent'"},
		{"1000:12345", "1000:12345 'agent' '/home/agent'"},
		{"agent:last", "1000:80 'agent' '/home/agent'"},
		/* the group is named by the operator, root's too */
		{"agent:0", "1000:0 'agent' '/home/agent'"},
		{"agent:root", "1000:0 'agent' '/home/agent'"},
		/* a number that the image does not know */
		{"4242", "4242:4242 '' ''"},
		{"4242:staff", "4242:50 '' ''"},
		{"4294967294", "4294967294:4294967294 'highest' '/'"},
		/* digits are a uid, not a name */
		{"1005", "1005:1005 '' ''"},
		{"bare", "1003:1003 'bare' '' 80"},
		{"homeless", "1004:1004 'homeless' ''"},
		{"last", "1012:1012 'last' '/home/last'"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		finds(rows[i].spec, rows[i].words);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *spec, *words;
	} rows[] = {
		{"", "USER or USER:GROUP"},
		{":", "USER or USER:GROUP"},
		{":1000", "':1000'|USER or USER:GROUP"},
		{"1000:", "'1000:'|USER or USER:GROUP"},
		{"agent:", "USER or USER:GROUP"},
		{"::", "USER or USER:GROUP"},
		{"4294967295", "'4294967295'|out of range|4294967294"},
		{"4294967296", "'4294967296'|out of range"},
		{"18446744073709551616", "out of range"},
		{"00000000000", "out of range"},
		{"1000:4294967295", "group '4294967295'|out of range"},
		{"1000:4294967296", "group '4294967296'|out of range"},
		{"nobody", "'nobody'|is not in|a uid"},
		{"Agent", "'Agent'|is not in"},
		{" agent", "is not in"},
		{"agent ", "is not in"},
		{" 0", "is not in"},
		{"+0", "is not in"},
		{"-1", "is not in"},
		{"0x0", "is not in"},
		{"0.0", "is not in"},
		{"agent\n", "is not in"},
		{"agent:nogroup", "group 'nogroup'|is not in|a gid"},
		{"agent:staff:x", "group 'staff:x'|is not in"},
		{"agent::", "group ':'|is not in"},
		{"agent: 50", "group ' 50'|is not in"},
		{"agent:-1", "group '-1'|is not in"},
		{"agent:bad", "group 'bad'|is not in"},
		{"agent:worse", "group 'worse'|is not in"},
		{"agent:empty", "group 'empty'|is not in"},
		{"agent:only", "group 'only'|is not in"},
		/* root under another name */
		{"toor", "'toor'|uid 0|say 'root'"},
		{"toor:staff", "uid 0|say 'root'"},
		{"zero", "uid 0|say 'root'"},
		/* lines that say no plain number */
		{"wrapped", "is not in"},
		{"minus", "is not in"},
		{"nochange", "is not in"},
		{"huge", "is not in"},
		{"huge2", "is not in"},
		{"octal", "is not in"},
		{"blank", "is not in"},
		{"empty", "is not in"},
		{"short", "is not in"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		refuses(rows[i].spec, rows[i].words);
	refuses(times("u", USER_TEXT), "USER or USER:GROUP");
	refuses(times("u", USER_TEXT - 1), "is not in");
	refuses(times("0", USER_TEXT - 1), "out of range");
}

/* The name is in the file; to say that it is not sends the operator looking for the wrong thing. */
static void another_name_of_group_0_is_refused_for_what_it_is(void **state)
{
	(void)state;
	refuses("agent:wheel", "group 'wheel'|gid 0");
}

static void no_specification_changes_nothing(void **state)
{
	struct user user;
	struct error error;

	(void)state;
	assert_int_equal(user_find(NULL, "/", "/", &user, &error), 0);
	assert_false(user.change);
	assert_int_equal(user_environment(&user, &error), 0);
}

static void files_that_are_not_there(void **state)
{
	struct user user;
	struct error error = {0};

	(void)state;
	/* distroless: numbers do */
	assert_int_equal(user_find("1000", NO_FILE, NO_FILE, &user, &error), 0);
	assert_string_equal(in_words(&user), "1000:1000 '' ''");
	assert_int_equal(user_find("1000:50", NO_FILE, NO_FILE, &user, &error), 0);
	assert_string_equal(in_words(&user), "1000:50 '' ''");
	assert_int_equal(user_find("0", NO_FILE, NO_FILE, &user, &error), 0);
	assert_string_equal(in_words(&user), "0:0 '' ''");
	assert_true(user_find("root", NO_FILE, NO_FILE, &user, &error) < 0);
	must_say(&error, FAIL_CONFIG, "'root'|is not in " NO_FILE, "root");
	assert_true(user_find("1000:staff", NO_FILE, NO_FILE, &user, &error) < 0);
	must_say(&error, FAIL_CONFIG, "group 'staff'|is not in " NO_FILE, "1000:staff");
	assert_int_equal(user_find("agent", file_of(0, passwd), NO_FILE, &user, &error), 0);
	assert_string_equal(in_words(&user), "1000:1001 'agent' '/home/agent'");
	/* a folder holds no lines, and has an end */
	assert_true(user_find("agent", "/", "/", &user, &error) < 0);
	/* empty ones are no different */
	assert_int_equal(user_find("1000", file_of(0, ""), file_of(1, ""), &user, &error), 0);
	assert_string_equal(in_words(&user), "1000:1000 '' ''");
	file_drop();
}

static void lines_that_are_too_long(void **state)
{
	char file[30000];
	struct user user;
	struct error error = {0};

	(void)state;
	/* the tail of a long line is not a line; what comes after it is one */
	snprintf(file, sizeof(file),
		"long:x:1:1:%s%s:/:/bin/sh\nagent:x:0:0::/:/bin/sh\nagent:x:7:7::/:/bin/sh\n",
		times("x", 4000), times("agent:x:0:0::/:", 20));
	assert_true(user_find("agent", file_of(0, file), NO_FILE, &user, &error) < 0);
	must_say(&error, FAIL_CONFIG, "uid 0", "agent");
	for (unsigned int length = 4070; length < 4110; length++) {
		snprintf(file, sizeof(file), "#%s\nagent:x:1000:1001::/home/agent:/bin/sh\n",
			times(":", length));
		must(user_find("agent", file_of(0, file), NO_FILE, &user, &error) == 0, "after %u: %s",
			length, error.text);
		must(user.uid == 1000 && user.gid == 1001, "after %u: %s", length, in_words(&user));
	}
	/* and a long line itself says nothing */
	snprintf(file, sizeof(file), "agent:x:1000:1001:%s:/home/agent:/bin/sh\n", times("x", 5000));
	assert_true(user_find("agent", file_of(0, file), NO_FILE, &user, &error) < 0);
	file_drop();
}

static void a_zero_byte_hides_only_its_own_line(void **state)
{
	static const char file[] = "a\0b:x:1:1::/:\nagent:x:1000:1001::/home/agent:\n";
	struct user user;
	struct error error = {0};

	(void)state;
	must(user_find("agent", file_with(0, file, sizeof(file) - 1), NO_FILE, &user, &error) == 0, "%s",
		error.text);
	assert_int_equal(user.uid, 1000);
	file_drop();
}

/* HOME that is cut off is another folder; no folder is better. */
static void a_home_is_whole_or_not_at_all(void **state)
{
	char file[2000], home[400];
	struct user user;
	struct error error = {0};

	(void)state;
	snprintf(home, sizeof(home), "/home/%s", times("h", 290));
	snprintf(file, sizeof(file), "agent:x:1000:1001::%s:/bin/sh\n", home);
	if (user_find("agent", file_of(0, file), NO_FILE, &user, &error) == 0)
		must(strcmp(user.home, home) == 0 || user.home[0] == '\0', "home of %zu characters, not %zu",
			strlen(user.home), strlen(home));
	file_drop();
}

static void more_groups_than_there_is_room_for(void **state)
{
	char file[4000] = "";
	size_t used = 0;
	struct user user;
	struct error error = {0};

	(void)state;
	for (unsigned int i = 0; i < USER_GROUPS_MAX; i++)
		used += (size_t)snprintf(file + used, sizeof(file) - used, "g%u:x:%u:agent\n", i, 2000 + i);
	assert_int_equal(user_find("agent", file_of(0, passwd), file_of(1, file), &user, &error), 0);
	assert_int_equal(user.n_groups, USER_GROUPS_MAX);
	assert_int_equal(user.groups[USER_GROUPS_MAX - 1], 2000 + USER_GROUPS_MAX - 1);
	snprintf(file + used, sizeof(file) - used, "more:x:3000:agent\n");
	assert_true(user_find("agent", file_of(0, passwd), file_of(1, file), &user, &error) < 0);
	must_say(&error, FAIL_CONFIG, "'agent'|more than 64 groups|PARA_RUN_AS=agent:GROUP", "agent");
	file_drop();
}

static void the_agents_environment(void **state)
{
	struct user user = {.change = true, .uid = 1000, .name = "agent", .home = "/home/agent"};
	struct error error;

	(void)state;
	setenv("HOME", "/before", 1);
	setenv("USER", "before", 1);
	setenv("LOGNAME", "before", 1);
	assert_int_equal(user_environment(&user, &error), 0);
	assert_string_equal(getenv("HOME"), "/home/agent");
	assert_string_equal(getenv("USER"), "agent");
	assert_string_equal(getenv("LOGNAME"), "agent");
	user.home[0] = '\0';
	assert_int_equal(user_environment(&user, &error), 0);
	assert_string_equal(getenv("HOME"), "/");
	user.change = false;
	strcpy(user.home, "/other");
	assert_int_equal(user_environment(&user, &error), 0);
	assert_string_equal(getenv("HOME"), "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_and_groups),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(another_name_of_group_0_is_refused_for_what_it_is),
		cmocka_unit_test(no_specification_changes_nothing),
		cmocka_unit_test(files_that_are_not_there),
		cmocka_unit_test(lines_that_are_too_long),
		cmocka_unit_test(a_zero_byte_hides_only_its_own_line),
		cmocka_unit_test(a_home_is_whole_or_not_at_all),
		cmocka_unit_test(more_groups_than_there_is_room_for),
		cmocka_unit_test(the_agents_environment),
	};

	return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
