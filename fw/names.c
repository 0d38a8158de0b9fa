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
#include "util/clock.h"

/* Names under way at once; two questions each. The rest waits for its turn, so that a small resolver is not
 * flooded.
 */
#define NAMES_AT_ONCE 64

/* First wait for an answer, and how often a question is sent to each server; c-ares doubles the wait each
 * time. */
#define ANSWER_MS 1500
#define TRIES	  3

/* What an optional name gets beyond the time that the others need. */
#define OPTIONAL_MS 250

/* At the longest between two looks at c-ares's own clock. */
#define WAIT_MS 1000

/* Sockets c-ares has open at once: UDP and TCP to each server. */
#define SOCKETS_MAX 16

/* Where to ask: /etc/hosts; DNS without and with the search list. */
enum channel { CHANNEL_FILES, CHANNEL_DNS, CHANNEL_SEARCH, CHANNELS };

struct resolution {
	const struct target *targets;
	const struct name_files *files;
	int socket;				  /* to the parent */
	unsigned int under_way, under_way_needed; /* questions; those of names that are not optional */
	int ret;				  /* the first failure of ours, not of a name */
	struct pollfd sockets[SOCKETS_MAX];
	nfds_t n_sockets;
};

/*
 * A question that c-ares asks for both families ends well if one of them does. That is enough for what is
 * allowed; a name to be blocked is asked for each family by itself, and both must be answered for certain.
 */
struct question {
	struct resolution *resolution;
	ares_channel_t **channels;
	uint32_t index;
	unsigned int families; /* that are still out */
	unsigned int addresses;
	int status; /* the worst */
};

static void report(struct resolution *resolution, const struct lookup_message *message)
{
	int ret = lookup_send(resolution->socket, message);

	if (ret < 0 && resolution->ret == 0)
		resolution->ret = ret;
}

/* DNS itself says so: there is no such name (NXDOMAIN), or none of its records is an address. */
static bool is_certain(int status)
{
	return status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_SUCCESS;
}

/* All that was asked for the name is answered. */
static void finish(const struct question *question)
{
	struct resolution *resolution = question->resolution;
	const unsigned int need = resolution->targets[question->index].need;
	struct lookup_message message = {.index = question->index};

	resolution->under_way--;
	if (need != NEED_PROBE)
		resolution->under_way_needed--;
	if (question->addresses > 0 && ((need & NEED_BLOCK) == 0 || is_certain(question->status)))
		return;
	message.type = is_certain(question->status) ? LOOKUP_ABSENT : LOOKUP_FAILED;
	snprintf(message.text, sizeof(message.text), "%s",
		question->status == ARES_SUCCESS ? "it has no address" : ares_strerror(question->status));
	report(resolution, &message);
}

static void answered(void *data, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct question *question = data;
	struct resolution *resolution = question->resolution;
	struct lookup_message message = {.type = LOOKUP_ADDRESS, .index = question->index};

	(void)timeouts;
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
		question->addresses++;
	}
	ares_freeaddrinfo(answer);
	if (question->status == ARES_SUCCESS || !is_certain(status))
		question->status = status;
	if (--question->families == 0)
		finish(question);
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

