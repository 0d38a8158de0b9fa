/* Reading resolv.conf: see the header. */
#include "fw/resolv.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/lines.h"

#define BLANKS " \t\r\n"

/* "192.0.2.53" or "fe80::1%eth0", whose zone a rule does not ask for; scope may be NULL. */
static bool read_address(const char *word, struct prefix *address, unsigned int *scope)
{
	char text[INET6_ADDRSTRLEN];
	size_t length = strcspn(word, "%");

	if (scope != NULL)
		*scope = word[length] == '%' ? if_nametoindex(word + length + 1) : 0;

	if (length >= sizeof(text) || strchr(word, '/') != NULL)
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	return prefix_parse(text, address, NULL) == 0;
}

static void read_upstreams(char *list, struct resolv *resolv)
{
	char *rest = list;

	resolv->upstreams_named = true;
	for (char *word; (word = strtok_r(rest, BLANKS "[]", &rest)) != NULL;) {
		if (strncmp(word, "host(", 5) == 0)
			continue;
		if (resolv->n_upstreams == RESOLV_UPSTREAMS_MAX)
			return;
		if (read_address(word, &resolv->upstreams[resolv->n_upstreams], NULL))
			resolv->n_upstreams++;
	}
}

/* Of several such lines the last one counts. */
static void read_search(char *list, struct resolv *resolv)
{
	char *rest = list;

	resolv->n_search = 0;
	for (char *word; (word = strtok_r(rest, BLANKS, &rest)) != NULL;) {
		char *domain = resolv->search[resolv->n_search];
		size_t length = strlen(word);

		while (length > 0 && word[length - 1] == '.')
			length--;
		if (length == 0 || *word == '.' || length >= NAME_TEXT)
			continue;
		for (size_t i = 0; i < length; i++)
			domain[i] = (char)tolower((unsigned char)word[i]);
		domain[length] = '\0';
		if (++resolv->n_search == RESOLV_SEARCH_MAX)
			return;
	}
}

void resolv_read_line(char *line, struct resolv *resolv)
{
	static const char ext_servers[] = "# ExtServers:";
	const uint8_t docker_resolver[4] = {127, 0, 0, 11};
	const struct prefix docker = prefix_make(AF_INET, docker_resolver, 32);
	struct prefix *server = &resolv->servers[resolv->n_servers];
	char *rest = line;
	const char *word;

	if (strncmp(line, ext_servers, sizeof(ext_servers) - 1) == 0) {
		read_upstreams(line + sizeof(ext_servers) - 1, resolv);
		return;
	}
	word = strtok_r(rest, BLANKS, &rest);
	if (word != NULL && (strcmp(word, "search") == 0 || strcmp(word, "domain") == 0)) {
		read_search(rest, resolv);
		return;
	}
	if (word == NULL || strcmp(word, "nameserver") != 0)
		return;
	word = strtok_r(rest, BLANKS, &rest);
	if (word == NULL || resolv->n_servers == RESOLV_SERVERS_MAX ||
		!read_address(word, server, &resolv->scopes[resolv->n_servers]))
		return;
	resolv->docker = resolv->docker || prefix_compare(server, &docker) == 0;
	resolv->n_servers++;
}

int resolv_read(const char *path, struct resolv *resolv, struct error *error)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[512];

	*resolv = (struct resolv){0};
	if (file == NULL && errno == ENOENT)
		return 0;
	if (file == NULL)
		return error_set(error, FAIL_SYSTEM, errno, "%s cannot be read: %s", path, strerror(errno));
	while (lines_next(file, line, sizeof(line)))
		resolv_read_line(line, resolv);
	if (ferror(file))
		return error_set(error, FAIL_SYSTEM, EIO, "%s cannot be read to its end", path);
	return 0;
}
