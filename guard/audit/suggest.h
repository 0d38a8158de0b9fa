/*
 * The entries that would have allowed what was refused: each host once, with all its ports, those refused
 * most often first. Only says what they would be; opens nothing.
 */
#ifndef GUARD_AUDIT_SUGGEST_H
#define GUARD_AUDIT_SUGGEST_H

#include <stddef.h>
#include <stdint.h>

#include "fw/entry.h"
#include "fw/prefix.h"

/* So many hosts; a longer list is not one that a person can approve. */
#define SUGGEST_HOSTS 128

/* Of names that DNS refused the ports are not known, since no packet was ever sent. */
#define SUGGEST_PORT_UNKNOWN 443

struct suggestion {
	uint64_t count;
	unsigned int n_ports;
	uint16_t ports[ENTRY_PORTS_MAX];
	char host[NAME_TEXT + 2]; /* a name, an address, or an IPv6 address in brackets */
};

/* {0} is empty; suggest_free gives it back. */
struct suggest {
	struct suggestion *v;
	size_t n;
	uint64_t left_out; /* hosts, or ports of one, that found no room, or are no entry */
};

/*
 * count packets were refused to that port of a host: its name if it has one (else NULL), its address
 * otherwise; address may be NULL where there is a name. What secure-init would not take as an entry is left
 * out. Returns 0 or -ENOMEM.
 */
int suggest_add(struct suggest *suggest, const char *name, const struct prefix *address, uint16_t port,
	uint64_t count);

void suggest_sort(struct suggest *suggest);

/* The entry of one host: "example.org:443,80". Returns text. */
#define SUGGEST_TEXT (NAME_TEXT + 2 + ENTRY_PORTS_MAX * 6)
const char *suggest_entry(const struct suggestion *suggestion, char text[SUGGEST_TEXT]);

/*
 * All of them with commas between, as far as they fit into size bytes with the NUL. Returns how many entries
 * did not fit.
 */
size_t suggest_list(const struct suggest *suggest, char *text, size_t size);

void suggest_free(struct suggest *suggest);

#endif
