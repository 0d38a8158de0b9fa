/*
 * mutate: packets of DNS that were right once, and then were not. For tests of a real process.
 *
 *   mutate ask ADDRESS N SEED     sends N mutated questions, and after every 32nd a right one, whose answer
 * it waits for; says how many of the right ones were answered mutate flood ADDRESS N SEED   asks N right
 * questions, each for a name of its own below m.lab, many at once; says how many answers came mutate serve
 * ADDRESS SEED     answers each question by 1 to 12 mutated answers, and mostly by the right one at last,
 * which is 198.18.0.1; at SIGTERM it says how many mutated ones it sent
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET	       1400
#define ASK_TOGETHER   32
#define FLOOD_TOGETHER 200

static uint64_t state;
static volatile sig_atomic_t over;

/* xorshift64* (Vigna): the same packets for the same seed */
static uint32_t any(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 32) % below;
}

static void end(int number)
{
	(void)number;
	over = 1;
}

static size_t put_question(uint8_t *out, uint16_t id, uint32_t number, int type)
{
	char label[24];
	const int length = snprintf(label, sizeof(label), "q%u", number);
	size_t n = 12;

	memcpy(out, (uint8_t[]){id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}, 12);
	out[n++] = (uint8_t)length;
	memcpy(out + n, label, (size_t)length);
	n += (size_t)length;
	memcpy(out + n, "\1m\3lab\0\0\0\0\1", 11);
	out[n + 8] = (uint8_t)type;
	n += 11;
	/* OPT: 1232 octets */
	memcpy(out + n, "\0\0\51\4\320\0\0\0\0\0\0", 11);
	return n + 11;
}

/* One to four changes: a bit, an octet, a number of interest, a piece doubled, cut out, or cut off. */
static size_t mutate(uint8_t *packet, size_t n)
{
	static const uint8_t interesting[] = {0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xc1, 0xff, 12, 41, 5};

	for (uint32_t changes = 1 + any(4); changes > 0 && n > 0; changes--) {
		const size_t at = any((uint32_t)n), piece = 1 + any(24);

		switch (any(7)) {
		case 0:
			packet[at] ^= (uint8_t)(1U << any(8));
			break;
		case 1:
			packet[at] = (uint8_t)any(256);
			break;
		case 2:
		case 3:
			packet[at] = interesting[any(sizeof(interesting))];
			break;
		case 4:
			if (n + piece < PACKET && at + piece <= n) {
				memmove(packet + at + piece, packet + at, n - at);
				n += piece;
			}
			break;
		case 5:
			if (at + piece < n) {
				memmove(packet + at, packet + at + piece, n - at - piece);
				n -= piece;
			}
			break;
		default:
			if (any(4) == 0)
				n = at;
		}
	}
	return n;
}

