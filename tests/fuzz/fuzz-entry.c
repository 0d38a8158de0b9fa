/*
 * Any text as PARA_ALLOWED_DOMAINS. What is taken keeps within its limits, and written by entry_text and read
 * again, alone or as a list, it is the same; what is refused is refused in words.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "fw/entry.h"
#include "util/log.h"

#define VARIABLE "PARA_ALLOWED_DOMAINS"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_setup(LOG_ERROR, false);
	return 0;
}

static void check_name(const char *name)
{
	const size_t length = strnlen(name, NAME_TEXT);

	must(length > 0 && length < NAME_TEXT);
	must(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == length);
	must(name[0] != '.' && name[length - 1] != '.' && strstr(name, "..") == NULL);
}

static void check(const struct entry *entry)
{
	if (entry->name[0] != '\0') {
		check_name(entry->name);
		must(entry->prefix.family == 0);
	} else {
		must(entry->kind == ENTRY_PREFIX || entry->kind == ENTRY_LOOPBACK);
		must(prefix_valid(&entry->prefix) && entry->prefix.length > 0);
	}
	must(entry->n_ports <= ENTRY_PORTS_MAX);
	for (unsigned int i = 0; i < entry->n_ports; i++)
		must(entry->ports[i].low > 0 && entry->ports[i].low <= entry->ports[i].high);
}

static void same(const struct entry *a, const struct entry *b)
{
	must(a->kind == b->kind && strcmp(a->name, b->name) == 0);
	must(memcmp(&a->prefix, &b->prefix, sizeof(a->prefix)) == 0);
	must(a->n_ports == b->n_ports && memcmp(a->ports, b->ports, a->n_ports * sizeof(a->ports[0])) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *list = text_of(bytes, size), *again;
	struct entries entries = {0}, others = {0};
	struct error error = {0};
	size_t used = 0;
	int ret = entries_parse(VARIABLE, list, &entries, &error);

	if (ret != 0) {
		must(ret == -EINVAL && error.kind == FAIL_CONFIG);
		must(strncmp(error.text, VARIABLE ": entry ", sizeof(VARIABLE) + 7) == 0);
		entries_free(&entries);
		free(list);
		return 0;
	}
	again = calloc(entries.n + 1, ENTRY_TEXT);
	must(again != NULL);
	for (size_t i = 0; i < entries.n; i++) {
		char text[ENTRY_TEXT];
		struct entries one = {0};

		check(&entries.v[i]);
		entry_text(&entries.v[i], text);
		must(entries_parse(VARIABLE, text, &one, &error) == 0 && one.n == 1);
		same(&entries.v[i], &one.v[0]);
		entries_free(&one);
		used += (size_t)sprintf(again + used, "%s%s", i > 0 ? "," : "", text);
	}
	must(entries_parse(VARIABLE, again, &others, &error) == 0 && others.n == entries.n);
	for (size_t i = 0; i < entries.n; i++)
		same(&entries.v[i], &others.v[i]);
	entries_free(&others);
	entries_free(&entries);
	free(again);
	free(list);
	return 0;
}
