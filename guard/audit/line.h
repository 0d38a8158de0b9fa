/*
 * Building one line of bounded length, and the words in which packets and questions are spoken of. What comes
 * from outside is made safe for a terminal and for JSON. What does not fit is left out.
 */
#ifndef GUARD_AUDIT_LINE_H
#define GUARD_AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_TEXT 2048

struct line {
	char text[LINE_TEXT]; /* NUL-terminated */
	size_t n;
};

__attribute__((format(printf, 2, 3))) void line_add(struct line *line, const char *format, ...);

/* Text from outside: all but the printable characters of ASCII becomes '?'; quote and backslash too. */
void line_add_safe(struct line *line, const char *text);

/* {"time":"2026-11-26T03:15:27.123Z","event":"…" – of now, in UTC. The caller goes on with a comma. */
void line_begin_event(struct line *line, const char *event);

/* IANA's protocol numbers: the name of one, or NULL; the number of a name or of digits, or -EINVAL. */
const char *protocol_name(uint8_t protocol);
int protocol_number(const char *text);

/* The name of a protocol, or its number, in text. Returns text. */
#define PROTOCOL_TEXT 12
const char *protocol_text(uint8_t protocol, char text[PROTOCOL_TEXT]);

/* The name of a type of DNS records (RFC 1035 3.2.2, IANA), or "TYPE65280" (RFC 3597 5), in text. Returns
 * text. */
#define QTYPE_TEXT 12
const char *qtype_text(uint16_t type, char text[QTYPE_TEXT]);

#endif
