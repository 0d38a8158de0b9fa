/*
 * Any file as /etc/resolv.conf. Each server is a single address that stands in the file, and the rules that
 * follow open nothing but port 53 of those.
 */
#include "tests/fuzz/fuzz.h"

#include <strings.h>
#include <sys/socket.h>

#include "fw/policy.h"
#include "fw/policy-rules.h"
#include "fw/resolv.h"

/* True if text stands in the file, with no digit or point beside it: an address is never a piece of another.
 */
static bool stands_in(const char *file, size_t size, const char *text)
{
	const size_t length = strlen(text);
	const char *end = file + size;

	for (const char *at = file; (at = memmem(at, (size_t)(end - at), text, length)) != NULL; at++)
		if ((at == file || strchr("0123456789.", at[-1]) == NULL || at[-1] == '\0') &&
			(at + length == end || strchr("0123456789.", at[length]) == NULL ||
				at[length] == '\0'))
			return true;
	return false;
}

static void check_address(const struct prefix *address, const char *file, size_t size)
{
	char text[PREFIX_TEXT];

	must(prefix_valid(address) && prefix_is_address(address));
	/* an IPv6 address can be written in several ways */
	must(address->family == AF_INET6 || stands_in(file, size, prefix_text(address, text)));
}

/* A domain as names are compared with it: lower case, no dot at either end, not longer than a name. */
static void check_search(const char *domain, const char *file, size_t size)
{
	const size_t length = strnlen(domain, NAME_TEXT);

	must(length > 0 && length < NAME_TEXT && *domain != '.' && domain[length - 1] != '.');
	for (size_t i = 0; i < length; i++)
		must((domain[i] < 'A' || domain[i] > 'Z') && strchr(" \t\r\n", domain[i]) == NULL);
	/* it stands in the file, in whichever case */
	for (size_t at = 0; at + length <= size; at++)
		if (strncasecmp(file + at, domain, length) == 0)
			return;
	must(false);
}

static bool is_server(const struct resolv *resolv, const struct prefix *peer)
{
	for (unsigned int i = 0; i < resolv->n_servers; i++)
		if (prefix_compare(&resolv->servers[i], peer) == 0)
			return true;
	for (unsigned int i = 0; i < resolv->n_upstreams; i++)
		if (prefix_compare(&resolv->upstreams[i], peer) == 0)
			return true;
	return false;
}

static void check_rules(const struct resolv *resolv, bool guarded)
{
	const struct host_networks nowhere = {0};
	const struct policy policy = {
		.isolated = true, .guarded = guarded, .dns = DNS_RESOLVERS, .ssh = SSH_ANY};
	struct ruleset ruleset;
	struct error error;

	must(policy_rules(&policy, resolv, &nowhere, false, STAGE_AGENT, &ruleset, &error) == 0);
	must(ruleset.n <= RULES_MAX);
	for (size_t i = 0; i < ruleset.n; i++) {
		const struct rule *rule = &ruleset.v[i];

		must(rule->peer.family == 0 || rule->peer.family == rule->family);
		if (guarded && prefix_kind(&rule->peer) == ADDRESS_LOOPBACK) {
			/* the guard's own place, and Docker's resolver, which the guard alone asks */
			must(rule->dport == GUARD_PORT || (resolv->docker && rule->family == AF_INET));
			continue;
		}
		must(rule->peer.family == 0 || (rule->dport == 53 && is_server(resolv, &rule->peer)));
		must(rule->dport != 53 || rule->peer.family != 0 || rule->user == USER_ROOT);
		must(guarded ? (rule->dport == 53) == (rule->user != USER_ANY) : rule->user != USER_GUARD);
		must(rule->user != USER_ROOT || policy_root_asks(resolv));
		must(rule->user != USER_ROOT || guarded || !resolv->upstreams_named);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = text_of(bytes, size);
	struct file file = file_of(bytes, size);
	struct resolv resolv;
	struct error error = {0};
	bool docker = false;

	must(resolv_read(file.path, &resolv, &error) == 0);
	must(resolv.n_servers <= RESOLV_SERVERS_MAX && resolv.n_upstreams <= RESOLV_UPSTREAMS_MAX);
	must(resolv.n_upstreams == 0 || resolv.upstreams_named);
	for (unsigned int i = 0; i < resolv.n_servers; i++) {
		char address[PREFIX_TEXT];

		check_address(&resolv.servers[i], text, size);
		docker = docker || strcmp(prefix_text(&resolv.servers[i], address), "127.0.0.11") == 0;
	}
	for (unsigned int i = 0; i < resolv.n_upstreams; i++)
		check_address(&resolv.upstreams[i], text, size);
	must(resolv.docker == docker);
	must(resolv.n_search <= RESOLV_SEARCH_MAX);
	for (unsigned int i = 0; i < resolv.n_search; i++)
		check_search(resolv.search[i], text, size);
	check_rules(&resolv, false);
	check_rules(&resolv, true);
	close(file.fd);
	free(text);
	return 0;
}
