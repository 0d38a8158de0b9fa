#include "util/seccomp.h"

#include <errno.h>

#include "util/filter.h"

/* The accumulator holds the number, before and after. */
static void allow_call(struct filter *filter, const struct seccomp_call *call)
{
	const uint32_t number = (uint32_t)call->number;

	if (call->mask == 0) {
		filter_if_equal(filter, number, 0, 1);
		filter_return(filter, SECCOMP_RET_ALLOW);
		return;
	}
	filter_if_equal(filter, number, 0, 5);
	filter_load(filter, FILTER_ARGUMENT(call->argument));
	filter_mask(filter, call->mask);
	filter_if_equal(filter, call->value, 0, 1);
	filter_return(filter, SECCOMP_RET_ALLOW);
	filter_load(filter, FILTER_NUMBER);
}

int seccomp_allow(const struct seccomp_call *calls, size_t n)
{
	struct filter filter = {.n = 0};

	if (n > SECCOMP_CALLS_MAX)
		return -E2BIG;
	/* x86's third numbering (x32) has a bit that no number of the list has */
	filter_begin(&filter, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < n; i++)
		allow_call(&filter, &calls[i]);
	filter_return(&filter, SECCOMP_RET_KILL_PROCESS);
	return filter_put(&filter);
}
