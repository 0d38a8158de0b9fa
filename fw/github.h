/* GitHub's published address ranges. Runs in the lookup's child: it parses what the network sends. */
#ifndef FW_GITHUB_H
#define FW_GITHUB_H

#include "fw/prefix.h"

/* Room for the sentence that says what went wrong. */
#define GITHUB_TEXT 400

/* GitHub's have 70 characters; a longer one is not kept. */
#define GITHUB_ETAG 128

/*
 * Fetches https://api.github.com/meta from one of the addresses and adds the ranges of "web", "api" and "git"
 * to *ranges. deadline is in milliseconds of CLOCK_MONOTONIC; tries end before it. Returns 0, or -errno with
 * why filled. GITHUB_TOKEN or GH_TOKEN of the environment is sent if it is there, and never shown.
 *
 * etag is the answer's version (RFC 9110 8.8.3): "" or that of the fetch before, of which nothing has changed
 * if this returns 1; replaced by the new one.
 */
int github_fetch(const struct prefixes *addresses, int64_t deadline, char etag[GITHUB_ETAG],
	struct prefixes *ranges, char why[GITHUB_TEXT]);

/*
 * A copy of the certificates that github_fetch would judge by, in memory (memfd_create(2)), for whoever comes
 * later, when the image's may be others: SSL_CERT_FILE=/proc/self/fd/N. Returns the descriptor, or -errno.
 */
int github_keep_certificates(void);

/* The parser alone: the ranges of one answer's body. For tests and fuzzers as well. */
int github_parse(const char *body, size_t length, struct prefixes *ranges, char why[GITHUB_TEXT]);

#endif
