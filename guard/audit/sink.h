/*
 * Where the record goes (PARA_AUDIT): lines of JSON, lines for people, or both. Writing never waits and never
 * ends anything: a line that does not get through is counted, and that is said once.
 */
#ifndef GUARD_AUDIT_SINK_H
#define GUARD_AUDIT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/* At most this long is a line, so that a pipe takes it whole or not at all (PIPE_BUF, pipe(7)). */
#define SINK_LINE 4096

/* One descriptor to write to; -1: none. */
struct outlet {
	int fd;
	bool owned, socket, broken; /* broken: the last line stands there in part */
};

struct sink {
	struct outlet json;    /* every event */
	struct outlet words;   /* the same for people */
	struct outlet summary; /* what is said at the end; may be the descriptor of words */
	uint64_t lost;	       /* lines of JSON that did not get through */
};

/*
 * Opens what PARA_AUDIT names: NULL, words on standard error unless that is a terminal, where the agent's
 * screen is; "stderr", JSON there; a path, JSON there and words as with NULL; "unix:PATH", JSON as datagrams
 * to that socket and words as with NULL; "off", nothing. Returns 0 or -errno with *error filled. The summary
 * goes to standard error, except with "stderr", and with "off" unless learn (PARA_LEARN) asks for one.
 */
int sink_open(const char *audit, bool learn, struct sink *sink, struct error *error);
void sink_close(struct sink *sink);

/* Each writes one line, given without its end. */
void sink_json(struct sink *sink, const char *line);
void sink_words(struct sink *sink, const char *line);
void sink_summary(struct sink *sink, const char *line);

#endif
