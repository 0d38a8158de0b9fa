/* guard/resolver/ports.h: which ports questions leave by, and what a socket holds before it has its server.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "guard/resolver/ports.h"

/* Strangers who send to a socket as soon as it has its port: so many packets. */
static int strangers;
/* What bind says, if anything. */
static int failing;

/* In place of the libc's; the other programs of units.c get through. */
int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	int (*real)(int, const struct sockaddr *, socklen_t), ret, other;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	*(void **)&real = dlsym(RTLD_NEXT, "bind");
	if (failing != 0) {
		errno = failing;
		return -1;
	}
	ret = real(fd, address, length);
	if (ret != 0 || strangers == 0)
		return ret;
	to.sin_port = ((const struct sockaddr_in *)(const void *)address)->sin_port;
	other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < strangers; i++)
		assert_int_equal(sendto(other, "forged", 6, 0, (const struct sockaddr *)&to, sizeof(to)), 6);
	close(other);
	return ret;
}

static void nobody_reads(void *owner)
{
	(void)owner;
}

/* The port that a question to 127.0.0.1 leaves by, and in *waits how much its socket holds; -errno. */
static int leaves_by(struct ports *ports, ssize_t *waits)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	const struct prefix to = prefix_make(AF_INET, loopback, 32);
	const struct server_address server = server_address(&to, 0, 53);
	struct sockaddr_in own;
	socklen_t length = sizeof(own);
	struct port *port;
	char bytes[16];
	const int ret = ports_take(ports, 0, &server, ports, 0, &port);

	if (ret < 0)
		return ret;
	assert_int_equal(getsockname(port_socket(port), (struct sockaddr *)&own, &length), 0);
	*waits = recv(port_socket(port), bytes, sizeof(bytes), MSG_DONTWAIT);
	port_give(port, false, 0);
	return ntohs(own.sin_port);
}

static void range(int *first, int *last)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d %d", first, last), 2);
	fclose(file);
}

static void which_ports(void **state)
{
	struct random random = {0};
	struct loop loop;
	struct ports *ports;
	int first, last, low = 0, high = 0;
	ssize_t waits;

	(void)state;
	range(&first, &last);
	assert_int_equal(loop_open(&loop), 0);
	ports = ports_new(&loop, &random, nobody_reads);
	assert_non_null(ports);
	for (int i = 0; i < 2000; i++) {
		const int port = leaves_by(ports, &waits);

		must(port >= 1024 && (port < first || port > last), "port %d, with %d to %d the kernel's",
			port, first, last);
		low += port < first;
		high += port > last;
	}
	/* both sides of the kernel's, as far as there are two */
	must((first <= 2048 || low > 0) && (last >= 65000 || high > 0), "%d below, %d above", low, high);
	/* where none can be had the kernel chooses */
	failing = EADDRINUSE;
	low = leaves_by(ports, &waits);
	failing = 0;
	must(low >= first && low <= last, "port %d, with %d to %d the kernel's", low, first, last);
	ports_free(ports);
	loop_close(&loop);
}

static void what_came_before(void **state)
{
	struct random random = {0};
	struct loop loop;
	struct ports *ports;
	ssize_t waits;
	int port;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	ports = ports_new(&loop, &random, nobody_reads);
	assert_non_null(ports);
	strangers = 3;
	port = leaves_by(ports, &waits);
	must(port > 0 && waits < 0, "port %d holds %zd bytes", port, waits);
	strangers = 100;
	port = leaves_by(ports, &waits);
	strangers = 0;
	assert_int_equal(port, -EBUSY);
	ports_free(ports);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_ports),
		cmocka_unit_test(what_came_before),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
