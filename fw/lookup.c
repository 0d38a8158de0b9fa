/* The lookup's two sides: the child's life, and the parent that believes nothing. See the header. */
#include "fw/lookup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fw/github.h"
#include "fw/lookup-message.h"
#include "fw/names.h"
#include "util/clock.h"
#include "util/confine.h"
#include "util/log.h"

/* More than any honest answer, so that a hostile one cannot fill our memory. */
#define ADDRESSES_MAX 512 /* of one name */

/* GitHub's widest ranges are /20 and /32; one that is much wider is a mistake, or an attack. */
#define RANGE_SHORTEST4 8
#define RANGE_SHORTEST6 16
/*
 * All of them together: GitHub has some ten thousand addresses of IPv4, and of IPv6 less than a /28. Many
 * ranges, none of them too wide by itself, would be all of the internet. Addresses, and networks of /64.
 */
#define RANGES_MOST4 (UINT64_C(1) << 20)
#define RANGES_MOST6 (UINT64_C(1) << 40)

/* What the child keeps of the whole time for itself: to say what went wrong before the deadline strikes. */
#define MARGIN_MS 1000

int lookup_add(struct lookup *lookup, const char *name, unsigned int need, size_t *place)
{
	size_t i = 0;

	while (i < lookup->n && strcmp(lookup->targets[i].name, name) != 0)
		i++;
	if (place != NULL)
		*place = i;
	if (i < lookup->n) {
		lookup->targets[i].need |= need;
		return 0;
	}
	if (lookup->n == lookup->room) {
		size_t room = lookup->room == 0 ? 8 : lookup->room * 2;
		struct target *targets = reallocarray(lookup->targets, room, sizeof(*targets));

		if (targets == NULL)
			return -ENOMEM;
		lookup->targets = targets;
		lookup->room = room;
	}
	lookup->targets[i] = (struct target){.need = need};
	snprintf(lookup->targets[i].name, sizeof(lookup->targets[i].name), "%s", name);
	lookup->n++;
	return 0;
}

/* The child: the second half. Waits for the parent's word, then fetches. */
static int child_github(int socket, int64_t deadline)
{
	struct prefixes addresses = {0}, ranges = {0};
	struct lookup_message message;
	char why[GITHUB_TEXT], etag[GITHUB_ETAG] = "";
	int ret;

	while ((ret = lookup_receive(socket, &message)) == 0 && message.type == LOOKUP_FETCH_FROM)
		if (prefixes_add(&addresses, &message.prefix) < 0)
			return -ENOMEM;
	if (ret < 0 || message.type != LOOKUP_FETCH)
		return ret; /* the parent has no need of it */
	ret = github_fetch(&addresses, deadline, etag, &ranges, why);
	memset(&message, 0, sizeof(message));
	if (ret < 0) {
		message.type = LOOKUP_GITHUB_FAILED;
		snprintf(message.text, sizeof(message.text), "%s", why);
		return lookup_send(socket, &message);
	}
	message.type = LOOKUP_RANGE;
	for (size_t i = 0; i < ranges.n && ret == 0; i++) {
		message.prefix = ranges.v[i];
		ret = lookup_send(socket, &message);
	}
	message.type = LOOKUP_GITHUB_DONE;
	return ret == 0 ? lookup_send(socket, &message) : ret;
}

static int child_main(int socket, const struct target *targets, size_t n, int64_t deadline)
{
	const struct lookup_message done = {.type = LOOKUP_NAMES_DONE};
	int ret = confine_parser();

	if (ret == 0)
		ret = names_resolve(targets, n, NULL, socket);
	if (ret == 0)
		ret = lookup_send(socket, &done);
	if (ret == 0)
		ret = child_github(socket, deadline);
	if (ret < 0 && ret != -EPIPE)
		log_error("looking up names stopped: %s", strerror(-ret));
	return ret == 0 ? 0 : FAIL_SYSTEM;
}

int lookup_start(struct lookup *lookup, unsigned int seconds, struct error *error)
{
	const int64_t deadline = clock_ms() + seconds * INT64_C(1000) - MARGIN_MS;
	int pair[2];

	lookup->socket = -1;
	if (lookup->n == 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(error, FAIL_SYSTEM, errno, "no socket pair for looking up names: %s",
			strerror(errno));
	lookup->child = fork();
	if (lookup->child < 0) {
		int err = errno;

		close(pair[0]);
		close(pair[1]);
		return error_set(
			error, FAIL_SYSTEM, err, "no process for looking up names: %s", strerror(err));
	}
	if (lookup->child == 0) {
		close(pair[0]);
		_exit(child_main(pair[1], lookup->targets, lookup->n, deadline));
	}
	close(pair[1]);
	lookup->socket = pair[0];
	return 0;
}

/* The next message of the child, or an error that says how it ended. */
static int next_message(struct lookup *lookup, struct lookup_message *message, struct error *error)
{
	int ret = lookup_receive(lookup->socket, message);

	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, EPIPE,
			"the process that looks up names ended too early (%s); it may be short of memory",
			strerror(-ret));
	return 0;
}

