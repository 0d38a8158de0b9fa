/*
 * What was refused, counted by kind: the first of a kind is said at once, those that follow within
 * TALLY_SECONDS are said as one count. Kinds and lines are bounded, counts are not lost. Knows no sockets:
 * packets and names come as structs, lines go into a sink.
 */
#ifndef GUARD_AUDIT_TALLY_H
#define GUARD_AUDIT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/match.h"
#include "guard/audit/event.h"
#include "guard/audit/nflog.h"
#include "guard/audit/sink.h"

/* How long one kind is silent after it was said. */
#define TALLY_SECONDS 60

/* Kinds known at a time; the rarest make room, and are counted as others. */
#define TALLY_PLACES	512
#define TALLY_QUESTIONS 64

/*
 * Lines of refused packets, and apart from them of questions: so many at once, and so many a second after
 * that. A day of nothing else is some 130 MB each.
 */
#define TALLY_BURST	       100
#define TALLY_LINES_PER_SECOND 5

/* Bytes of names that places keep, all together; a place beyond that goes by its address. */
#define TALLY_NAME_BYTES 16384

struct tally;

/* The sink is borrowed. now is clock_ms() here and below. Returns 0 or -ENOMEM; tally_free gives it back. */
int tally_make(struct sink *sink, bool dns_log, int64_t now, struct tally **tally);
void tally_free(struct tally *tally);

/* A packet was refused; name is what the agent knows its destination by, or NULL. */
void tally_packet(struct tally *tally, const struct nflog *packet, const char *name, int64_t now);

/* So many packets were refused and nothing is known of them. */
void tally_missed(struct tally *tally, uint64_t n, int64_t now);

/* A question, answered or refused. */
void tally_question(struct tally *tally, const char *name, uint16_t type, enum name_verdict verdict,
	bool refused, int64_t now);

/* Says the counts whose time has come. To be called about once a second. */
void tally_tick(struct tally *tally, int64_t now);

/* The end: says all counts that are left, whatever their time. */
void tally_flush(struct tally *tally, int64_t now);

struct tally_totals {
	uint64_t packets; /* refused, those missed among them */
	uint64_t missed;  /* of which nothing else is known */
	unsigned int places;
	bool more_places;   /* some were forgotten to make room */
	uint64_t questions; /* refused */
};
struct tally_totals tally_totals(const struct tally *tally);

/* One place and how often packets to it were refused; the name is the tally's, or NULL. */
struct tally_place {
	uint32_t count;
	const char *name;
	struct place place;
};

/* All that are known, the most refused first. Returns how many. */
size_t tally_places(const struct tally *tally, struct tally_place places[TALLY_PLACES]);

/* The question in a slot below TALLY_QUESTIONS and how often it was asked; NULL if there is none. */
const struct question *tally_question_at(const struct tally *tally, unsigned int i, uint32_t *count);

#endif
