/*
 * Names to addresses. c-ares sends the questions, follows /etc/hosts and resolv.conf as the libc does, and
 * repeats what gets no answer; here is the loop that keeps it going, and the choice of when to search.
 */
#include "fw/names.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fw/lookup-message.h"

/* Names under way at once; two questions each. Docker's older resolvers drop what is beyond a hundred or so.
 */
#define NAMES_AT_ONCE 48

/* First wait for an answer, and how often a question is sent to each server; c-ares doubles the wait each
 * time. */
#define ANSWER_MS 1500
#define TRIES	  3

/* Sockets c-ares has open at once: UDP and TCP to each server. */
#define SOCKETS_MAX 16

struct resolution {
	const struct target *targets;
	int socket; /* to the parent */
	unsigned int under_way;
	int ret; /* the first failure of ours, not of a name */
	struct pollfd sockets[SOCKETS_MAX];
	nfds_t n_sockets;
};

struct question {
	struct resolution *resolution;
	uint32_t index;
};

static void report(struct resolution *resolution, const struct lookup_message *message)
{
	int ret = lookup_send(resolution->socket, message);

	if (ret < 0 && resolution->ret == 0)
		resolution->ret = ret;
}

static void answered(void *data, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct question *question = data;
	struct resolution *resolution = question->resolution;
	struct lookup_message message = {.type = LOOKUP_ADDRESS, .index = question->index};
	unsigned int n = 0;

	(void)timeouts;
	resolution->under_way--;
	for (struct ares_addrinfo_node *node = answer != NULL ? answer->nodes : NULL; node != NULL;
		node = node->ai_next) {
		const struct sockaddr_in *v4 = (const void *)node->ai_addr;
		const struct sockaddr_in6 *v6 = (const void *)node->ai_addr;

		if (node->ai_family == AF_INET)
			message.prefix = prefix_make(AF_INET, &v4->sin_addr, 32);
		else if (node->ai_family == AF_INET6)
			message.prefix = prefix_make(AF_INET6, &v6->sin6_addr, 128);
		else
			continue;
		report(resolution, &message);
		n++;
	}
	if (n == 0) {
		message.type = LOOKUP_FAILED;
		snprintf(message.text, sizeof(message.text), "%s",
			status == ARES_SUCCESS ? "it has no address" : ares_strerror(status));
		report(resolution, &message);
	}
	ares_freeaddrinfo(answer);
}

/* c-ares says which sockets it waits on, and for what. */
static void socket_changed(void *data, ares_socket_t fd, int readable, int writable)
{
	struct resolution *resolution = data;
	const short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	nfds_t i = 0;

	while (i < resolution->n_sockets && resolution->sockets[i].fd != fd)
		i++;
	if (events == 0) {
		if (i < resolution->n_sockets)
			resolution->sockets[i] = resolution->sockets[--resolution->n_sockets];
		return;
	}
	if (i == resolution->n_sockets) {
		if (i == SOCKETS_MAX) {
			resolution->ret = -EMFILE;
			return;
		}
		resolution->n_sockets++;
	}
	resolution->sockets[i] = (struct pollfd){.fd = fd, .events = events};
}

static int open_channel(struct resolution *resolution, int flags, ares_channel_t **channel)
{
	char files_then_dns[] = "fb";
	struct ares_options options = {
		.flags = flags | ARES_FLAG_NOALIASES,
		.timeout = ANSWER_MS,
		.tries = TRIES,
		.lookups = files_then_dns,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = resolution,
	};
	int status = ares_init_options(channel, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE);

	return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

/* Waits for an answer or for c-ares's next time-out, and lets it do its work. */
static int turn(struct resolution *resolution, ares_channel_t *channels[2])
{
	struct timeval limit = {.tv_sec = 1};
	ares_fd_events_t events[SOCKETS_MAX];
	size_t n = 0;
	int ready;

	for (int c = 0; c < 2; c++)
		ares_timeout(channels[c], &limit, &limit);
	ready = poll(resolution->sockets, resolution->n_sockets,
		(int)(limit.tv_sec * 1000 + (limit.tv_usec + 999) / 1000));
	if (ready < 0 && errno != EINTR)
		return -errno;
	for (nfds_t i = 0; ready > 0 && i < resolution->n_sockets; i++) {
		const struct pollfd *socket = &resolution->sockets[i];

		if (socket->revents == 0)
			continue;
		events[n++] = (ares_fd_events_t){.fd = socket->fd,
			.events = (socket->revents & POLLOUT ? ARES_FD_EVENT_WRITE : 0U) |
				  (socket->revents & ~POLLOUT ? ARES_FD_EVENT_READ : 0U)};
	}
	/* a channel passes over sockets that are not its own */
	for (int c = 0; c < 2; c++)
		ares_process_fds(channels[c], events, n, ARES_PROCESS_FLAG_NONE);
	return resolution->ret;
}

int names_resolve(const struct target *targets, size_t n, int socket)
{
	struct resolution resolution = {.targets = targets, .socket = socket};
	const struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};
	ares_channel_t *channels[2] = {NULL, NULL}; /* without and with the search list */
	struct question *questions = calloc(n > 0 ? n : 1, sizeof(*questions));
	size_t asked = 0;
	int ret = questions == NULL ? -ENOMEM : 0;

	if (ret == 0 && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		ret = -ENOMEM;
	if (ret == 0)
		ret = open_channel(&resolution, ARES_FLAG_NOSEARCH, &channels[0]);
	if (ret == 0)
		ret = open_channel(&resolution, 0, &channels[1]);
	while (ret == 0 && (asked < n || resolution.under_way > 0)) {
		while (asked < n && resolution.under_way < NAMES_AT_ONCE) {
			const bool one_label = strchr(targets[asked].name, '.') == NULL;

			questions[asked] = (struct question){&resolution, (uint32_t)asked};
			resolution.under_way++;
			ares_getaddrinfo(channels[one_label], targets[asked].name, NULL, &hints, answered,
				&questions[asked]);
			asked++;
		}
		if (resolution.under_way > 0)
			ret = turn(&resolution, channels);
	}
	for (int c = 0; c < 2; c++)
		if (channels[c] != NULL)
			ares_destroy(channels[c]);
	free(questions);
	return ret;
}
