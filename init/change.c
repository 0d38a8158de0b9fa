/* The caller's side of a live change: see the header. */
#include "init/change.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <linux/capability.h>

#include "guard/warden/control.h"
#include "guard/guard.h"
#include "guard/warden/proof.h"
#include "guard/warden/valid.h"
#include "util/caps.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/netlink.h"
#include "util/number.h"

/* How long the warden may be busy with others, and how long an answer may take, in milliseconds. */
#define BUSY_MS	  3000
#define ANSWER_MS (3 * CONTROL_MS)

/* One conversation. */
struct talk {
	int socket;
	struct netlink netlink;
	char proof[PROOF_NAME];
	bool proved;
};

int change_seconds(const char *text, uint32_t *seconds, struct error *error)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const size_t length = strlen(text);
	char digits[12];
	uint64_t number;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && length > 1; i++) {
		if (text[length - 1] != units[i].unit || length > sizeof(digits))
			continue;
		memcpy(digits, text, length - 1);
		digits[length - 1] = '\0';
		if (number_parse(digits, 1, LEASE_SECONDS_MAX / units[i].seconds, &number) != 0)
			break;
		*seconds = (uint32_t)number * units[i].seconds;
		return 0;
	}
	return error_set(error, FAIL_USAGE, EINVAL,
		"--for '%.40s': write a time as 30s, 10m, 2h or 1d, of 24 days at most", text);
}

static int failed(struct error *error, const char *what, int err)
{
	return error_set(error, FAIL_SYSTEM, err, "the warden cannot be asked: %s: %s", what, strerror(err));
}

static int check_rights(struct error *error)
{
	struct caps caps;

	if (caps_get(&caps) == 0 && caps.effective & CAP_BIT(CAP_NET_ADMIN))
		return 0;
	return error_set(error, FAIL_PRIVILEGE, EPERM,
		"a live change needs CAP_NET_ADMIN of its own, and what the program's file brings does not "
		"count: docker exec -u root CONTAINER secure-init ...");
}

/* The agent could listen in the warden's place once that is gone; it cannot be the warden's user. */
static int check_warden(int socket, struct error *error)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return failed(error, "who listens", errno);
	if (who.uid != GUARD_UID_WARDEN)
		return error_set(error, FAIL_PRIVILEGE, EPERM,
			"who listens for live changes is user %u, not the warden (user %d): it is not "
			"believed",
			who.uid, GUARD_UID_WARDEN);
	return 0;
}