/* An address that only a sinkhole or a mistake gives for a name; NULL if it is one to believe. */
static const char *unusable(const struct prefix *address)
{
	const struct prefix reached = prefix_reached(address);
	const enum address_kind kind = prefix_kind(&reached);

	return address_unusable(kind) ? address_kind_text(kind) : NULL;
}

static int keep(struct target *target, const struct prefix *address, struct error *error)
{
	if (prefixes_add(&target->addresses, address) < 0)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory while looking up names");
	return 0;
}

/* A sinkhole's answer says nothing of where the name really is; IPv4 inside IPv6 is IPv4. */
static int take_blocked(struct target *target, const struct prefix *address, struct error *error)
{
	const enum address_kind kind = prefix_kind(address);
	char text[PREFIX_TEXT];
	struct prefix v4;

	if (kind == ADDRESS_UNSPECIFIED || kind == ADDRESS_LOOPBACK) {
		log_warn("%s is to be blocked, and DNS says that it is at %s: nothing is blocked by that",
			target->name, prefix_text(address, text));
		target->failed = true;
		return 0;
	}
	if (kind == ADDRESS_MAPPED) {
		v4 = prefix_make(AF_INET, address->addr + 12, 32);
		address = &v4;
	}
	return keep(target, address, error);
}

static int take_address(struct target *target, const struct prefix *address, struct error *error)
{
	char text[PREFIX_TEXT];
	const char *kind;

	if (!prefix_valid(address) || !prefix_is_address(address) || target->addresses.n == ADDRESSES_MAX)
		return error_set(error, FAIL_NAMES, EBADMSG,
			"%s: the answer of DNS holds no valid addresses, or more than %d", target->name,
			ADDRESSES_MAX);
	if (target->need == NEED_BLOCK)
		return take_blocked(target, address, error);
	kind = unusable(address);
	if (kind != NULL && target->need == NEED_PROBE) {
		target->failed = true;
		return 0;
	}
	if (kind != NULL)
		return error_set(error, FAIL_NAMES, EADDRNOTAVAIL,
			"%s: DNS answers with the %s address %s, which cannot be allowed; is it sinkholed by "
			"an "
			"ad-blocking resolver? Use another resolver (docker run --dns), or take the name off "
			"the list",
			target->name, kind, prefix_text(address, text));
	if (prefix_kind(address) == ADDRESS_PRIVATE && (target->need & NEED_ALLOW) != 0)
		log_info("%s is at the private address %s", target->name, prefix_text(address, text));
	return keep(target, address, error);
}

/* Names all that failed; "a (why), b (why)". */
static void add_failure(char *list, size_t size, unsigned int n, const struct target *target, const char *why)
{
	size_t used = strlen(list);

	if (size - used < 60 && list[used - 1] != '.')
		snprintf(list + used, size - used, ", ...");
	else if (size - used >= 60)
		snprintf(list + used, size - used, "%s%.120s (%.60s)", n > 1 ? ", " : "", target->name, why);
}

int lookup_names(struct lookup *lookup, struct error *error)
{
	struct lookup_message message;
	char failures[700] = "";
	unsigned int failed = 0;

	while (lookup->n > 0) {
		struct target *target;
		int ret = next_message(lookup, &message, error);

		if (ret < 0)
			return ret;
		if (message.type == LOOKUP_NAMES_DONE)
			break;
		if (message.index >= lookup->n ||
			(message.type != LOOKUP_ADDRESS && message.type != LOOKUP_FIXED &&
				message.type != LOOKUP_FAILED && message.type != LOOKUP_ABSENT))
			return error_set(error, FAIL_SYSTEM, EBADMSG,
				"the process that looks up names sent a message that it cannot mean");
		target = &lookup->targets[message.index];
		if (message.type == LOOKUP_FIXED) {
			target->fixed = true;
		} else if (message.type == LOOKUP_ADDRESS) {
			ret = take_address(target, &message.prefix, error);
			if (ret < 0)
				return ret;
		} else {
			target->failed = true;
			if (target->need == NEED_BLOCK && message.type == LOOKUP_ABSENT)
				log_warn("%s is to be blocked, and has no address now: nothing is blocked by "
					 "it",
					target->name);
			else if (target->need != NEED_PROBE)
				add_failure(failures, sizeof(failures), ++failed, target, message.text);
		}
	}
	/* a child that passes over a name would leave it without addresses */
	for (size_t i = 0; i < lookup->n; i++)
		if (lookup->targets[i].addresses.n == 0 && !lookup->targets[i].failed)
			add_failure(failures, sizeof(failures), ++failed, &lookup->targets[i], "no answer");
	if (failed > 0)
		return error_set(error, FAIL_NAMES, EHOSTUNREACH,
			"no address for %u %s of the lists: %s. Correct the list, or the "
			"resolver in "
			"/etc/resolv.conf (docker run --dns)",
			failed, failed == 1 ? "name" : "names", failures);
	return 0;
}

