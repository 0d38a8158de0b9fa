/* Hosts in one array, each with its ports: see the header. */
#include "guard/audit/suggest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parser of the lists is asked, so that what is suggested can be said. */
static bool is_entry(const char *host)
{
	struct entries entries = {0};
	struct error error;
	bool good;

	/* '@' would be a preset, and a comma more than one */
	if (strpbrk(host, "@,* ") != NULL)
		return false;
	good = entries_parse("suggestion", host, &entries, &error) == 0 && entries.n == 1;
	entries_free(&entries);
	return good;
}

static void write_host(const char *name, const struct prefix *address, char host[NAME_TEXT + 2])
{
	char text[PREFIX_TEXT];

	if (name != NULL)
		snprintf(host, NAME_TEXT + 2, "%s", name);
	else if (address->family == AF_INET6)
		snprintf(host, NAME_TEXT + 2, "[%s]", prefix_text(address, text));
	else
		snprintf(host, NAME_TEXT + 2, "%s", prefix_text(address, text));
}

static struct suggestion *find_host(struct suggest *suggest, const char *host)
{
	for (size_t i = 0; i < suggest->n; i++)
		if (strcmp(suggest->v[i].host, host) == 0)
			return &suggest->v[i];
	return NULL;
}

/* Returns whether there was room for it. */
static bool add_port(struct suggestion *suggestion, uint16_t port)
{
	for (unsigned int i = 0; i < suggestion->n_ports; i++)
		if (suggestion->ports[i] == port)
			return true;
	if (suggestion->n_ports == ENTRY_PORTS_MAX)
		return false;
	suggestion->ports[suggestion->n_ports++] = port;
	return true;
}

int suggest_add(struct suggest *suggest, const char *name, const struct prefix *address, uint16_t port,
	uint64_t count)
{
	struct suggestion *suggestion;
	char host[NAME_TEXT + 2];

	if (suggest->v == NULL)
		suggest->v = calloc(SUGGEST_HOSTS, sizeof(*suggest->v));
	if (suggest->v == NULL)
		return -ENOMEM;
	write_host(name, address, host);
	suggestion = find_host(suggest, host);
	if (suggestion == NULL) {
		if (suggest->n == SUGGEST_HOSTS || port == 0 || !is_entry(host)) {
			suggest->left_out++;
			return 0;
		}
		suggestion = &suggest->v[suggest->n++];
		memcpy(suggestion->host, host, sizeof(host));
	}
	suggestion->count += count;
	if (port == 0 || !add_port(suggestion, port))
		suggest->left_out++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct suggestion *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->host, right->host);
}

void suggest_sort(struct suggest *suggest)
{
	if (suggest->n > 0)
		qsort(suggest->v, suggest->n, sizeof(*suggest->v), compare);
}

const char *suggest_entry(const struct suggestion *suggestion, char text[SUGGEST_TEXT])
{
	size_t used = (size_t)snprintf(text, SUGGEST_TEXT, "%s", suggestion->host);

	for (unsigned int i = 0; i < suggestion->n_ports && used < SUGGEST_TEXT; i++)
		used += (size_t)snprintf(
			text + used, SUGGEST_TEXT - used, "%c%u", i == 0 ? ':' : ',', suggestion->ports[i]);
	return text;
}

size_t suggest_list(const struct suggest *suggest, char *text, size_t size)
{
	char entry[SUGGEST_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < suggest->n; i++) {
		const char *words = suggest_entry(&suggest->v[i], entry);

		if (used + strlen(words) + 2 > size)
			return suggest->n - i;
		used += (size_t)snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ",", words);
	}
	return 0;
}

void suggest_free(struct suggest *suggest)
{
	free(suggest->v);
	*suggest = (struct suggest){0};
}
