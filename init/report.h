/*
 * `secure-init report [json] [FILE]`: what a record (PARA_AUDIT) says of a run, summed up. Asks nothing of
 * the place it runs in, needs no rights, opens nothing but the file.
 */
#ifndef INIT_REPORT_H
#define INIT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "util/error.h"

/* A longer line is none of ours (guard/audit/sink.h). */
#define REPORT_LINE 8192

/* Kinds of packets, and of questions, that are told apart; the rarest make room. */
#define REPORT_KINDS 4096

/* Shown of each. */
#define REPORT_TOP 20

/*
 * arguments: NULL-terminated, in any order "json" and a file's name; without a name, or with "-", standard
 * input is read. Prints to standard output. Returns 0, or -errno with *error filled.
 */
int report(char *const *arguments, struct error *error);

/* The same from an open file to another; name is for messages. */
int report_file(FILE *file, const char *name, FILE *out, bool json, struct error *error);

#endif
