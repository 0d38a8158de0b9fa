/*
 * What we say, on standard error: one line a message, written by one write(2), so that the lines of several
 * processes never mix. As text "secure-init: …", or with PARA_LOG=json as {"level":…,"message":…}.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Sets what is said and how; before the first call it is LOG_INFO as text. Called once, at the start. */
void log_setup(enum log_level level, bool json);

/* True if a message of this level would be written. */
bool log_enabled(enum log_level level);

/* Says one line. Bytes that would break the line (control characters) are shown as '?'. */
__attribute__((format(printf, 2, 3))) void log_say(enum log_level level, const char *format, ...);

#define log_error(...) log_say(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_say(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_say(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_say(LOG_DEBUG, __VA_ARGS__)

/*
 * Standard error opened anew, so that whoever writes to it does not wait while nobody takes it: a terminal's
 * output can be stopped by any program on it, and a pipe be full. Returns a descriptor, close-on-exec, or -1
 * where it is neither of the two or cannot be opened, which takes the right to (as root, before that is given
 * up).
 */
int log_open_again(void);

/* Has this process write to that from now on; lines for which there is no room are lost. -1: nothing. */
void log_never_wait(int fd);

/*
 * Formats one line as log_say would into buf and returns its length, always at most size. For the one message
 * that a signal handler writes and therefore cannot format itself.
 */
int log_format(char *buf, int size, enum log_level level, const char *message);

#endif
