/* DNS messages for tests: see the header. */
#include "tests/unit/wire.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "guard/resolver/dns.h"
#include "tests/unit/unit.h"

void wire_bytes(struct wire *wire, const void *bytes, size_t n)
{
	assert_true(wire->n + n <= sizeof(wire->bytes));
	if (n > 0)
		memcpy(wire->bytes + wire->n, bytes, n);
	wire->n += n;
}

void wire_16(struct wire *wire, unsigned int value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	wire_bytes(wire, bytes, 2);
}

static void wire_32(struct wire *wire, uint32_t value)
{
	wire_16(wire, value >> 16);
	wire_16(wire, value & 0xffff);
}

void wire_head(struct wire *wire, uint16_t id, uint16_t flags, unsigned int questions, unsigned int answers,
	unsigned int authority, unsigned int additional)
{
	wire->n = 0;
	wire_16(wire, id);
	wire_16(wire, flags);
	wire_16(wire, questions);
	wire_16(wire, answers);
	wire_16(wire, authority);
	wire_16(wire, additional);
}

void wire_name(struct wire *wire, const char *name)
{
	while (*name != '\0' && *name != '@') {
		const uint8_t length = (uint8_t)strcspn(name, ".@");

		wire_bytes(wire, &length, 1);
		wire_bytes(wire, name, length);
		name += length + (name[length] == '.');
	}
	if (*name == '@')
		wire_16(wire, 0xc000U | (unsigned int)atoi(name + 1));
	else
		wire_bytes(wire, "", 1);
}

void wire_question(struct wire *wire, const char *name, unsigned int type)
{
	wire_name(wire, name);
	wire_16(wire, type);
	wire_16(wire, DNS_CLASS_IN);
}

void wire_record(struct wire *wire, const char *owner, unsigned int type, uint32_t ttl, const void *data,
	size_t length)
{
	wire_name(wire, owner);
	wire_16(wire, type);
	wire_16(wire, DNS_CLASS_IN);
	wire_32(wire, ttl);
	wire_16(wire, (unsigned int)length);
	wire_bytes(wire, data, length);
}

void wire_address(struct wire *wire, const char *owner, uint32_t ttl, const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1)
		wire_record(wire, owner, DNS_A, ttl, bytes, 4);
	else if (inet_pton(AF_INET6, address, bytes) == 1)
		wire_record(wire, owner, DNS_AAAA, ttl, bytes, 16);
	else
		fail_msg("'%s' is no address", address);
}

void wire_named(struct wire *wire, const char *owner, unsigned int type, uint32_t ttl, const char *target)
{
	struct wire name = {0};

	wire_name(&name, target);
	wire_record(wire, owner, type, ttl, name.bytes, name.n);
}
