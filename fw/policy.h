/* What the operator asked for, and what follows from it. Talks to nobody. */
#ifndef FW_POLICY_H
#define FW_POLICY_H

#include <stdbool.h>

#include "fw/entry.h"
#include "fw/resolv.h"
#include "fw/route.h"
#include "fw/set.h"
#include "util/error.h"

/* What becomes of a packet that no list names (PARA_NETWORK_MODE). */
enum mode {
	MODE_ALLOWLIST, /* refused */
	MODE_BLOCKLIST, /* sent */
	MODE_PROXY,	/* refused, and the one thing allowed is the proxy */
	MODE_NONE,	/* refused, as is everything but loopback */
	MODE_OBSERVE,	/* sent, and logged as what MODE_ALLOWLIST would refuse */
};

/* The essential services. Zero is what nobody said anything of: policy_settle puts the mode's own there. */
enum dns { DNS_UNSAID, DNS_RESOLVERS, DNS_NONE };
enum ssh { SSH_UNSAID, SSH_ANY, SSH_ALLOWLIST, SSH_NONE };
enum host { HOST_UNSAID, HOST_SUBNET, HOST_GATEWAY, HOST_NONE };

/* Filled by init/settings.c; policy_free gives it back. */
struct policy {
	bool isolated;
	bool open_said; /* not isolated, since that was said, and not since nothing was */
	bool defaulted; /* no list was given: the entries are the four documented defaults */
	bool strict;	/* PARA_PROFILE: what is not named is closed */
	bool guarded; /* PARA_GUARD: DNS goes through the guard, what is refused is logged (guard/guard.h) */
	bool filter;  /* PARA_DNS: names that no list allows are not answered; needs the guard */
	uint32_t connections; /* PARA_LIMIT_CONNECTIONS: that may begin in a minute; 0: any number */
	uint64_t bytes;	      /* PARA_QUOTA_BYTES: that may leave in all; 0: any number */
	enum mode mode;
	enum dns dns;
	enum ssh ssh;
	enum host host;
	bool inbound_said, inbound_none; /* of PARA_ALLOW_INBOUND */
	bool inbound_host;		 /* who may come in: the host's network, as far as it is open */
	struct entries list[LISTS];
};

/* The four that an operator who gives no list gets (docs/configuration.md). */
#define POLICY_DEFAULT_LIST "api.anthropic.com,github.com,api.github.com,registry.npmjs.org"

void policy_free(struct policy *policy);

/*
 * Puts what the mode and the profile mean where nothing was said, and refuses what cannot be meant. Returns 0
 * or -EINVAL with *error filled.
 */
int policy_settle(struct policy *policy, struct error *error);

/* True if the entry names a host of GitHub, whose published ranges then belong to it. */
bool entry_is_github(const struct entry *entry);
bool entries_want_github(const struct entries *entries);
bool policy_wants_github(const struct policy *policy);

/* True if a name or wildcard is on one of the lists, so that DNS is needed to know what it means. */
bool policy_has_names(const struct policy *policy);

/* True if what no list names is sent. */
bool policy_sends(const struct policy *policy);

/*
 * True if root's sockets must be let through to DNS servers: Docker's resolver asks from here. The agent,
 * where it is root, shares that.
 */
bool policy_root_asks(const struct resolv *resolv);

/* The networks of the host that the policy opens. */
const struct prefixes *policy_host(const struct policy *policy, const struct host_networks *host);

/* Where clouds answer whoever asks for the machine's keys; blocked in a block list's mode unless allowed. */
extern const char policy_metadata[];
bool policy_is_metadata(const struct prefix *address);

#endif
