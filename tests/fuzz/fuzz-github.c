/*
 * Any bytes as GitHub's answer. What is taken are valid prefixes, at least one a field, and aggregating them
 * loses none; what is refused is refused in words.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "fw/github.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* not terminated, so that ASan sees one byte more */
	char *body = malloc(size > 0 ? size : 1), why[GITHUB_TEXT] = "";
	struct prefixes ranges = {0}, copy = {0};
	int ret;

	must(body != NULL);
	memcpy(body, bytes, size);
	ret = github_parse(body, size, &ranges, why);
	for (size_t i = 0; i < ranges.n; i++)
		must(prefix_valid(&ranges.v[i]) && prefixes_add(&copy, &ranges.v[i]) == 0);
	if (ret == 0) {
		must(ranges.n >= 3);
		prefixes_aggregate(&copy);
		must(copy.n >= 1 && copy.n <= ranges.n);
		for (size_t i = 0; i < ranges.n; i++)
			must(prefixes_cover(&copy, &ranges.v[i]));
	} else {
		must(ret == -EBADMSG && why[0] != '\0' && strnlen(why, sizeof(why)) < sizeof(why));
	}
	prefixes_free(&copy);
	prefixes_free(&ranges);
	free(body);
	return 0;
}
