/* The kinds of things that are recorded, and the lines that say them: as JSON and for people. */
#ifndef GUARD_AUDIT_EVENT_H
#define GUARD_AUDIT_EVENT_H

#include <stdint.h>

#include "fw/entry.h"
#include "fw/match.h"
#include "guard/audit/line.h"
#include "guard/audit/nflog.h"
#include "guard/audit/sink.h"

/* Packets of which no more than the count is of interest: same protocol, destination, port and sender. No
 * holes. */
struct place {
	uint32_t uid;
	uint16_t port; /* or ICMP's type */
	uint8_t family, protocol;
	uint8_t why;   /* enum why */
	uint8_t knows; /* PLACE_… */
	uint8_t spare[2];
	uint8_t addr[16];
};

#define PLACE_PORT     1
#define PLACE_TYPE     2
#define PLACE_UID      4
#define PLACE_FRAGMENT 8

enum dns_verdict { DNS_REFUSED, DNS_ALLOWED, DNS_ANSWERED, DNS_VERDICTS };

extern const char *const event_why[WHYS];
extern const char *const event_verdict[DNS_VERDICTS];

/* The same question, asked again and again. No holes; all of name behind its NUL is zero. */
struct question {
	uint16_t type;
	uint8_t verdict; /* enum dns_verdict */
	uint8_t spare;
	char name[NAME_TEXT + 2];
};

struct place place_of(const struct nflog *packet);
struct prefix place_address(const struct place *place);
struct question question_of(const char *name, uint16_t type, enum dns_verdict verdict);

/* Adds "tcp to 192.0.2.1 port 443 (example.org)"; name may be NULL. */
void place_words(struct line *line, const struct place *place, const char *name);

/* How many, and in what time; seconds 0 is the first of a kind, said for itself. */
struct amount {
	uint64_t count;
	unsigned int seconds;
};

/* packet is the one that is said for itself, whose source is known; NULL for a count. */
void event_refused(struct sink *sink, const struct place *place, const char *name, const struct nflog *packet,
	struct amount amount);
void event_question(struct sink *sink, const struct question *question, struct amount amount);

/* Packets or questions of kinds that had no room in the tables. */
void event_others(struct sink *sink, bool questions, struct amount amount);

/* Packets that came faster than they could be read. */
void event_missed(struct sink *sink, struct amount amount);

#endif
