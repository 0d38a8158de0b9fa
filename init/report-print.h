/* What a report has found, and its two forms. Nothing in it needs escaping any more (guard/audit/line.h). */
#ifndef INIT_REPORT_PRINT_H
#define INIT_REPORT_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "guard/audit/event.h"
#include "guard/audit/table.h"

#define TIME_TEXT 25 /* "2026-11-26T03:15:27.123Z" and its NUL */

struct refused_kind {
	struct table_slot slot;
	struct place place;
	char name[NAME_TEXT + 2]; /* "": none */
	uint64_t count;
};

struct question_key {
	char type[QTYPE_TEXT];
	char name[NAME_TEXT + 2]; /* all zero behind the NUL */
};

struct question_kind {
	struct table_slot slot;
	struct question_key key;
	uint64_t count;
};

struct findings {
	char first[TIME_TEXT], last[TIME_TEXT];
	uint64_t events, runs, strange; /* strange: lines that look like events, and are none */
	uint64_t packets, missed, refused_questions;
	uint64_t others; /* of both, of which only the number is known */
	struct table refused, questions;
};

/* Both return 0, -ENOMEM, or -EIO. */
int report_print(const struct findings *findings, FILE *out);
int report_print_json(const struct findings *findings, FILE *out);

#endif
