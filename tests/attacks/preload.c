/* A library that says so when it is loaded, and by which program. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

__attribute__((constructor)) static void loaded(void)
{
	dprintf(2, "PRELOADED by %s\n", program_invocation_short_name);
}
