/*
 * Any files as the image's passwd and group, and any specification of a user: its first line, then passwd,
 * then after a line "--" group. Root comes out only where root was said, and each number is the one that
 * stands there.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>

#include "init/user.h"

static bool is_digits(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* True if a line of the file starts with name and a colon. */
static bool has_line(const char *file, const char *name)
{
	const size_t length = strlen(name);

	for (const char *line = file; line != NULL; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return true;
	return false;
}

static void check(const struct user *user, char *spec, const char *passwd)
{
	char *group = strchr(spec, ':');

	must(user->change);
	if (group != NULL)
		*group++ = '\0';
	must(user->uid != (uid_t)-1 && user->gid != (gid_t)-1);
	must(user->uid != 0 || strcmp(spec, "root") == 0 || strspn(spec, "0") == strlen(spec));
	must(!is_digits(spec) || strtoull(spec, NULL, 10) == user->uid);
	must(is_digits(spec) || strcmp(user->name, spec) == 0);
	must(strnlen(user->name, USER_TEXT) < USER_TEXT && strnlen(user->home, USER_TEXT) < USER_TEXT);
	/* a name that was cut off is no longer there */
	must(user->name[0] == '\0' || strlen(user->name) == USER_TEXT - 1 || has_line(passwd, user->name));
	must(user->n_groups <= USER_GROUPS_MAX && (group == NULL || user->n_groups == 0));
	must(group == NULL || !is_digits(group) || strtoull(group, NULL, 10) == user->gid);
	must(group == NULL || user->gid != 0 || strcmp(group, "root") == 0 ||
		strspn(group, "0") == strlen(group));
	for (unsigned int i = 0; i < user->n_groups; i++)
		must(user->groups[i] != (gid_t)-1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *spec = text_of(bytes, size), *passwd = strchr(spec, '\n');
	const char *end = spec + size, *group;
	struct file files[2];
	struct user user;
	struct error error = {0};

	if (passwd == NULL || strlen(spec) != size) {
		/* a zero would end passwd early for has_line */
		free(spec);
		return 0;
	}
	*passwd++ = '\0';
	group = strstr(passwd, "\n--\n");
	files[0] = file_of(passwd, (size_t)((group != NULL ? group + 1 : end) - passwd));
	files[1] = group != NULL ? file_of(group + 4, (size_t)(end - group - 4)) : file_of("", 0);
	if (user_find(spec, files[0].path, files[1].path, &user, &error) == 0)
		check(&user, spec, passwd);
	else
		must(error.kind == FAIL_CONFIG && error.text[0] != '\0');
	close(files[0].fd);
	close(files[1].fd);
	free(spec);
	return 0;
}
