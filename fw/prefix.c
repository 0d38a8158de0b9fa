/* Address prefixes: see the header. */
#include "fw/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/number.h"

unsigned int family_bits(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

static bool bit_at(const struct prefix *prefix, unsigned int bit)
{
	return (prefix->addr[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

/* True if the first n bits of both are the same. */
static bool same_bits(const struct prefix *a, const struct prefix *b, unsigned int n)
{
	unsigned int rest = n % 8;

	if (memcmp(a->addr, b->addr, n / 8) != 0)
		return false;
	return rest == 0 || (a->addr[n / 8] ^ b->addr[n / 8]) >> (8 - rest) == 0;
}

struct prefix prefix_make(uint8_t family, const void *addr, unsigned int length)
{
	struct prefix prefix = {.family = family, .length = (uint8_t)length};
	unsigned int whole = length / 8;

	memcpy(prefix.addr, addr, whole);
	if (length % 8 != 0)
		prefix.addr[whole] = (uint8_t)(((const uint8_t *)addr)[whole] & (0xff00 >> length % 8));
	return prefix;
}

bool prefix_valid(const struct prefix *prefix)
{
	struct prefix made;

	if (prefix->family != AF_INET && prefix->family != AF_INET6)
		return false;
	if (prefix->length > family_bits(prefix->family))
		return false;
	made = prefix_make(prefix->family, prefix->addr, prefix->length);
	return memcmp(&made, prefix, sizeof(made)) == 0;
}

int prefix_parse(const char *text, struct prefix *prefix, bool *cleared)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16] = {0};
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint8_t family = memchr(text, ':', length) != NULL ? AF_INET6 : AF_INET;
	uint64_t bits = family_bits(family);

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(family, address, bytes) != 1)
		return -EINVAL;
	/* "/08" would be a length to some readers and octal to others */
	if (slash != NULL && slash[1] == '0' && slash[2] != '\0')
		return -EINVAL;
	if (slash != NULL && number_parse(slash + 1, 0, bits, &bits) != 0)
		return -EINVAL;
	*prefix = prefix_make(family, bytes, (unsigned int)bits);
	if (cleared != NULL)
		*cleared = memcmp(prefix->addr, bytes, sizeof(bytes)) != 0;
	return 0;
}

const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT])
{
	size_t used;

	if (inet_ntop(prefix->family, prefix->addr, text, PREFIX_TEXT) == NULL)
		return memcpy(text, "?", sizeof("?"));
	used = strlen(text);
	if (!prefix_is_address(prefix))
		snprintf(text + used, PREFIX_TEXT - used, "/%u", prefix->length);
	return text;
}

int prefix_compare(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	order = memcmp(x->addr, y->addr, sizeof(x->addr));
	return order != 0 ? order : (int)x->length - (int)y->length;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->family == inner->family && outer->length <= inner->length &&
	       same_bits(outer, inner, outer->length);
}

bool prefix_is_address(const struct prefix *prefix)
{
	return prefix->length == family_bits(prefix->family);
}

static const struct {
	struct prefix prefix;
	enum address_kind kind;
} special[] = {
	{{AF_INET, 8, {0}}, ADDRESS_UNSPECIFIED},
	{{AF_INET, 8, {10}}, ADDRESS_PRIVATE},
	{{AF_INET, 10, {100, 64}}, ADDRESS_PRIVATE},
	{{AF_INET, 8, {127}}, ADDRESS_LOOPBACK},
	{{AF_INET, 16, {169, 254}}, ADDRESS_LINK_LOCAL},
	{{AF_INET, 12, {172, 16}}, ADDRESS_PRIVATE},
	{{AF_INET, 24, {192, 0, 0}}, ADDRESS_PRIVATE},
	{{AF_INET, 24, {192, 0, 2}}, ADDRESS_RESERVED},
	{{AF_INET, 16, {192, 168}}, ADDRESS_PRIVATE},
	{{AF_INET, 15, {198, 18}}, ADDRESS_PRIVATE},
	{{AF_INET, 24, {198, 51, 100}}, ADDRESS_RESERVED},
	{{AF_INET, 24, {203, 0, 113}}, ADDRESS_RESERVED},
	{{AF_INET, 4, {224}}, ADDRESS_MULTICAST},
	{{AF_INET, 32, {255, 255, 255, 255}}, ADDRESS_BROADCAST},
	{{AF_INET, 4, {240}}, ADDRESS_PRIVATE},
	{{AF_INET6, 128, {0}}, ADDRESS_UNSPECIFIED},
	{{AF_INET6, 128, {[15] = 1}}, ADDRESS_LOOPBACK},
	{{AF_INET6, 96, {0}}, ADDRESS_MAPPED},
	{{AF_INET6, 96, {[10] = 0xff, [11] = 0xff}}, ADDRESS_MAPPED},
	{{AF_INET6, 48, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}}, ADDRESS_PRIVATE},
	{{AF_INET6, 32, {0x20, 0x01, 0x0d, 0xb8}}, ADDRESS_RESERVED},
	{{AF_INET6, 7, {0xfc}}, ADDRESS_PRIVATE},
	{{AF_INET6, 10, {0xfe, 0x80}}, ADDRESS_LINK_LOCAL},
	{{AF_INET6, 10, {0xfe, 0xc0}}, ADDRESS_PRIVATE},
	{{AF_INET6, 8, {0xff}}, ADDRESS_MULTICAST},
};

