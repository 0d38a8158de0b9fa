/*
 * The path is walked name by name, each opened in the directory that was looked at before, so that what was
 * checked is what is read (openat(2), O_NOFOLLOW and O_PATH in open(2)).
 */
#include "init/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "util/cleanup.h"

/* On the way to the file. */
struct walk {
	const char *variable, *path;
	int shown; /* how much of the path has been walked, for messages */
	struct error *error;
};

#define PATH_SHOWN 300

/* "VARIABLE: /path/so/far is wrong; remedy[ /path/so/far]" */
static int refuse(const struct walk *walk, int err, const char *wrong, const char *remedy, bool with_path)
{
	const int shown = walk->shown < PATH_SHOWN ? walk->shown : PATH_SHOWN;

	return error_set(walk->error, FAIL_CONFIG, err, "%s: %.*s %s; %s%.*s", walk->variable, shown,
		walk->path, wrong, remedy, with_path ? shown : 0, walk->path);
}

static int cannot(const struct walk *walk, const char *what, int err)
{
	return error_set(walk->error, FAIL_CONFIG, err, "%s: %.*s cannot be %s: %s", walk->variable,
		walk->shown < PATH_SHOWN ? walk->shown : PATH_SHOWN, walk->path, what, strerror(err));
}

static int is_link(const struct walk *walk)
{
	return refuse(walk, ELOOP, "is a symbolic link, which could lead elsewhere next time",
		"give the path that realpath prints", false);
}

static int check_owner(const struct walk *walk, int fd, struct stat *status)
{
	char wrong[100];

	if (fstat(fd, status) < 0)
		return cannot(walk, "looked at", errno);
	if (S_ISLNK(status->st_mode))
		return is_link(walk);
	if (status->st_uid != 0) {
		snprintf(wrong, sizeof(wrong), "belongs to uid %u, who could change or replace what is there",
			status->st_uid);
		return refuse(walk, EPERM, wrong, "chown root ", true);
	}
	if (status->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(wrong, sizeof(wrong),
			"can be written by others than root (mode %04o), who could change or replace what is "
			"there",
			status->st_mode & 07777);
		return refuse(walk, EPERM, wrong, "chmod go-w ", true);
	}
	return 0;
}

/* Goes from *fd to what name is in it. */
static int enter(const struct walk *walk, const char *name, bool last, int *fd)
{
	/* a FIFO is not waited for, a terminal not made ours */
	const int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	const int next = openat(*fd, name, (last ? reading : O_PATH) | O_NOFOLLOW | O_CLOEXEC);
	const int err = errno;

	if (next < 0)
		return err == ELOOP ? is_link(walk) : cannot(walk, "opened", err);
	close(*fd);
	*fd = next;
	return 0;
}

/* Opens the file into *fd, which the caller closes in any case. */
static int walk_path(struct walk *walk, int *fd, struct stat *status)
{
	const char *rest = walk->path;
	int ret;

	walk->shown = 1;
	*fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret = *fd < 0 ? cannot(walk, "opened", errno) : check_owner(walk, *fd, status);
	rest += strspn(rest, "/");
	while (ret == 0 && *rest != '\0') {
		const size_t length = strcspn(rest, "/");
		const char *next = rest + length + strspn(rest + length, "/");
		char name[NAME_MAX + 1];

		walk->shown = (int)(rest + length - walk->path);
		if (length >= sizeof(name))
			return cannot(walk, "opened", ENAMETOOLONG);
		memcpy(name, rest, length);
		name[length] = '\0';
		rest = next;
		ret = enter(walk, name, *next == '\0', fd);
		if (ret == 0)
			ret = check_owner(walk, *fd, status);
	}
	return ret;
}

/* As much as there is, but max + 1 bytes at most. */
static int read_all(int fd, size_t max, struct trusted_file *file)
{
	file->text = malloc(max + 2);
	if (file->text == NULL)
		return -ENOMEM;
	while (file->length <= max) {
		const ssize_t n = read(fd, file->text + file->length, max + 1 - file->length);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		file->length += (size_t)n;
	}
	file->text[file->length] = '\0';
	return 0;
}

int trusted_file_read(
	const char *variable, const char *path, size_t max, struct trusted_file *file, struct error *error)
{
	struct walk walk = {.variable = variable, .path = path, .error = error};
	struct statvfs filesystem;
	struct stat status = {0};
	cleanup_fd int fd = -1;
	int ret;

	*file = (struct trusted_file){0};
	if (*path != '/')
		return error_set(error, FAIL_CONFIG, EINVAL,
			"%s is '%.*s'; it must be a path from the root, as in /etc/secure-init/policy.json",
			variable, PATH_SHOWN, path);
	ret = walk_path(&walk, &fd, &status);
	if (ret < 0)
		return ret;
	if (!S_ISREG(status.st_mode))
		return refuse(&walk, EINVAL, "is not a regular file", "name one that is", false);
	ret = read_all(fd, max, file);
	if (ret < 0)
		return cannot(&walk, "read", -ret);
	if (file->length > max)
		return error_set(error, FAIL_CONFIG, EFBIG,
			"%s: %.*s has more than %zu bytes, which is the most it may have", variable,
			PATH_SHOWN, path, max);
	file->writable = fstatvfs(fd, &filesystem) < 0 || !(filesystem.f_flag & ST_RDONLY);
	return 0;
}
