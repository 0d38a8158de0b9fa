/*
 * dns-ask ADDRESS PORT NAMES COUNT: asks for the IPv4 addresses of host0.example.com and so on, NAMES
 * different ones, COUNT questions in all, one after the other, and says the median and the 99th percentile of
 * the time to the answer, in microseconds.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>

static size_t question(uint8_t *out, unsigned int number)
{
	char label[24];
	const int length = snprintf(label, sizeof(label), "host%u", number);
	size_t n = 12;

	memcpy(out, "\0\0\1\0\0\1\0\0\0\0\0", 12);
	out[0] = (uint8_t)(number >> 8);
	out[1] = (uint8_t)number;
	out[n++] = (uint8_t)length;
	memcpy(out + n, label, (size_t)length);
	n += (size_t)length;
	memcpy(out + n, "\7example\3com\0\0\1\0\1", 17);
	return n + 17;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const struct timeval wait = {.tv_sec = 1};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int names, count, n = 0;
	double *took;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 1;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	names = (unsigned int)atoi(argv[3]);
	count = (unsigned int)atoi(argv[4]);
	took = calloc(count, sizeof(*took));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (took == NULL || connect(fd, (const void *)&to, sizeof(to)) < 0)
		return 1;
	for (unsigned int i = 0; i < count; i++) {
		uint8_t packet[512];
		struct timespec begin, end;
		const size_t length = question(packet, i % names);

		clock_gettime(CLOCK_MONOTONIC, &begin);
		if (send(fd, packet, length, 0) < 0 || recv(fd, packet, sizeof(packet), 0) < 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &end);
		if ((packet[3] & 15) == 0)
			took[n++] = (double)(end.tv_sec - begin.tv_sec) * 1e6 +
				    (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
	}
	qsort(took, n, sizeof(*took), compare);
	if (n == 0)
		return 1;
	printf("%.1f %.1f %u\n", took[n / 2], took[n * 99 / 100], count - n);
	return 0;
}
