/*
 * The log's one writer. The level and form are set once, before anything else runs, and never change: the
 * only state in the program that outlives a call, since a message must be sayable from anywhere.
 */
#include "util/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES 2200

static struct {
	enum log_level level;
	bool json;
} setup = {LOG_INFO, false};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(enum log_level level, bool json)
{
	setup.level = level;
	setup.json = json;
}

bool log_enabled(enum log_level level)
{
	return level <= setup.level;
}

/* Appends text while it fits, leaving room for the line's end; escapes what JSON wants escaped. */
static int append(char *buf, int size, int used, const char *text, bool escape)
{
	for (; *text != '\0' && used < size - 8; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte == 0x7f || (escape && byte > 0x7f))
			byte = '?';
		if (escape && (byte == '"' || byte == '\\'))
			buf[used++] = '\\';
		buf[used++] = (char)byte;
	}
	return used;
}

int log_format(char *buf, int size, enum log_level level, const char *message)
{
	int used = 0;

	if (setup.json) {
		used = append(buf, size, used, "{\"program\":\"secure-init\",\"level\":\"", false);
		used = append(buf, size, used, level_names[level], false);
		used = append(buf, size, used, "\",\"message\":\"", false);
		used = append(buf, size, used, message, true);
		buf[used++] = '"';
		buf[used++] = '}';
	} else {
		used = append(buf, size, used, "secure-init: ", false);
		if (level == LOG_WARN)
			used = append(buf, size, used, "warning: ", false);
		used = append(buf, size, used, message, false);
	}
	buf[used++] = '\n';
	return used;
}

void log_say(enum log_level level, const char *format, ...)
{
	char message[LINE_MAX_BYTES - 100], line[LINE_MAX_BYTES];
	va_list args;
	int length;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	length = log_format(line, sizeof(line), level, message);
	/* There is nobody to tell when standard error is closed. */
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return;
}

int log_open_again(void)
{
	struct stat status;

	/* the same open file as the agent's cannot be made not to wait, or the agent's would not either */
	if (fstat(STDERR_FILENO, &status) < 0 || (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)))
		return -1;
	return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_never_wait(int fd)
{
	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	close(fd);
}