/* IPv6 that a translator or tunnel takes to an IPv4 address, and where in it that stands. */
static const struct {
	struct prefix prefix;
	uint8_t offset, mask; /* mask: what each byte is written with (exclusive or) */
} embedded[] = {
	{{AF_INET6, 96, {0x00, 0x64, 0xff, 0x9b}}, 12, 0x00}, /* NAT64, RFC 6052 2.1 */
	{{AF_INET6, 16, {0x20, 0x02}}, 2, 0x00},	      /* 6to4, RFC 3056 2 */
	{{AF_INET6, 32, {0x20, 0x01}}, 12, 0xff},	      /* Teredo, RFC 4380 4 */
};

struct prefix prefix_reached(const struct prefix *address)
{
	for (size_t i = 0; prefix_is_address(address) && i < sizeof(embedded) / sizeof(embedded[0]); i++) {
		const uint8_t *from = address->addr + embedded[i].offset;
		uint8_t v4[4];

		if (!prefix_covers(&embedded[i].prefix, address))
			continue;
		for (size_t b = 0; b < sizeof(v4); b++)
			v4[b] = from[b] ^ embedded[i].mask;
		return prefix_make(AF_INET, v4, 32);
	}
	return *address;
}

enum address_kind prefix_kind(const struct prefix *prefix)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (prefix_covers(&special[i].prefix, prefix) || prefix_covers(prefix, &special[i].prefix))
			return special[i].kind;
	return ADDRESS_PUBLIC;
}

bool address_unusable(enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_UNSPECIFIED:
	case ADDRESS_LOOPBACK:
	case ADDRESS_LINK_LOCAL:
	case ADDRESS_MULTICAST:
	case ADDRESS_BROADCAST:
	case ADDRESS_MAPPED:
		return true;
	default:
		return false;
	}
}

const char *address_kind_text(enum address_kind kind)
{
	static const char *const text[] = {
		[ADDRESS_PUBLIC] = "public",
		[ADDRESS_PRIVATE] = "private",
		[ADDRESS_UNSPECIFIED] = "unspecified",
		[ADDRESS_LOOPBACK] = "loopback",
		[ADDRESS_LINK_LOCAL] = "link-local",
		[ADDRESS_MULTICAST] = "multicast",
		[ADDRESS_BROADCAST] = "broadcast",
		[ADDRESS_MAPPED] = "IPv4-mapped",
		[ADDRESS_RESERVED] = "reserved",
	};

	return text[kind];
}

int prefixes_add(struct prefixes *list, const struct prefix *prefix)
{
	if (list->n == list->room) {
		size_t room = list->room == 0 ? 16 : list->room * 2;
		struct prefix *v = reallocarray(list->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = *prefix;
	return 0;
}

void prefixes_free(struct prefixes *list)
{
	free(list->v);
	*list = (struct prefixes){0};
}

/* True if a and b are the two halves of one prefix, a the lower. */
static bool are_halves(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->length == b->length && a->length > 1 &&
	       same_bits(a, b, a->length - 1U) && !bit_at(a, a->length - 1U) && bit_at(b, b->length - 1U);
}

void prefixes_aggregate(struct prefixes *list)
{
	size_t kept = 0;

	if (list->n == 0)
		return;
	qsort(list->v, list->n, sizeof(*list->v), prefix_compare);
	/* v[0..kept) is a stack: what comes next is inside its top, the other half of it, or new. */
	for (size_t i = 0; i < list->n; i++) {
		if (kept > 0 && prefix_covers(&list->v[kept - 1], &list->v[i]))
			continue;
		list->v[kept++] = list->v[i];
		while (kept > 1 && are_halves(&list->v[kept - 2], &list->v[kept - 1]))
			list->v[--kept - 1].length--;
	}
	list->n = kept;
}

bool prefixes_cover(const struct prefixes *list, const struct prefix *prefix)
{
	for (size_t i = 0; i < list->n; i++)
		if (prefix_covers(&list->v[i], prefix))
			return true;
	return false;
}
