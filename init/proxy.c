/* The variables: see the header. */
#include "init/proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is reached without it: this container alone. */
#define DIRECT "localhost,127.0.0.1,::1"

int proxy_environment(const struct policy *policy, struct error *error)
{
	char url[ENTRY_TEXT + 8], place[ENTRY_TEXT];
	const struct {
		const char *name, *value;
	} variables[] = {
		{"HTTP_PROXY", url},
		{"http_proxy", url},
		{"HTTPS_PROXY", url},
		{"https_proxy", url},
		{"NO_PROXY", DIRECT},
		{"no_proxy", DIRECT},
	};

	if (!policy->isolated || policy->mode != MODE_PROXY)
		return 0;
	snprintf(url, sizeof(url), "http://%s", entry_text(&policy->list[LIST_ALLOWED].v[0], place));
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (setenv(variables[i].name, variables[i].value, 1) < 0)
			return error_set(error, FAIL_SYSTEM, errno, "the environment has no room for %s: %s",
				variables[i].name, strerror(errno));
	return 0;
}
