/* DNS messages, put together piece by piece, right or wrong. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct wire {
	size_t n;
	uint8_t bytes[70000];
};

/* Begins anew, with these counts. */
void wire_head(struct wire *wire, uint16_t id, uint16_t flags, unsigned int questions, unsigned int answers,
	unsigned int authority, unsigned int additional);

void wire_bytes(struct wire *wire, const void *bytes, size_t n);
void wire_16(struct wire *wire, unsigned int value);

/* "a.example" in labels; "" is the root; "@12" is a pointer there; "a@12" a label before a pointer. */
void wire_name(struct wire *wire, const char *name);

void wire_question(struct wire *wire, const char *name, unsigned int type);

/* A record whose data are an address as text, a name (after '='), or bytes. */
void wire_address(struct wire *wire, const char *owner, uint32_t ttl, const char *address);
void wire_named(struct wire *wire, const char *owner, unsigned int type, uint32_t ttl, const char *target);
void wire_record(struct wire *wire, const char *owner, unsigned int type, uint32_t ttl, const void *data,
	size_t length);

#endif
