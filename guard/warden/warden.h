/*
 * The warden: the one process that keeps NET_ADMIN. Puts into the sets what the resolver learnt, after asking
 * its own copy of the policy; watches the rules and sets; takes live changes (guard/warden/control.h).
 */
#ifndef GUARD_WARDEN_WARDEN_H
#define GUARD_WARDEN_WARDEN_H

#include "guard/guard.h"
#include "util/error.h"

struct warden;

/*
 * Opens what it needs, while it may: the control socket, the notifications of nf_tables. resolver and fetcher
 * are its ends of their socket pairs; -1: there is none. Returns 0 or -errno with *error filled.
 */
int warden_open(const struct guard_start *start, int resolver, int fetcher, int lifeline,
	struct warden **warden, struct error *error);

/*
 * Serves until the lifeline is closed (returns 0), or must stop the agent because the firewall was touched
 * and PARA_ON_TAMPER=stop (returns -EPERM; process 1 ends the container).
 */
int warden_run(struct warden *warden);

#endif
