/*
 * GitHub's ranges: one HTTPS request with libcurl, one JSON object with jansson.
 * Source of the form: docs.github.com, "REST API endpoints for meta data", GET /meta.
 */
#include "fw/github.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <curl/curl.h>
#include <jansson.h>

#include "fw/lookup.h"
#include "util/clock.h"
#include "util/kept.h"

#define META_URL "https://" GITHUB_API_HOST "/meta"

#define BODY_MAX      (8L * 1024 * 1024) /* GitHub's answer has about half a MiB */
#define REDIRECTS_MAX 3
#define TRIES_MAX     5
#define CONNECT_MS    5000
#define BACK_OFF_MS   500 /* doubled with every try */
#define PER_TRY_MS    15000

/* The CA certificates of the machine that built us (embed.S), for an image that has none. Not to write. */
extern char embedded_ca[];
extern const uint64_t embedded_ca_size;

/* Where distributions keep theirs: Debian and Alpine, Fedora, OpenSUSE, BSD-like. */
static const char *const image_ca[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

struct body {
	char *bytes;
	size_t length;
	bool too_long;
};

static __attribute__((format(printf, 3, 4))) int fail(char why[GITHUB_TEXT], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, GITHUB_TEXT, format, args);
	va_end(args);
	return -err;
}

static int parse_field(const json_t *root, const char *field, struct prefixes *ranges, char why[GITHUB_TEXT])
{
	const json_t *list = json_object_get(root, field), *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return fail(why, EBADMSG, "the answer has no list of ranges named \"%s\"", field);
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item);
		struct prefix prefix;
		bool cleared;

		if (text == NULL || prefix_parse(text, &prefix, &cleared) != 0 || cleared)
			return fail(why, EBADMSG, "item %zu of \"%s\" is not a network: '%.60s'", i + 1,
				field, text != NULL ? text : "(no string)");
		if (prefixes_add(ranges, &prefix) < 0)
			return fail(why, ENOMEM, "out of memory");
	}
	return 0;
}

int github_parse(const char *body, size_t length, struct prefixes *ranges, char why[GITHUB_TEXT])
{
	static const char *const fields[] = {"web", "api", "git"};
	json_error_t error;
	json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
	int ret = 0;

	if (root == NULL)
		return fail(why, EBADMSG, "the answer is not JSON (line %d: %.100s); it starts '%.*s'",
			error.line, error.text, length < 60 ? (int)length : 60, body);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && ret == 0; i++)
		ret = parse_field(root, fields[i], ranges, why);
	json_decref(root);
	return ret;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
	struct body *body = data;
	char *longer;

	n *= size;
	if (n > (size_t)BODY_MAX - body->length) {
		body->too_long = true;
		return 0;
	}
	longer = realloc(body->bytes, body->length + n + 1);
	if (longer == NULL)
		return 0;
	body->bytes = longer;
	memcpy(longer + body->length, bytes, n);
	body->length += n;
	longer[body->length] = '\0';
	return n;
}

/* The operator's choice of certificates, with *variable, the image's, or NULL: ours, in this order. */
static const char *find_ca(const char **variable)
{
	static const char *const variables[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *path = getenv(variables[i]);

		*variable = variables[i];
		if (path != NULL && *path != '\0')
			return path;
	}
	*variable = NULL;
	for (size_t i = 0; i < sizeof(image_ca) / sizeof(image_ca[0]); i++)
		if (access(image_ca[i], R_OK) == 0)
			return image_ca[i];
	return NULL;
}

static int set_ca(CURL *curl, char why[GITHUB_TEXT])
{
	struct curl_blob ours = {.data = embedded_ca, .len = embedded_ca_size, .flags = CURL_BLOB_NOCOPY};
	const char *variable, *path = find_ca(&variable);

	if (path == NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ours);
		return 0;
	}
	if (variable != NULL && access(path, R_OK) != 0)
		return fail(why, errno, "the certificates that %s names, '%.200s', cannot be read: %s",
			variable, path, strerror(errno));
	curl_easy_setopt(curl, CURLOPT_CAINFO, path);
	return 0;
}

int github_keep_certificates(void)
{
	const char *variable, *path = find_ca(&variable);

	return path != NULL ? kept_file(path) : kept_bytes(embedded_ca, embedded_ca_size);
}

/* "api.github.com:443:192.0.2.1,[2001:db8::1]": curl never resolves anything itself. */
static struct curl_slist *resolved(const struct prefixes *addresses)
{
	char *text = malloc(sizeof(GITHUB_API_HOST ":443:") + addresses->n * (PREFIX_TEXT + 3));
	struct curl_slist *list;
	size_t used;

	if (text == NULL)
		return NULL;
	used = (size_t)sprintf(text, GITHUB_API_HOST ":443:");
	for (size_t i = 0; i < addresses->n; i++) {
		const bool v6 = addresses->v[i].family == AF_INET6;
		char address[PREFIX_TEXT];

		used += (size_t)sprintf(text + used, v6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
			prefix_text(&addresses->v[i], address));
	}
	list = curl_slist_append(NULL, text);
	free(text);
	return list;
}

/* Appends; gives the list, or NULL and the list is gone. */
static struct curl_slist *append(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = list != NULL ? curl_slist_append(list, line) : NULL;

	if (longer == NULL)
		curl_slist_free_all(list);
	return longer;
}

static struct curl_slist *headers(const char *etag)
{
	static const char *const variables[] = {"GITHUB_TOKEN", "GH_TOKEN"};
	struct curl_slist *list = curl_slist_append(NULL, "Accept: application/vnd.github+json");
	char match[GITHUB_ETAG + 20];

