/* Reading settings, strictly: what is not understood is an error. */
#include "init/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "util/log.h"
#include "util/number.h"

#define CONNECTIONS_MAX 1000000U
#define BYTES_MAX	INT64_MAX /* the kernel takes no quota above it (net/netfilter/nft_quota.c) */

const struct setting_name setting_names[SETTINGS] = {
	[SETTING_ISOLATION] = {"PARA_NETWORK_ISOLATION", "isolation", false},
	[SETTING_MODE] = {"PARA_NETWORK_MODE", "mode", false},
	[SETTING_PROFILE] = {"PARA_PROFILE", "profile", false},
	[SETTING_ALLOW] = {"PARA_ALLOWED_DOMAINS", "allow", true},
	[SETTING_BLOCK] = {"PARA_BLOCKED_DOMAINS", "block", true},
	[SETTING_PROXY] = {"PARA_PROXY", "proxy", false},
	[SETTING_DNS] = {"PARA_ALLOW_DNS", "dns", false},
	[SETTING_SSH] = {"PARA_ALLOW_SSH", "ssh", false},
	[SETTING_HOST] = {"PARA_ALLOW_HOST", "host", true},
	[SETTING_INBOUND] = {"PARA_ALLOW_INBOUND", "inbound", true},
	[SETTING_GUARD] = {"PARA_GUARD", "guard", false},
	[SETTING_NAMES] = {"PARA_DNS", "names", false},
	[SETTING_CONNECTIONS] = {"PARA_LIMIT_CONNECTIONS", "connections", false},
	[SETTING_BYTES] = {"PARA_QUOTA_BYTES", "bytes", false},
};

int settings_word(const char *const *words, const char *text)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(words[i], text) == 0)
			return i;
	return -1;
}

int settings_refuse(const char *label, const char *value, const char *right, struct error *error)
{
	return error_set(error, FAIL_CONFIG, EINVAL, "%s is '%.100s'; it must be %s", label, value, right);
}

int settings_switch(const char *label, const char *text, bool *value, struct error *error)
{
	static const char *const yes[] = {"true", "1", "yes", "on", NULL};
	static const char *const no[] = {"false", "0", "no", "off", NULL};

	*value = settings_word(yes, text) >= 0;
	if (!*value && settings_word(no, text) < 0)
		return settings_refuse(label, text, "true or false (also 1/0, yes/no, on/off)", error);
	return 0;
}

/* One word of several into *value, whose enum has the words in their order, from first on. */
static int read_word(const char *label, const char *text, const char *const *words, int first, int *value,
	const char *right, struct error *error)
{
	const int word = settings_word(words, text);

	if (word < 0)
		return settings_refuse(label, text, right, error);
	*value = first + word;
	return 0;
}

static int read_mode(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {
		"allowlist", "blocklist", "proxy", "none", "unprotected-observe", NULL};
	int value = 0, ret = read_word(label, text, words, MODE_ALLOWLIST, &value,
			       "allowlist, blocklist, proxy, none or unprotected-observe", error);

	policy->mode = (enum mode)value;
	return ret;
}

static int read_profile(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {"default", "strict", NULL};
	int value = 0, ret = read_word(label, text, words, 0, &value, "default or strict", error);

	policy->strict = value == 1;
	return ret;
}

static int read_dns(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {"resolvers", "none", NULL};
	int value = 0, ret = read_word(label, text, words, DNS_RESOLVERS, &value, "resolvers or none", error);

	policy->dns = (enum dns)value;
	return ret;
}

static int read_ssh(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {"any", "allowlist", "none", NULL};
	int value = 0, ret = read_word(label, text, words, SSH_ANY, &value, "any, allowlist or none", error);

	policy->ssh = (enum ssh)value;
	return ret;
}

static int read_names(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {"open", "filter", NULL};
	int value = 0, ret = read_word(label, text, words, 0, &value, "open or filter", error);

	policy->filter = value == 1;
	return ret;
}