static int socket_to(const char *address, int listens)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(53)};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 1 << 22;

	inet_pton(AF_INET, address, &where.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (fd < 0 || (listens ? bind : connect)(fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		perror(address);
		exit(1);
	}
	return fd;
}

/* True if an answer with this id comes before its time is over. */
static int wait_for(int fd, uint16_t id, int ms)
{
	uint8_t packet[4096];
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	while (poll(&poller, 1, ms) > 0)
		if (recv(fd, packet, sizeof(packet), 0) >= 12 && (packet[0] << 8 | packet[1]) == id)
			return 1;
	return 0;
}

static void ask(const char *address, uint32_t count)
{
	const int fd = socket_to(address, 0);
	uint8_t packet[PACKET];
	uint32_t answered = 0, right = 0;

	for (uint32_t i = 0; i < count; i++) {
		const size_t n = put_question(packet, (uint16_t)any(0xfffe), any(1000), any(8) ? 1 : 28);

		if (send(fd, packet, mutate(packet, n), 0) < 0)
			usleep(100);
		if (i % ASK_TOGETHER != 0)
			continue;
		right++;
		if (send(fd, packet, put_question(packet, 0xffff, 0, 1), 0) > 0)
			answered += (uint32_t)wait_for(fd, 0xffff, 8000);
	}
	printf("mutated %u right %u answered %u\n", count, right, answered);
}

static void flood(const char *address, uint32_t count)
{
	const int fd = socket_to(address, 0);
	uint8_t packet[4096];
	uint32_t sent = 0, got = 0, codes[16] = {0};
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	uint32_t first = any(1000000000);

	while (got < count) {
		while (sent < count && sent - got < FLOOD_TOGETHER) {
			if (send(fd, packet, put_question(packet, (uint16_t)sent, first + sent, 1), 0) < 0)
				break;
			sent++;
		}
		/* what does not come in time is given up */
		if (poll(&poller, 1, 12000) <= 0) {
			printf("lost %u ", sent - got);
			got = sent;
			continue;
		}
		while (recv(fd, packet, sizeof(packet), MSG_DONTWAIT) >= 12) {
			codes[packet[3] & 15]++;
			got++;
		}
	}
	printf("asked %u NOERROR %u SERVFAIL %u NXDOMAIN %u REFUSED %u\n", sent, codes[0], codes[2], codes[3],
		codes[5]);
}

/* Behind the question that ends at n: a chain of one link, and the address at its end. */
static size_t put_answer(uint8_t *out, size_t n)
{
	static const uint8_t link[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 4, 1, 'c', 0xc0, 12};
	static const uint8_t address[] = {0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 198, 18, 0, 1};

	out[2] = 0x81;
	out[3] = 0x80;
	memcpy(out + 4, (const uint8_t[]){0, 1, 0, 2, 0, 0, 0, 0}, 8);
	memcpy(out + n, link, sizeof(link));
	memcpy(out + n + sizeof(link), address, sizeof(address));
	/* the name that the link leads to, in its data */
	out[n + sizeof(link) + 1] = (uint8_t)(n + 12);
	return n + sizeof(link) + sizeof(address);
}

static void serve(const char *address)
{
	const struct sigaction action = {.sa_handler = end};
	const int fd = socket_to(address, 1);
	uint64_t sent = 0, asked = 0;

	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	while (!over) {
		uint8_t question[PACKET], right[PACKET], packet[PACKET];
		struct sockaddr_in peer;
		socklen_t length = sizeof(peer);
		const ssize_t n =
			recvfrom(fd, question, sizeof(question), 0, (struct sockaddr *)&peer, &length);
		size_t name = 12, whole;

		if (n < 12 + 5)
			continue;
		asked++;
		while (name < (size_t)n && question[name] != 0)
			name += question[name] + 1U;
		if (name + 5 > (size_t)n || name > 300)
			continue;
		whole = name + 5;
		memcpy(right, question, whole);
		whole = put_answer(right, whole);
		for (uint32_t lies = 1 + any(12); lies > 0; lies--) {
			size_t mutated;

			memcpy(packet, right, whole);
			/* half of them bear another id, and do not end the question */
			if (any(2))
				packet[any(2)] ^= (uint8_t)(1 + any(255));
			mutated = mutate(packet, whole);
			sendto(fd, packet, mutated, 0, (const struct sockaddr *)&peer, length);
			sent++;
		}
		if (any(8))
			sendto(fd, right, whole, 0, (const struct sockaddr *)&peer, length);
	}
	printf("questions %llu mutated %llu\n", (unsigned long long)asked, (unsigned long long)sent);
}

int main(int argc, char *argv[])
{
	const int serves = argc == 4 && strcmp(argv[1], "serve") == 0;

	if (!serves && argc != 5) {
		fputs("usage: mutate ask|flood ADDRESS N SEED, or mutate serve ADDRESS SEED\n", stderr);
		return 1;
	}
	state = strtoull(argv[argc - 1], NULL, 10) * 2 + UINT64_C(88172645463325252);
	for (int i = 0; i < 20; i++)
		any(2);
	if (serves)
		serve(argv[2]);
	else if (strcmp(argv[1], "ask") == 0)
		ask(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
	else
		flood(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
	return 0;
}