/* lookups: "f" for /etc/hosts, "b" for DNS. */
static int open_channel(struct resolution *resolution, int flags, char *lookups, ares_channel_t **channel)
{
	const struct name_files *files = resolution->files;
	struct ares_options options = {
		.flags = flags | ARES_FLAG_NOALIASES,
		.timeout = ANSWER_MS,
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = resolution,
		.resolvconf_path = files->resolv_conf,
		.hosts_path = files->hosts,
	};
	int status = ares_init_options(channel, &options,
		(files->resolv_conf != NULL ? ARES_OPT_RESOLVCONF : 0) |
			(files->hosts != NULL ? ARES_OPT_HOSTS_FILE : 0) | ARES_OPT_FLAGS |
			ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
			ARES_OPT_NOROTATE);

	return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

/* Waits for an answer or for c-ares's next time-out, not longer than it is told, and lets c-ares do its work.
 */
static int turn(struct resolution *resolution, ares_channel_t *channels[CHANNELS], int64_t at_most_ms)
{
	struct timeval ours = {.tv_sec = at_most_ms / 1000, .tv_usec = at_most_ms % 1000 * 1000};
	struct timeval theirs[CHANNELS], *limit = &ours;
	ares_fd_events_t events[SOCKETS_MAX];
	size_t n = 0;
	int ready;

	for (int c = 0; c < CHANNELS; c++)
		limit = ares_timeout(channels[c], limit, &theirs[c]);
	ready = poll(resolution->sockets, resolution->n_sockets,
		(int)(limit->tv_sec * 1000 + (limit->tv_usec + 999) / 1000));
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
	for (int c = 0; c < CHANNELS; c++)
		ares_process_fds(channels[c], events, n, ARES_PROCESS_FLAG_NONE);
	return resolution->ret;
}

static void ask_dns(struct question *question)
{
	static const int both[] = {AF_UNSPEC}, each[] = {AF_INET, AF_INET6};
	const struct target *target = &question->resolution->targets[question->index];
	const enum channel channel = strchr(target->name, '.') == NULL ? CHANNEL_SEARCH : CHANNEL_DNS;
	const bool blocked = (target->need & NEED_BLOCK) != 0;
	const int *families = blocked ? each : both;
	const unsigned int n = blocked ? 2 : 1;

	/* before the first is asked, which may be answered at once */
	question->families = n;
	for (unsigned int i = 0; i < n; i++) {
		const struct ares_addrinfo_hints hints = {
			.ai_family = families[i], .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};

		ares_getaddrinfo(question->channels[channel], target->name, NULL, &hints, answered, question);
	}
}

static void answered_by_file(void *data, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct question *question = data;
	const struct lookup_message fixed = {.type = LOOKUP_FIXED, .index = question->index};

	if (status != ARES_SUCCESS || answer->nodes == NULL) {
		ares_freeaddrinfo(answer);
		ask_dns(question);
		return;
	}
	report(question->resolution, &fixed);
	question->families = 1;
	answered(question, status, timeouts, answer);
}

/* /etc/hosts is asked at once, and calls back before this returns. */
static void ask(struct question *question)
{
	const struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};

	ares_getaddrinfo(question->channels[CHANNEL_FILES],
		question->resolution->targets[question->index].name, NULL, &hints, answered_by_file,
		question);
}

static int open_channels(struct resolution *resolution, ares_channel_t *channels[CHANNELS])
{
	char files[] = "f", dns[] = "b";
	int ret = open_channel(resolution, ARES_FLAG_NOSEARCH, files, &channels[CHANNEL_FILES]);

	if (ret == 0)
		ret = open_channel(resolution, ARES_FLAG_NOSEARCH, dns, &channels[CHANNEL_DNS]);
	return ret == 0 ? open_channel(resolution, 0, dns, &channels[CHANNEL_SEARCH]) : ret;
}

int names_resolve(const struct target *targets, size_t n, const struct name_files *files, int socket)
{
	static const struct name_files of_etc = {NULL, NULL};
	struct resolution resolution = {
		.targets = targets, .files = files != NULL ? files : &of_etc, .socket = socket};
	ares_channel_t *channels[CHANNELS] = {NULL};
	struct question *questions = calloc(n > 0 ? n : 1, sizeof(*questions));
	size_t asked = 0;
	int ret = questions == NULL ? -ENOMEM : 0;

	if (ret == 0 && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		ret = -ENOMEM;
	if (ret == 0)
		ret = open_channels(&resolution, channels);
	while (ret == 0 && (asked < n || resolution.under_way_needed > 0)) {
		while (asked < n && resolution.under_way < NAMES_AT_ONCE) {
			questions[asked] = (struct question){
				.resolution = &resolution, .channels = channels, .index = (uint32_t)asked};
			resolution.under_way++;
			resolution.under_way_needed += targets[asked].need != NEED_PROBE;
			ask(&questions[asked]);
			asked++;
		}
		if (resolution.under_way > 0)
			ret = turn(&resolution, channels, WAIT_MS);
	}
	/* ares_destroy reports as failed what is still open then */
	for (int64_t now = clock_ms(), until = now + OPTIONAL_MS;
		ret == 0 && resolution.under_way > 0 && now < until; now = clock_ms())
		ret = turn(&resolution, channels, until - now);
	for (int c = 0; c < CHANNELS; c++)
		if (channels[c] != NULL)
			ares_destroy(channels[c]);
	free(questions);
	return ret;
}