static int read_connections(struct policy *policy, const char *label, const char *text, struct error *error)
{
	uint64_t number;

	if (number_parse(text, 1, CONNECTIONS_MAX, &number) != 0)
		return settings_refuse(
			label, text, "a number of connections a minute, from 1 to 1000000", error);
	policy->connections = (uint32_t)number;
	return 0;
}

/* "500M": K, M, G and T are powers of 1024. */
static int read_bytes(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char units[] = "KMGT";
	const size_t length = strlen(text);
	const char *unit = length > 0 ? strchr(units, toupper((unsigned char)text[length - 1])) : NULL;
	const unsigned int shift = unit != NULL ? 10 * (unsigned int)(unit - units + 1) : 0;
	char digits[24];
	uint64_t number;

	snprintf(digits, sizeof(digits), "%s", text);
	if (unit != NULL && length < sizeof(digits))
		digits[length - 1] = '\0';
	/* one that wraps around would be a small quota, or 0, which is none */
	if (length >= sizeof(digits) || number_parse(digits, 1, BYTES_MAX >> shift, &number) != 0)
		return settings_refuse(label, text,
			"a number of bytes, of at most ten digits and less than 8388608T, as in 500M (also "
			"K, G, "
			"T)",
			error);
	policy->bytes = number << shift;
	return 0;
}

/* An item of a list without the blanks around it; false if there is no room for it. */
static bool cut_word(const char *item, size_t length, char *word, size_t size)
{
	static const char blanks[] = " \t\r\n";

	while (length > 0 && strchr(blanks, *item) != NULL) {
		item++;
		length--;
	}
	while (length > 0 && strchr(blanks, item[length - 1]) != NULL)
		length--;
	if (length >= size)
		return false;
	memcpy(word, item, length);
	word[length] = '\0';
	return true;
}

bool settings_has_word(const char *list, const char *const *words)
{
	for (size_t length = 0;; list += length + 1) {
		char word[32];

		length = strcspn(list, ",");
		if (cut_word(list, length, word, sizeof(word)) && settings_word(words, word) >= 0)
			return true;
		if (list[length] == '\0')
			return false;
	}
}

const char *const setting_host_words[] = {"subnet", "gateway", "none", NULL};
const char *const setting_inbound_words[] = {"none", NULL};

/* A word, of which the first counts, or entries, which are then allowed like any other, but not after "none".
 */
static int read_host(struct settings *settings, const char *label, const char *text, struct error *error)
{
	struct policy *policy = settings->policy;
	const int word = settings_word(setting_host_words, text);
	struct entries unused = {0};
	int ret;

	if (word >= 0) {
		if (policy->host == HOST_UNSAID) {
			policy->host = (enum host)(HOST_SUBNET + word);
			settings->host_none = policy->host == HOST_NONE;
		}
		return 0;
	}
	if (settings_has_word(text, setting_host_words))
		return settings_refuse(label, text, "subnet, gateway or none by itself, or entries", error);
	if (policy->host == HOST_UNSAID)
		policy->host = HOST_NONE;
	/* entries must be right also where they do not count */
	ret = entries_parse(label, text, settings->host_none ? &unused : &policy->list[LIST_ALLOWED], error);
	entries_free(&unused);
	return ret;
}

/* The proxy's one place, "host:port", also as the URL that programs write. */
static int read_proxy(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char scheme[] = "http://";
	const char *place = strncasecmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : text;
	/* apart, since beside an allowed one that says the same it is one too many, and no duplicate */
	struct entries proxy = {0};
	char copy[NAME_TEXT + 16];
	size_t length = strlen(place);
	int ret;

	if (length > 0 && place[length - 1] == '/')
		length--;
	if (strspn(place, " \t\r\n") >= length || strchr(place, ',') != NULL || strchr(place, '@') != NULL ||
		length >= sizeof(copy))
		return settings_refuse(label, "(not shown)",
			"one HOST:PORT without user and password, as in proxy.example.com:3128", error);
	memcpy(copy, place, length);
	copy[length] = '\0';
	ret = entries_parse(label, copy, &proxy, error);
	for (size_t i = 0; i < proxy.n && ret == 0; i++) {
		/* a proxy under github.com is that host, and not GitHub */
		proxy.v[i].exact = true;
		if (entries_add(&policy->list[LIST_ALLOWED], &proxy.v[i]) < 0)
			ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory while reading %s", label);
	}
	entries_free(&proxy);
	return ret;
}

