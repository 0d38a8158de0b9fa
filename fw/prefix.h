/*
 * Address prefixes of both families: reading, writing, comparing, and what kind of address they hold.
 * Knows nothing of names, ports or the kernel.
 */
#ifndef FW_PREFIX_H
#define FW_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

/* "ffff:…:255.255.255.255/128" and its NUL */
#define PREFIX_TEXT (INET6_ADDRSTRLEN + 4)

/* An address is a prefix of full length. The bits after length are zero, always. */
struct prefix {
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t length;	  /* bits, 0 to 32 or 128 */
	uint8_t addr[16]; /* network order; AF_INET uses the first 4 */
};

/* A growing array; prefixes_free gives it back. {0} is an empty one. */
struct prefixes {
	struct prefix *v;
	size_t n, room;
};

/* What an address is for (IANA's special-purpose registries, RFC 6890 and its successors). */
enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE,     /* RFC 1918, RFC 4193, site-local, and what networks use alike: RFC 6598 shared
				space, benchmarks, future use, 192.0.0.0/24, RFC 8215 */
	ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, :: */
	ADDRESS_LOOPBACK,
	ADDRESS_LINK_LOCAL, /* also where clouds keep their metadata service */
	ADDRESS_MULTICAST,
	ADDRESS_BROADCAST,
	ADDRESS_MAPPED,	  /* IPv4 inside IPv6, ::/96 and ::ffff:0:0/96 */
	ADDRESS_RESERVED, /* documentation: no host has one */
};

unsigned int family_bits(uint8_t family);

/*
 * Reads "192.0.2.0/24", "2001:db8::1" and the like. Bits after the length are cleared; *cleared (may be NULL)
 * says if any was set. Returns 0 or -EINVAL.
 */
int prefix_parse(const char *text, struct prefix *prefix, bool *cleared);

/* An address (4 or 16 bytes, network order) as a prefix of the given length; bits after it are cleared. */
struct prefix prefix_make(uint8_t family, const void *addr, unsigned int length);

/* True for a family, length and bits that prefix_make could have made: for what comes from elsewhere. */
bool prefix_valid(const struct prefix *prefix);

/* Writes "192.0.2.0/24", or an address without a length, into text and returns it. */
const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT]);

/* Order for sorting: by family, address, then length (the wider first). */
int prefix_compare(const void *a, const void *b);

bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
bool prefix_is_address(const struct prefix *prefix);

/* The first kind of special address that the prefix holds any of, or ADDRESS_PUBLIC. */
enum address_kind prefix_kind(const struct prefix *prefix);

/* Who may answer at an address: by NAT64, 6to4 or Teredo an IPv4 address, else itself. */
struct prefix prefix_reached(const struct prefix *address);
const char *address_kind_text(enum address_kind kind);

/* An address that only a sinkhole, an attack or a mistake of DNS gives for a name of another host. */
bool address_unusable(enum address_kind kind);

/* Appends; returns 0 or -ENOMEM. */
int prefixes_add(struct prefixes *list, const struct prefix *prefix);
void prefixes_free(struct prefixes *list);

/*
 * Sorts, and leaves the fewest prefixes that hold the same addresses: those inside others go, two halves
 * become one. Never makes a prefix of length 0 (an ipset cannot hold one).
 */
void prefixes_aggregate(struct prefixes *list);

/* True if one of the list covers the prefix; works on any order. */
bool prefixes_cover(const struct prefixes *list, const struct prefix *prefix);

#endif