int lookup_check_ranges(struct prefixes *ranges, struct error *error)
{
	uint64_t in4 = 0, in6 = 0;
	char text[PREFIX_TEXT];

	if (ranges->n == 0)
		return error_set(error, FAIL_GITHUB, EBADMSG, "GitHub's ranges are empty");
	prefixes_aggregate(ranges);
	for (size_t i = 0; i < ranges->n; i++) {
		const struct prefix *range = &ranges->v[i];
		const unsigned int whole = range->family == AF_INET ? 32 : 64;
		const unsigned int shortest = range->family == AF_INET ? RANGE_SHORTEST4 : RANGE_SHORTEST6;

		if (range->length < shortest)
			return error_set(error, FAIL_GITHUB, EBADMSG,
				"GitHub's ranges cannot be right: %s alone is wider than a /%u; nothing of "
				"them is "
				"believed",
				prefix_text(range, text), shortest);
		if (prefix_kind(range) != ADDRESS_PUBLIC)
			return error_set(error, FAIL_GITHUB, EBADMSG,
				"GitHub's ranges cannot be right: %s holds %s addresses; nothing of them is "
				"believed",
				prefix_text(range, text), address_kind_text(prefix_kind(range)));
		*(range->family == AF_INET ? &in4 : &in6) +=
			UINT64_C(1) << (range->length < whole ? whole - range->length : 0);
	}
	if (in4 > RANGES_MOST4 || in6 > RANGES_MOST6)
		return error_set(error, FAIL_GITHUB, EBADMSG,
			"GitHub's ranges cannot be right: together they hold far more addresses than GitHub "
			"has; "
			"nothing of them is believed");
	return 0;
}

int lookup_github(struct lookup *lookup, struct prefixes *ranges, struct error *error)
{
	struct lookup_message message = {.type = LOOKUP_FETCH_FROM};
	const struct prefixes *api = lookup_addresses(lookup, GITHUB_API_HOST);
	int ret = 0;

	for (size_t i = 0; i < api->n && ret == 0; i++) {
		message.prefix = api->v[i];
		ret = lookup_send(lookup->socket, &message);
	}
	message.type = LOOKUP_FETCH;
	if (ret == 0)
		ret = lookup_send(lookup->socket, &message);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret,
			"the process that looks up names does not listen: %s", strerror(-ret));
	for (;;) {
		ret = next_message(lookup, &message, error);
		if (ret < 0)
			return ret;
		if (message.type == LOOKUP_GITHUB_DONE)
			break;
		if (message.type == LOOKUP_GITHUB_FAILED)
			return error_set(error, FAIL_GITHUB, EHOSTUNREACH,
				"GitHub's address ranges cannot be had from https://" GITHUB_API_HOST
				"/meta: %s. They "
				"are needed because a name of GitHub is on a list",
				message.text);
		if (message.type != LOOKUP_RANGE || !prefix_valid(&message.prefix) ||
			ranges->n == LOOKUP_RANGES_MAX)
			return error_set(error, FAIL_GITHUB, EBADMSG,
				"GitHub's ranges hold something that is no network, or more than %d",
				LOOKUP_RANGES_MAX);
		if (prefixes_add(ranges, &message.prefix) < 0)
			return error_set(
				error, FAIL_SYSTEM, ENOMEM, "out of memory while reading GitHub's ranges");
	}
	return lookup_check_ranges(ranges, error);
}

const struct target *lookup_find(const struct lookup *lookup, const char *name)
{
	for (size_t i = 0; i < lookup->n; i++)
		if (strcmp(lookup->targets[i].name, name) == 0)
			return &lookup->targets[i];
	return NULL;
}

const struct prefixes *lookup_addresses(const struct lookup *lookup, const char *name)
{
	static const struct prefixes none;
	const struct target *target = lookup_find(lookup, name);

	return target != NULL ? &target->addresses : &none;
}

void lookup_end(struct lookup *lookup)
{
	if (lookup->child > 0) {
		close(lookup->socket);
		kill(lookup->child, SIGKILL);
		while (waitpid(lookup->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	for (size_t i = 0; i < lookup->n; i++)
		prefixes_free(&lookup->targets[i].addresses);
	free(lookup->targets);
	*lookup = (struct lookup){.socket = -1};
}
