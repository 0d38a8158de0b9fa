/* How often something may be: questions that could carry something out, and warnings of a kind. */
#ifndef GUARD_RESOLVER_LIMITS_H
#define GUARD_RESOLVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Questions for names on no list that may leave: each could carry something out. In a second, and at once. */
#define UNLISTED_PER_SECOND 50
#define UNLISTED_AT_ONCE    500

/* A token bucket of such questions. */
struct bucket {
	int64_t since_ms;
	int64_t thousandths; /* of a question */
};

void bucket_fill(struct bucket *bucket, int64_t now_ms);

/* True if one more may leave now; it is then counted. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);

/* Warnings of a kind: at most one in ten seconds; what was left out is counted. Begins as zeros. */
struct limited {
	int64_t again_ms;
	unsigned int left_out;
};

/* True if a warning may be said now; text is then what it ends with, if others were left out. */
#define MORE_TEXT 40
bool may_warn(struct limited *limited, int64_t now_ms, char text[MORE_TEXT]);

#endif
