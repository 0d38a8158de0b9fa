#include "guard/resolver/limits.h"

#include <stdio.h>

#define BUCKET_FULL ((int64_t)UNLISTED_AT_ONCE * 1000)

#define WARN_MS 10000

void bucket_fill(struct bucket *bucket, int64_t now_ms)
{
	*bucket = (struct bucket){now_ms, BUCKET_FULL};
}

/* It gets its share of each millisecond. */
bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
	bucket->thousandths += (now_ms - bucket->since_ms) * UNLISTED_PER_SECOND;
	bucket->since_ms = now_ms;
	if (bucket->thousandths > BUCKET_FULL)
		bucket->thousandths = BUCKET_FULL;
	if (bucket->thousandths < 1000)
		return false;
	bucket->thousandths -= 1000;
	return true;
}

bool may_warn(struct limited *limited, int64_t now_ms, char text[MORE_TEXT])
{
	if (now_ms < limited->again_ms) {
		limited->left_out++;
		return false;
	}
	text[0] = '\0';
	if (limited->left_out > 0)
		snprintf(text, MORE_TEXT, " (and %u times before)", limited->left_out);
	limited->left_out = 0;
	limited->again_ms = now_ms + WARN_MS;
	return true;
}