	snprintf(match, sizeof(match), "If-None-Match: %s", etag);
	if (*etag != '\0')
		list = append(list, match);

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]) && list != NULL; i++) {
		const char *token = getenv(variables[i]);
		char line[512];

		/* a token with a line's end in it would be a header of its own */
		if (token == NULL || *token == '\0' || strpbrk(token, "\r\n") != NULL)
			continue;
		if ((size_t)snprintf(line, sizeof(line), "Authorization: Bearer %s", token) >= sizeof(line))
			continue;
		list = append(list, line);
		explicit_bzero(line, sizeof(line));
		return list;
	}
	return list;
}

/* True if the redirect stays where the firewall has its one hole, and the token its one reader. */
static bool same_place(const char *url)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	bool same = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    strcmp(scheme, "https") == 0 && strcmp(host, GITHUB_API_HOST) == 0 &&
		    strcmp(port, "443") == 0;

	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return same;
}

/* Follows redirects by hand, since each must be judged before it is gone to. */
static int perform(CURL *curl, struct body *body, long *status, char why[GITHUB_TEXT])
{
	for (int redirects = 0;; redirects++) {
		char curl_says[CURL_ERROR_SIZE] = "";
		const char *to = NULL;
		CURLcode code;

		body->length = 0;
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, curl_says);
		code = curl_easy_perform(curl);
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
		if (body->too_long)
			return fail(why, EFBIG, "the answer is longer than 8 MiB");
		if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
			return fail(why, EBADMSG, "its certificate is not to be trusted: %.200s", curl_says);
		if (code != CURLE_OK)
			return fail(why, EAGAIN, "%.250s",
				*curl_says != '\0' ? curl_says : curl_easy_strerror(code));
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
		curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &to);
		if (to == NULL)
			return 0;
		if (redirects == REDIRECTS_MAX)
			return fail(why, EBADMSG, "it redirects more than %d times", REDIRECTS_MAX);
		if (!same_place(to))
			return fail(why, EBADMSG, "it redirects elsewhere, to '%.200s'", to);
		curl_easy_setopt(curl, CURLOPT_URL, to);
	}
}

/* The answer's ETag, or "" if it has none that we can send back. */
static void take_etag(CURL *curl, char etag[GITHUB_ETAG])
{
	struct curl_header *header;
	const bool there = curl_easy_header(curl, "ETag", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
			   strlen(header->value) < GITHUB_ETAG && strpbrk(header->value, "\r\n") == NULL;

	snprintf(etag, GITHUB_ETAG, "%s", there ? header->value : "");
}

/* One try. 1: nothing has changed. -EAGAIN: it may go better next time; *wait_ms is how long the server asks
 * us to wait, or 0. */
static int try_once(
	CURL *curl, char etag[GITHUB_ETAG], struct prefixes *ranges, int64_t *wait_ms, char why[GITHUB_TEXT])
{
	struct body body = {0};
	long status = 0;
	curl_off_t after = 0;
	int ret;

	*wait_ms = 0;
	curl_easy_setopt(curl, CURLOPT_URL, META_URL);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	ret = perform(curl, &body, &status, why);
	if (ret == 0 && status == 304 && *etag != '\0') {
		ret = 1;
	} else if (ret == 0 && status != 200) {
		const bool limited = status == 403 || status == 429;

		curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
		*wait_ms = (int64_t)after * 1000;
		ret = fail(why, limited || status >= 500 ? EAGAIN : EBADMSG, "it answered with status %ld%s",
			status,
			limited ? " (the limit for your address may be used up; set GITHUB_TOKEN)" : "");
	} else if (ret == 0) {
		ret = github_parse(body.bytes != NULL ? body.bytes : "", body.length, ranges, why);
		if (ret == 0)
			take_etag(curl, etag);
	}
	free(body.bytes);
	return ret;
}

static int try_until(
	CURL *curl, int64_t deadline, char etag[GITHUB_ETAG], struct prefixes *ranges, char why[GITHUB_TEXT])
{
	for (int tries = 1;; tries++) {
		int64_t left = deadline - clock_ms(), wait_ms;
		const int64_t back_off = (int64_t)BACK_OFF_MS << tries;
		int ret;

		if (left < 100)
			left = 100;
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left < PER_TRY_MS ? left : PER_TRY_MS));
		ret = try_once(curl, etag, ranges, &wait_ms, why);
		if (ret != -EAGAIN)
			return ret;
		if (wait_ms < back_off)
			wait_ms = back_off;
		if (tries == TRIES_MAX || clock_ms() + wait_ms >= deadline) {
			size_t used = strlen(why);

			snprintf(why + used, GITHUB_TEXT - used, ", after %d %s", tries,
				tries == 1 ? "try" : "tries");
			return ret;
		}
		usleep((useconds_t)wait_ms * 1000);
	}
}

int github_fetch(const struct prefixes *addresses, int64_t deadline, char etag[GITHUB_ETAG],
	struct prefixes *ranges, char why[GITHUB_TEXT])
{
	CURL *curl = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? curl_easy_init() : NULL;
	struct curl_slist *resolve = resolved(addresses), *lines = headers(etag);
	int ret = curl == NULL || resolve == NULL || lines == NULL ? fail(why, ENOMEM, "out of memory") : 0;

	if (ret == 0) {
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
		curl_easy_setopt(curl, CURLOPT_RESOLVE, resolve);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "secure-init");
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
		ret = set_ca(curl, why);
	}
	if (ret == 0)
		ret = try_until(curl, deadline, etag, ranges, why);
	curl_slist_free_all(lines);
	curl_slist_free_all(resolve);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return ret;
}
