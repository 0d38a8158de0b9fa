/* Sockets to servers: see the header. */
#include "guard/resolver/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/resolv.h"

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

static int open_port(struct port *port, const struct server_address *server)
{
	port->fd = socket(server->at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0 || connect(port->fd, &server->at.any, server->length) < 0)
		return -errno;
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

struct ports *ports_new(struct loop *loop, void (*ready)(void *owner))
{
	struct ports *ports = calloc(1, sizeof(*ports));

	if (ports == NULL)
		return NULL;
	ports->loop = loop;
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