/* Every address, by halves, since a set cannot hold a network of length 0. */
static int allow_anybody(struct entries *inbound, const struct entry *ports)
{
	static const uint8_t zero[16], half[16] = {0x80};
	const struct prefix halves[] = {
		prefix_make(AF_INET, zero, 1),
		prefix_make(AF_INET, half, 1),
		prefix_make(AF_INET6, zero, 1),
		prefix_make(AF_INET6, half, 1),
	};

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct entry entry = *ports;

		entry.kind = ENTRY_PREFIX;
		entry.prefix = halves[i];
		if (entries_add(inbound, &entry) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * "host" (the host's network), "none", ports that anybody may come to, and entries from which one may come,
 * to their ports. Words and ports come first, since a port after an entry is that entry's.
 */
static int read_inbound(struct policy *policy, const char *label, const char *text, struct error *error)
{
	static const char *const words[] = {"host", NULL};
	const char *rest = text;
	struct entry ports = {.position = 1};
	int ret = 0;

	if (settings_has_word(text, setting_inbound_words)) {
		if (strchr(text, ',') != NULL)
			return settings_refuse(label, text, "none by itself, or what may come in", error);
		policy->inbound_none = policy->inbound_none || !policy->inbound_said;
	}
	policy->inbound_said = true;
	/* it counts against whatever else is said later */
	if (policy->inbound_none)
		return 0;
	while (ret == 0 && *rest != '\0') {
		const size_t length = strcspn(rest, ",");
		char word[32];

		if (!cut_word(rest, length, word, sizeof(word)))
			break;
		if (strcasecmp(word, "host") == 0)
			policy->inbound_host = true;
		else if (*word != '\0' && strspn(word, "0123456789-") == strlen(word))
			ret = entry_add_ports(label, &ports, word, error);
		else if (*word != '\0' && strcasecmp(word, "none") != 0)
			break;
		rest += length + (rest[length] == ',');
	}
	if (ret == 0 && settings_has_word(rest, words))
		return settings_refuse(label, text, "host and ports first, and entries after them", error);
	if (ret == 0 && ports.n_ports > 0 && allow_anybody(&policy->list[LIST_INBOUND], &ports) < 0)
		ret = error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory while reading %s", label);
	return ret == 0 ? entries_parse(label, rest, &policy->list[LIST_INBOUND], error) : ret;
}

int settings_take(struct settings *settings, enum setting setting, const char *label, const char *value,
	struct error *error)
{
	struct policy *policy = settings->policy;

	if (settings->said[setting] != NULL && !setting_names[setting].list)
		return 0;
	if (settings->said[setting] == NULL)
		settings->said[setting] = settings->file != NULL ? settings->file : value;
	/* already, for what is said of a start that fails here */
	policy->isolated = settings->said[SETTING_ISOLATION] == NULL || settings->isolated;
	switch (setting) {
	case SETTING_ISOLATION:
		return settings_switch(label, value, &settings->isolated, error);
	case SETTING_MODE:
		return read_mode(policy, label, value, error);
	case SETTING_PROFILE:
		return read_profile(policy, label, value, error);
	case SETTING_ALLOW:
		return entries_parse(label, value, &policy->list[LIST_ALLOWED], error);
	case SETTING_BLOCK:
		return entries_parse(label, value, &policy->list[LIST_BLOCKED], error);
	case SETTING_PROXY:
		return read_proxy(policy, label, value, error);
	case SETTING_DNS:
		return read_dns(policy, label, value, error);
	case SETTING_SSH:
		return read_ssh(policy, label, value, error);
	case SETTING_HOST:
		return read_host(settings, label, value, error);
	case SETTING_INBOUND:
		return read_inbound(policy, label, value, error);
	case SETTING_GUARD:
		return settings_switch(label, value, &policy->guarded, error);
	case SETTING_NAMES:
		return read_names(policy, label, value, error);
	case SETTING_CONNECTIONS:
		return read_connections(policy, label, value, error);
	case SETTING_BYTES:
		return read_bytes(policy, label, value, error);
	case SETTINGS:
		break;
	}
	return 0;
}

/* A setting beside "isolation: false" is without effect, which nobody should have to find out. */
static void warn_of_ignored(const struct settings *settings)
{
	for (int i = SETTING_ISOLATION + 1; i < SETTINGS; i++)
		if (settings->said[i] != NULL && settings->said[i] != settings->file)
			log_warn("network isolation is false, so %s is ignored: '%.200s'",
				setting_names[i].variable,
				i == SETTING_PROXY ? "(not shown)" : settings->said[i]);
	if (settings->file != NULL)
		log_warn("network isolation is false, so what else %.300s says is ignored", settings->file);
}

/* Like a preset that a block list calls by itself. */
static int block_metadata(struct entries *blocked, struct error *error)
{
	const size_t before = blocked->n;
	int ret = entries_parse("the metadata services", policy_metadata, blocked, error);

	for (size_t i = before; i < blocked->n; i++)
		snprintf(blocked->v[i].preset, sizeof(blocked->v[i].preset), "@metadata");
	return ret;
}

int settings_finish(struct settings *settings, bool wanted, struct error *error)
{
	struct policy *policy = settings->policy;
	int ret = 0;

	policy->isolated = wanted || settings->file != NULL;
	for (int i = SETTING_ISOLATION + 1; i < SETTINGS; i++) {
		policy->isolated = policy->isolated || settings->said[i] != NULL;
		wanted = wanted || (settings->said[i] != NULL && settings->said[i] != settings->file);
	}
	if (settings->said[SETTING_ISOLATION] != NULL)
		policy->isolated = settings->isolated;
	/* whoever starts the container and speaks of a policy is not overruled by a file */
	if (!policy->isolated && settings->said[SETTING_ISOLATION] == settings->file &&
		settings->file != NULL && wanted)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"%.300s says that there is no isolation, and the start asks for a policy; say "
			"PARA_NETWORK_ISOLATION=true or false",
			settings->file);
	if (!policy->isolated) {
		policy->open_said = settings->said[SETTING_ISOLATION] != NULL;
		warn_of_ignored(settings);
		policy->guarded = false;
		return 0;
	}
	if ((settings->said[SETTING_PROXY] != NULL) != (policy->mode == MODE_PROXY))
		return error_set(error, FAIL_CONFIG, EINVAL,
			policy->mode == MODE_PROXY
				? "the network mode is proxy, and no proxy is named; set PARA_PROXY=HOST:PORT"
				: "PARA_PROXY names a proxy, and the network mode is another one; set "
				  "PARA_NETWORK_MODE=proxy");
	policy->defaulted = policy->mode == MODE_ALLOWLIST && settings->said[SETTING_ALLOW] == NULL;
	if (policy->defaulted)
		ret = entries_parse(
			"the default list", POLICY_DEFAULT_LIST, &policy->list[LIST_ALLOWED], error);
	if (ret == 0 && policy_sends(policy))
		ret = block_metadata(&policy->list[LIST_BLOCKED], error);
	if (settings->said[SETTING_GUARD] == NULL)
		policy->guarded = !settings->ends;
	if (settings->ends && policy->guarded)
		return error_set(error, FAIL_CONFIG, EINVAL,
			"PARA_GUARD is on, and a set-up that ends has nobody to stay behind as the guard; "
			"leave it "
			"out");
	if (settings->said[SETTING_NAMES] == NULL)
		policy->filter = policy->strict && policy->guarded;
	return ret == 0 ? policy_settle(policy, error) : ret;
}
