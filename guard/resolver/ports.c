/* Sockets to servers: see the header. */
#include "guard/resolver/ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/resolv.h"
#include "util/number.h"

/* ip_local_port_range, where it cannot be read (Documentation/networking/ip-sysctl.rst). */
#define DEFAULT_FIRST 32768
#define DEFAULT_LAST  60999
/* Those below are root's (ip(7), ip_unprivileged_port_start). */
#define PORT_LOWEST 1024
/* With fewer than so many the kernel's are the better ones, since a stranger has to guess them. */
#define PORTS_APART_MIN 4096
/* That many in a row are not all taken by chance. */
#define PORT_TRIES 16

struct port {
	struct watch watch;
	struct ports *ports;
	struct port *next; /* among the idle ones of its server, or the free */
	void *owner;	   /* NULL: idle */
	int fd;		   /* -1: closed */
	unsigned int server, uses;
	int64_t since_ms;
};

struct ports {
	struct loop *loop;
	struct random *random;
	uint32_t first, last; /* the kernel's own */
	void (*ready)(void *owner);
	unsigned int fresh; /* places from here on were never in use */
	struct port *free;
	struct port *idle[RESOLV_SERVERS_MAX];
	struct port all[PORTS_MAX];
};

struct server_address server_address(const struct prefix *address, unsigned int scope, uint16_t port)
{
	struct server_address server = {.length = sizeof(server.at.v4)};

	if (address->family == AF_INET) {
		server.at.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&server.at.v4.sin_addr, address->addr, 4);
		return server;
	}
	server.length = sizeof(server.at.v6);
	server.at.v6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
	memcpy(&server.at.v6.sin6_addr, address->addr, 16);
	return server;
}

static void close_port(struct port *port)
{
	struct ports *ports = port->ports;

	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
	port->owner = NULL;
	port->next = ports->free;
	ports->free = port;
}

static void drop_idle(struct port **link)
{
	struct port *port = *link;

	*link = port->next;
	close_port(port);
}

/* Something came by a socket. That of an idle one is late, or foreign: it has no reader, and the socket goes.
 */
static void port_ready(void *owner, uint32_t events)
{
	struct port *port = owner;
	struct port **link = &port->ports->idle[port->server];

	(void)events;
	if (port->fd < 0)
		return;
	if (port->owner != NULL) {
		port->ports->ready(port->owner);
		return;
	}
	while (*link != port)
		link = &(*link)->next;
	drop_idle(link);
}

/* A place for one more socket; if need be, that of an idle one. */
static struct port *place_for_one(struct ports *ports)
{
	struct port *port;

	for (unsigned int i = 0; i < RESOLV_SERVERS_MAX && ports->free == NULL && ports->fresh == PORTS_MAX;
		i++)
		if (ports->idle[i] != NULL)
			drop_idle(&ports->idle[i]);
	port = ports->free;
	if (port != NULL)
		ports->free = port->next;
	else if (ports->fresh < PORTS_MAX)
		port = &ports->all[ports->fresh++];
	return port;
}

/* One that the kernel gives to nobody; where all that we try are taken, one of the kernel's. */
static void bind_apart(const struct port *port, sa_family_t family)
{
	const struct ports *ports = port->ports;
	const uint32_t below = ports->first - PORT_LOWEST, n = below + UINT16_MAX - ports->last;
	struct server_address own;

	for (int i = 0; i < PORT_TRIES && n >= PORTS_APART_MIN; i++) {
		const uint32_t at = random_below(ports->random, n);

		own = server_address(&(const struct prefix){.family = (uint8_t)family}, 0,
			(uint16_t)(at < below ? PORT_LOWEST + at : ports->last + 1 + at - below));
		if (bind(port->fd, &own.at.any, own.length) == 0)
			return;
	}
}

/* What came while the socket was nobody's yet is from anybody. Returns -EBUSY if it does not end. */
static int drain(int fd)
{
	char byte;

	for (int i = 0; i < PORT_TRIES; i++)
		if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) < 0 && errno == EAGAIN)
			return 0;
	return -EBUSY;
}

static int open_port(struct port *port, const struct server_address *server)
{
	int ret;

	port->fd = socket(server->at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return -errno;
	bind_apart(port, server->at.any.sa_family);
	if (connect(port->fd, &server->at.any, server->length) < 0)
		return -errno;
	ret = drain(port->fd);
	if (ret < 0)
		return ret;
	return loop_watch(port->ports->loop, port->fd, EPOLLIN, &port->watch);
}

static bool is_good(const struct port *port, int64_t now_ms)
{
	return port->uses < PORT_USES_MAX && now_ms - port->since_ms < PORT_AGE_MS;
}

int ports_take(struct ports *ports, unsigned int number, const struct server_address *server, void *owner,
	int64_t now_ms, struct port **taken)
{
	struct port *port;
	int ret;

	while (ports->idle[number] != NULL && !is_good(ports->idle[number], now_ms))
		drop_idle(&ports->idle[number]);
	port = ports->idle[number];
	if (port != NULL) {
		ports->idle[number] = port->next;
		port->uses++;
		port->owner = owner;
		*taken = port;
		return 0;
	}
	port = place_for_one(ports);
	if (port == NULL)
		return -EMFILE;
	*port = (struct port){.watch = {port_ready, port},
		.ports = ports,
		.owner = owner,
		.server = number,
		.uses = 1,
		.since_ms = now_ms};
	ret = open_port(port, server);
	if (ret < 0) {
		close_port(port);
		return ret;
	}
	*taken = port;
	return 0;
}

int port_socket(const struct port *port)
{
	return port->fd;
}

void port_give(struct port *port, bool again, int64_t now_ms)
{
	if (!again || !is_good(port, now_ms)) {
		close_port(port);
		return;
	}
	port->owner = NULL;
	port->next = port->ports->idle[port->server];
	port->ports->idle[port->server] = port;
}

void ports_tick(struct ports *ports, int64_t now_ms)
{
	for (unsigned int i = 0; i < RESOLV_SERVERS_MAX; i++)
		for (struct port **link = &ports->idle[i]; *link != NULL;)
			if (is_good(*link, now_ms))
				link = &(*link)->next;
			else
				drop_idle(link);
}

/* The kernel's own ports, as it says them. */
static void read_range(struct ports *ports)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	char words[2][8];
	uint64_t first = DEFAULT_FIRST, last = DEFAULT_LAST;

	if (file != NULL && (fscanf(file, "%7s %7s", words[0], words[1]) != 2 ||
				    number_parse(words[0], PORT_LOWEST, UINT16_MAX, &first) < 0 ||
				    number_parse(words[1], first, UINT16_MAX, &last) < 0)) {
		first = DEFAULT_FIRST;
		last = DEFAULT_LAST;
	}
	if (file != NULL)
		fclose(file);
	ports->first = (uint32_t)first;
	ports->last = (uint32_t)last;
}

struct ports *ports_new(struct loop *loop, struct random *random, void (*ready)(void *owner))
{
	struct ports *ports = calloc(1, sizeof(*ports));

	if (ports == NULL)
		return NULL;
	ports->loop = loop;
	ports->random = random;
	read_range(ports);
	ports->ready = ready;
	return ports;
}

void ports_free(struct ports *ports)
{
	if (ports == NULL)
		return;
	for (unsigned int i = 0; i < ports->fresh; i++)
		if (ports->all[i].fd >= 0)
			close(ports->all[i].fd);
	free(ports);
}
