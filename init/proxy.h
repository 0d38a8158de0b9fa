/* Telling the agent's programs of the one proxy that they can reach. */
#ifndef INIT_PROXY_H
#define INIT_PROXY_H

#include "fw/policy.h"
#include "util/error.h"

/*
 * In the proxy's mode, sets HTTP_PROXY, HTTPS_PROXY and NO_PROXY in both cases of letters, since programs
 * differ in which they read. Returns 0 or -errno with *error filled.
 */
int proxy_environment(const struct policy *policy, struct error *error);

#endif
