/*
 * passwd(5) and group(5), read line by line with our own eyes: the libc's readers take 4294967296 for root.
 * The files belong to the image, so nothing in them is believed beyond what one line plainly says.
 */
#include "init/user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/lines.h"
#include "util/number.h"

/* The highest is (uid_t)-1, which the kernel takes for "no change". */
#define ID_MAX UINT64_C(4294967294)

#define LINE_BYTES 4096

/* passwd: name, password, uid, gid, comment, home, shell. group: name, password, gid, members. */
#define FIELDS 7

/* Cuts a line at its colons; returns how many fields there are. */
static int split(char *line, char *fields[FIELDS])
{
	int n = 0;

	while (n < FIELDS && line != NULL) {
		fields[n++] = strsep(&line, ":");
	}
	return n;
}

/* Opens a file of the image; one that is not there is an empty one (distroless). */
static int open_file(const char *path, FILE **file, struct error *error)
{
	*file = fopen(path, "re");
	if (*file == NULL && errno != ENOENT && errno != ENOTDIR)
		return error_set(error, FAIL_CONFIG, errno, "%s cannot be read: %s", path, strerror(errno));
	return 0;
}

/* The next line of at least n fields; shorter ones are passed over. */
static bool next_line(FILE *file, char line[LINE_BYTES], char *fields[FIELDS], int n)
{
	while (file != NULL && lines_next(file, line, LINE_BYTES))
		if (split(line, fields) >= n)
			return true;
	return false;
}

static bool is_digits(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int find_user(
	const char *name, const char *passwd, struct user *user, bool *has_group, struct error *error)
{
	cleanup_file FILE *file = NULL;
	char line[LINE_BYTES], *fields[FIELDS];
	const bool by_number = is_digits(name);
	uint64_t wanted = 0, uid, gid;
	int ret = open_file(passwd, &file, error);

	if (ret < 0)
		return ret;
	if (by_number && number_parse(name, 0, ID_MAX, &wanted) != 0)
		return error_set(error, FAIL_CONFIG, ERANGE,
			"the user '%.40s' is out of range; a uid is at most %llu", name,
			(unsigned long long)ID_MAX);
	user->uid = (uid_t)wanted;
	*has_group = false;
	while (next_line(file, line, fields, 6)) {
		if (number_parse(fields[2], 0, ID_MAX, &uid) != 0 ||
			number_parse(fields[3], 0, ID_MAX, &gid) != 0)
			continue;
		if (by_number ? uid != wanted : strcmp(fields[0], name) != 0)
			continue;
		user->uid = (uid_t)uid;
		user->gid = (gid_t)gid;
		*has_group = true;
		snprintf(user->name, sizeof(user->name), "%s", fields[0]);
		/* cut off it would be another folder */
		if (strlen(fields[5]) < sizeof(user->home))
			memcpy(user->home, fields[5], strlen(fields[5]) + 1);
		break;
	}
	if (!by_number && !*has_group)
		return error_set(error, FAIL_CONFIG, ENOENT,
			"the user '%.100s' is not in %s; give a name that is, or a uid", name, passwd);
	if (user->uid == 0 && !by_number && strcmp(name, "root") != 0)
		return error_set(error, FAIL_CONFIG, EPERM,
			"the user '%.100s' has uid 0 in %s; if the agent is to be root, say 'root'", name,
			passwd);
	return 0;
}

static int find_group(const char *name, const char *group, gid_t *gid, struct error *error)
{
	cleanup_file FILE *file = NULL;
	char line[LINE_BYTES], *fields[FIELDS];
	uint64_t number;
	int ret;

	if (is_digits(name)) {
		if (number_parse(name, 0, ID_MAX, &number) != 0)
			return error_set(
				error, FAIL_CONFIG, ERANGE, "the group '%.40s' is out of range", name);
		*gid = (gid_t)number;
		return 0;
	}
	ret = open_file(group, &file, error);
	if (ret < 0)
		return ret;
	while (next_line(file, line, fields, 3)) {
		if (strcmp(fields[0], name) != 0 || number_parse(fields[2], 0, ID_MAX, &number) != 0)
			continue;
		if (number == 0 && strcmp(name, "root") != 0)
			return error_set(error, FAIL_CONFIG, EPERM,
				"the group '%.100s' has gid 0 in %s; if the agent is to be in root's group, "
				"say 'root'",
				name, group);
		*gid = (gid_t)number;
		return 0;
	}
	return error_set(error, FAIL_CONFIG, ENOENT,
		"the group '%.100s' is not in %s; give a name that is, or a gid", name, group);
}

static bool is_member(char *members, const char *name)
{
	for (char *member; (member = strsep(&members, ",")) != NULL;)
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static int find_groups(const char *group, struct user *user, struct error *error)
{
	cleanup_file FILE *file = NULL;
	char line[LINE_BYTES], *fields[FIELDS];
	uint64_t gid;
	int ret = user->name[0] != '\0' ? open_file(group, &file, error) : 0;

	while (ret == 0 && next_line(file, line, fields, 4)) {
		if (number_parse(fields[2], 0, ID_MAX, &gid) != 0 || !is_member(fields[3], user->name))
			continue;
		if (user->n_groups == USER_GROUPS_MAX)
			return error_set(error, FAIL_CONFIG, E2BIG,
				"the user '%.100s' is in more than %d groups; name "
				"one, as in PARA_RUN_AS=%.100s:GROUP",
				user->name, USER_GROUPS_MAX, user->name);
		user->groups[user->n_groups++] = (gid_t)gid;
	}
	return ret;
}

int user_find(const char *spec, const char *passwd, const char *group, struct user *user, struct error *error)
{
	const char *colon = spec != NULL ? strchr(spec, ':') : NULL;
	char name[USER_TEXT];
	size_t length;
	bool has_group = false;
	int ret;

	*user = (struct user){0};
	if (spec == NULL)
		return 0;
	length = colon != NULL ? (size_t)(colon - spec) : strlen(spec);
	if (length == 0 || length >= sizeof(name) || (colon != NULL && colon[1] == '\0'))
		return error_set(error, FAIL_CONFIG, EINVAL,
			"the agent's user is '%.100s'; write USER or USER:GROUP, each a name or a number",
			spec);
	memcpy(name, spec, length);
	name[length] = '\0';
	user->change = true;
	ret = find_user(name, passwd, user, &has_group, error);
	if (ret < 0)
		return ret;
	if (colon != NULL)
		return find_group(colon + 1, group, &user->gid, error);
	/* a uid that the image does not know: the group of the same number, never root's */
	if (!has_group)
		user->gid = user->uid;
	return find_groups(group, user, error);
}

int user_environment(const struct user *user, struct error *error)
{
	const char *home = user->home[0] != '\0' ? user->home : "/";

	if (!user->change)
		return 0;
	if (setenv("HOME", home, 1) < 0 ||
		(user->name[0] != '\0' &&
			(setenv("USER", user->name, 1) < 0 || setenv("LOGNAME", user->name, 1) < 0)))
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the agent's environment");
	return 0;
}
