/* What a policy means where it says nothing, and what it cannot mean. */
#include "fw/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The addresses of the clouds' metadata services: AWS, Google, Azure, DigitalOcean and others
 * (169.254.169.254, fd00:ec2::254, fd20:ce::254), AWS's containers and pods (169.254.170.2, 169.254.170.23,
 * fd00:ec2::23), Azure's agent (168.63.129.16), Alibaba (100.100.100.200), Oracle (192.0.0.192).
 */
const char policy_metadata[] =
	"169.254.169.254,169.254.170.2,169.254.170.23,168.63.129.16,100.100.100.200,192.0.0.192,"
	"fd00:ec2::254,fd00:ec2::23,fd20:ce::254";

bool policy_is_metadata(const struct prefix *address)
{
	const char *next = policy_metadata;

	/* the list is ours, and asked of every address that DNS says: no parser of operators' lists is needed
	 */
	while (*next != '\0') {
		const size_t length = strcspn(next, ",");
		char text[PREFIX_TEXT] = "";
		struct prefix one;

		memcpy(text, next, length < sizeof(text) ? length : 0);
		if (prefix_parse(text, &one, NULL) == 0 && prefix_compare(&one, address) == 0)
			return true;
		next += length;
		next += *next == ',';
	}
	return false;
}

void policy_free(struct policy *policy)
{
	for (int list = 0; list < LISTS; list++)
		entries_free(&policy->list[list]);
}

bool policy_has_names(const struct policy *policy)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = 0; i < policy->list[list].n; i++)
			if (policy->list[list].v[i].kind == ENTRY_NAME ||
				policy->list[list].v[i].kind == ENTRY_WILDCARD)
				return true;
	return false;
}

bool policy_sends(const struct policy *policy)
{
	return policy->mode == MODE_BLOCKLIST || policy->mode == MODE_OBSERVE;
}

bool policy_root_asks(const struct resolv *resolv)
{
	return resolv->docker && (!resolv->upstreams_named || resolv->n_upstreams > 0);
}

/* What the mode and the profile mean for the services that nobody spoke of. */
static void settle_services(struct policy *policy)
{
	const bool only_named = policy->strict || policy->mode == MODE_PROXY || policy->mode == MODE_NONE;

	if (policy->dns == DNS_UNSAID) {
		/* a strict policy without a name has no use for DNS */
		const bool of_use = policy->mode != MODE_NONE &&
				    (!policy->strict || policy_has_names(policy) || policy_sends(policy));

		policy->dns = of_use ? DNS_RESOLVERS : DNS_NONE;
	}
	if (policy->ssh == SSH_UNSAID)
		policy->ssh = only_named ? SSH_ALLOWLIST : SSH_ANY;
	if (policy->host == HOST_UNSAID)
		policy->host = only_named ? HOST_NONE : HOST_SUBNET;
	if (!policy->inbound_said)
		policy->inbound_host = true;
}

/* True if the list is one host with one port. */
static bool is_one_place(const struct entries *entries)
{
	const struct entry *entry = entries->v;

	return entries->n == 1 && entry->kind != ENTRY_WILDCARD && entry->n_ports == 1 &&
	       entry->ports[0].low == entry->ports[0].high &&
	       (entry->name[0] != '\0' || prefix_is_address(&entry->prefix));
}

/* What only the guard can do, and nobody is there to do it. */
static int check_guard(const struct policy *policy, struct error *error)
{
	char text[ENTRY_TEXT];

	for (int list = 0; list < LISTS; list++) {
		const struct entries *entries = &policy->list[list];

		for (size_t i = 0; i < entries->n; i++)
			if (entries->v[i].kind == ENTRY_WILDCARD &&
				(!policy->guarded || list == LIST_INBOUND ||
					(list == LIST_ALLOWED && policy->dns == DNS_NONE)))
				return error_set(error, FAIL_CONFIG, EINVAL,
					"'%.300s' is a wildcard, and %s; name each host, as in api.%.200s",
					entry_text(&entries->v[i], text),
					list == LIST_INBOUND ? "nobody can be let in by one"
					: policy->guarded
						? "without DNS (PARA_ALLOW_DNS=none) nobody learns what it "
						  "means"
						: "only the guard knows what it means (PARA_GUARD is off, or "
						  "nothing stays behind that could be it)",
					entries->v[i].name);
	}
	if (policy->filter && !policy->guarded)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"PARA_DNS=filter needs the guard, and that is off (PARA_GUARD), or nothing stays "
			"behind that "
			"could be it");
	if (policy->mode == MODE_OBSERVE && !policy->guarded)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"the network mode unprotected-observe is about what the guard records, and that is "
			"off "
			"(PARA_GUARD), or nothing stays behind that could be it");
	return 0;
}

int policy_settle(struct policy *policy, struct error *error)
{
	struct entries *allowed = &policy->list[LIST_ALLOWED];

	settle_services(policy);
	if (policy->mode == MODE_NONE && (allowed->n > 0 || policy->list[LIST_INBOUND].n > 0 ||
						 policy->dns == DNS_RESOLVERS || policy->ssh == SSH_ANY ||
						 policy->host == HOST_SUBNET || policy->host == HOST_GATEWAY))
		return error_set(error, FAIL_CONFIG, EINVAL,
			"the network mode is none, and something is allowed: leave that out, or choose "
			"the mode "
			"allowlist");
	if (policy->mode == MODE_PROXY && !is_one_place(allowed))
		return error_set(error, FAIL_CONFIG, EINVAL,
			"the network mode is proxy, so exactly the proxy is allowed: set "
			"PARA_PROXY=HOST:PORT, and no "
			"allowed domains (let the proxy decide on them)");
	return check_guard(policy, error);
}

bool entry_is_github(const struct entry *entry)
{
	static const char domain[] = "github.com";
	const size_t length = strlen(entry->name), tail = sizeof(domain) - 1;

	if (entry->kind != ENTRY_NAME || entry->exact || length < tail ||
		strcmp(entry->name + length - tail, domain) != 0)
		return false;
	return length == tail || entry->name[length - tail - 1] == '.';
}

bool entries_want_github(const struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		if (entry_is_github(&entries->v[i]))
			return true;
	return false;
}

bool policy_wants_github(const struct policy *policy)
{
	for (int list = 0; list < LISTS; list++)
		if (entries_want_github(&policy->list[list]))
			return true;
	return false;
}

const struct prefixes *policy_host(const struct policy *policy, const struct host_networks *host)
{
	static const struct prefixes none;

	switch (policy->host) {
	case HOST_SUBNET:
		return &host->networks;
	case HOST_GATEWAY:
		return &host->gateways;
	default:
		return &none;
	}
}
