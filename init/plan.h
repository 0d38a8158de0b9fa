/*
 * `secure-init plan [iptables|ip6tables|ipset]`: the policy, sets and rules as they would be installed: in
 * words, or as the text that iptables-restore, ip6tables-restore and `ipset restore` take. Changes nothing.
 */
#ifndef INIT_PLAN_H
#define INIT_PLAN_H

#include "init/config.h"
#include "init/place.h"
#include "util/error.h"

/* form: NULL for words, or one of the three. Returns 0 or -errno with *error filled. */
int plan(const struct config *config, const struct place *place, const char *form, struct error *error);

#endif