/* Connects and reads the challenge. Returns 0, -EAGAIN if the warden is busy with others, or -errno. */
static int try_to_meet(struct talk *talk, struct error *error)
{
	const struct timeval wait = {.tv_sec = ANSWER_MS / 1000};
	const socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(CONTROL_NAME) - 1;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct control_message message;
	int ret;

	memcpy(address.sun_path + 1, CONTROL_NAME, sizeof(CONTROL_NAME) - 1);
	talk->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (talk->socket < 0 || setsockopt(talk->socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
		setsockopt(talk->socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
		return failed(error, "no socket", errno);
	if (connect(talk->socket, (const struct sockaddr *)&address, length) < 0) {
		if (errno == EAGAIN)
			return -EAGAIN;
		return error_set(error, FAIL_SYSTEM, errno,
			"no warden listens in this network (%s): it is not the container's, or its guard is "
			"off "
			"(PARA_GUARD), or gone",
			strerror(errno));
	}
	ret = check_warden(talk->socket, error);
	if (ret < 0)
		return ret;
	ret = control_receive(talk->socket, &message);
	if (ret == -EPIPE || ret == -ECONNRESET)
		return -EAGAIN;
	if (ret == 0 && (message.type != CONTROL_CHALLENGE || !proof_is_name(message.text)))
		ret = -EBADMSG;
	if (ret < 0)
		return failed(error, "its challenge", -ret);
	memcpy(talk->proof, message.text, sizeof(talk->proof));
	return 0;
}

static int meet(struct talk *talk, struct error *error)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	const int64_t until = clock_ms() + BUSY_MS;
	int ret;

	/* only for a place that strangers cannot hold: without SETGID it is one among them */
	if (setegid(GUARD_UID_WARDEN) < 0)
		log_debug("at the warden one among other strangers: %s", strerror(errno));
	ret = try_to_meet(talk, error);
	while (ret == -EAGAIN && clock_ms() < until) {
		close(talk->socket);
		nanosleep(&pause, NULL);
		ret = try_to_meet(talk, error);
	}
	return ret == -EAGAIN ? failed(error, "it is busy with others, try again", EAGAIN) : ret;
}

static int begin(struct talk *talk, struct error *error)
{
	int ret = meet(talk, error);

	if (ret < 0)
		return ret;
	ret = netlink_open(&talk->netlink, NETLINK_NETFILTER);
	if (ret == 0)
		ret = proof_make(&talk->netlink, talk->proof);
	talk->proved = ret == 0;
	if (ret < 0)
		return error_set(error, FAIL_PRIVILEGE, -ret,
			"CAP_NET_ADMIN over this network namespace is not there after all: %s",
			strerror(-ret));
	return 0;
}

/* The warden has removed the proof, if it saw it. */
static void end(struct talk *talk)
{
	if (talk->proved)
		proof_remove(&talk->netlink, talk->proof);
	netlink_close(&talk->netlink);
	if (talk->socket >= 0)
		close(talk->socket);
}

static const char *const list_names[LISTS] = {"allowed", "blocked", "inbound"};

static void print_listed(const struct control_message *it, bool json, bool first)
{
	char entry[ENTRY_TEXT], left[32] = "null";

	if (it->list >= LISTS || !valid_entry(&it->entry))
		return;
	entry_text(&it->entry, entry);
	if (json) {
		if (it->seconds != 0)
			snprintf(left, sizeof(left), "%u", it->seconds);
		printf("%s\n  {\"list\": \"%s\", \"entry\": \"%s\", \"from\": \"%s\", \"seconds\": %s, "
		       "\"addresses\": %u}",
			first ? "" : ",", list_names[it->list], entry, it->live ? "live" : "start", left,
			it->addresses);
		return;
	}
	printf("%s %s (%s", list_names[it->list], entry, it->live ? "by a live change" : "from the start");
	if (it->seconds != 0)
		printf(", for %u s more", it->seconds);
	if (it->entry.kind != ENTRY_PREFIX)
		printf(", %u %s by DNS", it->addresses, it->addresses == 1 ? "address" : "addresses");
	puts(")");
}

/* Reads until the warden is done; prints what is listed. text (of LIVE_TEXT bytes) is its last word. */
static int hear(struct talk *talk, bool json, char *text, struct error *error)
{
	struct control_message message;
	bool first = true;
	int ret;

	while ((ret = control_receive(talk->socket, &message)) == 0 && message.type == CONTROL_LISTED) {
		print_listed(&message, json, first);
		first = false;
	}
	if (ret == 0 && message.type != CONTROL_DONE)
		ret = -EBADMSG;
	if (ret < 0)
		return failed(error, "its answer", -ret);
	memcpy(text, message.text, sizeof(message.text));
	if (message.status == 0)
		return 0;
	return error_set(error,
		message.status >= FAIL_USAGE && message.status <= FAIL_SYSTEM ? (enum failure)message.status
									      : FAIL_SYSTEM,
		EPERM, "%s", text);
}

/* One request and its answer. */
static int ask(const struct control_message *request, bool json, char *text, struct error *error)
{
	struct talk talk = {.socket = -1};
	int ret = begin(&talk, error);

	if (ret == 0) {
		ret = control_send(talk.socket, request);
		ret = ret < 0 ? failed(error, "the request", -ret) : hear(&talk, json, text, error);
	}
	end(&talk);
	return ret;
}

static int change_entries(uint32_t type, const struct entries *entries, uint32_t seconds, struct error *error)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct control_message request = {
			.type = type, .seconds = seconds, .entry = entries->v[i]};
		char text[LIVE_TEXT], entry[ENTRY_TEXT];
		int ret = ask(&request, false, text, error);

		if (ret < 0)
			return ret;
		printf("%s: %s\n", entry_text(&entries->v[i], entry), text);
	}
	return 0;
}

