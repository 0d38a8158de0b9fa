/*
 * The grammar of PARA_ALLOWED_DOMAINS: a comma list of entries, each a name, wildcard, address or network
 * with an optional list of ports, or a preset (docs/entries.md). Knows nothing of what the entries will open.
 */
#ifndef FW_ENTRY_H
#define FW_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw/prefix.h"
#include "fw/preset.h"
#include "util/error.h"

#define NAME_TEXT	254 /* RFC 1035 2.3.4: 255 octets on the wire, 253 characters as text, and the NUL */
#define ENTRY_PORTS_MAX 32

struct port_range {
	uint16_t low, high; /* inclusive, host order, 1 to 65535 */
};

enum entry_kind {
	ENTRY_NAME,
	ENTRY_WILDCARD, /* "*.example.com": name holds "example.com" */
	ENTRY_PREFIX,
	ENTRY_LOOPBACK, /* localhost, 127.0.0.0/8, ::1: open in any case */
};

struct entry {
	enum entry_kind kind;
	unsigned int position;	  /* of its first item in the list, from 1 */
	char name[NAME_TEXT];	  /* lower case, no trailing dot; "" for a prefix */
	char preset[PRESET_NAME]; /* "@npm" if it came with that; else "" */
	bool exact;		  /* this host alone, whatever else goes by its name */
	struct prefix prefix;
	unsigned int n_ports; /* 0 means all TCP and UDP ports */
	struct port_range ports[ENTRY_PORTS_MAX];
};

/* {0} is an empty list; entries_free gives it back. */
struct entries {
	struct entry *v;
	size_t n, room;
};

/*
 * Adds list to *entries (which the caller frees, also after a failure). variable is the name to blame in
 * messages. Duplicates are dropped, host bits of a network cleared; both are said in the log. Returns 0,
 * -EINVAL with *error filled, or -ENOMEM.
 */
int entries_parse(const char *variable, const char *list, struct entries *entries, struct error *error);
void entries_free(struct entries *entries);

/* Appends one. Returns 0 or -ENOMEM. */
int entries_add(struct entries *entries, const struct entry *entry);

/* Adds "443" or "8000-8010" to the ports of an entry. Returns 0 or -EINVAL with *error filled. */
int entry_add_ports(const char *variable, struct entry *entry, const char *text, struct error *error);

/* The entry as the operator would write it, for messages. Returns text. */
#define ENTRY_TEXT (NAME_TEXT + ENTRY_PORTS_MAX * 12 + 8)
const char *entry_text(const struct entry *entry, char text[ENTRY_TEXT]);

#endif
