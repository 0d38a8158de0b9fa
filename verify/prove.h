/* Which probes show that this firewall holds, and lets through what it should; and what they showed. */
#ifndef VERIFY_PROVE_H
#define VERIFY_PROVE_H

#include "fw/lookup.h"
#include "fw/policy.h"
#include "fw/set.h"
#include "util/error.h"
#include "util/netlink.h"

/* A name that exists for examples (RFC 2606), resolved with the others so that a real host is probed too. */
#define PROVE_NAME "example.com"

#define PROOFS_MAX 4
#define PROOF_TEXT 400

struct proofs {
	unsigned int n;
	char text[PROOFS_MAX][PROOF_TEXT]; /* sentences for the summary */
};

/* What the probes have to know: all of it stands by the time they run. */
struct claim {
	const struct policy *policy;
	const struct host_networks *host;
	const struct lookup *lookup;
	const struct contents *contents; /* of each list */
};

/* An address of the family that the claim closes on that port, and that no host has or a metadata service;
 * false if there is none. */
bool prove_address(const struct claim *claim, uint8_t family, uint16_t port, struct prefix *address);

/*
 * Probes a blocked address of each family, example.com if it was resolved, and an allowed name. Returns 0
 * with *proofs filled, or -errno with *error saying which claim did not hold.
 */
int prove(struct netlink *netlink, const struct claim *claim, struct proofs *proofs, struct error *error);

#endif