/* allow ENTRY… [--for TIME], deny ENTRY… */
static int allow_or_deny(char *const *arguments, struct error *error)
{
	const char *word = arguments[0];
	const bool allow = strcmp(word, "allow") == 0;
	struct entries entries = {0};
	uint32_t seconds = 0;
	int ret = 0;

	for (char *const *argument = arguments + 1; *argument != NULL && ret == 0; argument++) {
		if (strcmp(*argument, "--for") == 0 && allow) {
			if (*++argument == NULL)
				ret = error_set(
					error, FAIL_USAGE, EINVAL, "--for what time? As in --for 10m");
			else
				ret = change_seconds(*argument, &seconds, error);
			if (ret < 0)
				break;
		} else if (**argument == '-') {
			ret = error_set(error, FAIL_USAGE, EINVAL, "%s knows no option %.60s%s", word,
				*argument, allow ? "; only --for TIME" : "");
		} else {
			ret = entries_parse(word, *argument, &entries, error);
		}
	}
	if (ret == 0 && entries.n == 0)
		ret = error_set(error, FAIL_USAGE, EINVAL,
			"%s what? As in: secure-init %s api.example.com:443%s", word, word,
			allow ? " --for 10m" : "");
	if (ret == 0)
		ret = change_entries(allow ? CONTROL_ALLOW : CONTROL_DENY, &entries, seconds, error);
	entries_free(&entries);
	return ret;
}

static int list(char *const *arguments, struct error *error)
{
	const struct control_message request = {.type = CONTROL_LIST};
	const bool json = arguments[1] != NULL && strcmp(arguments[1], "json") == 0;
	char text[LIVE_TEXT];
	int ret;

	if (arguments[1] != NULL && (!json || arguments[2] != NULL))
		return error_set(
			error, FAIL_USAGE, EINVAL, "list speaks words, or json; not '%.60s'", arguments[1]);
	if (json)
		printf("[");
	ret = ask(&request, json, text, error);
	if (json)
		puts("\n]");
	return ret;
}

/* A policy in pieces. The warden may refuse it before all is said; then its answer is there to be read. */
static int send_policy(struct talk *talk, const struct policy *policy)
{
	struct control_message message = {.type = CONTROL_RELOAD};
	int ret;

	control_settings_of(policy, &message.settings);
	ret = control_send(talk->socket, &message);
	message.type = CONTROL_ENTRY;
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n && ret == 0; i++) {
			message.list = (uint32_t)list;
			message.entry = policy->list[list].v[i];
			ret = control_send(talk->socket, &message);
		}
	message.type = CONTROL_COMMIT;
	if (ret == 0)
		ret = control_send(talk->socket, &message);
	return ret == -EPIPE ? 0 : ret;
}

static int reload(const struct policy *policy, struct error *error)
{
	struct talk talk = {.socket = -1};
	char text[LIVE_TEXT];
	int ret = begin(&talk, error);

	if (ret == 0) {
		ret = send_policy(&talk, policy);
		ret = ret < 0 ? failed(error, "the policy", -ret) : hear(&talk, false, text, error);
	}
	if (ret == 0)
		puts(text);
	end(&talk);
	return ret;
}

int change(const struct config *config, char *const *arguments, struct error *error)
{
	const char *word = arguments[0];
	const bool reloads = strcmp(word, "reload") == 0, lists = strcmp(word, "list") == 0;
	int ret = 0;

	if (reloads && arguments[1] != NULL)
		return error_set(error, FAIL_USAGE, EINVAL,
			"reload reads the environment and the policy file again, and nothing of '%.60s'",
			arguments[1]);
	ret = check_rights(error);
	if (ret < 0)
		return ret;
	if (reloads)
		return reload(&config->policy, error);
	return lists ? list(arguments, error) : allow_or_deny(arguments, error);
}
