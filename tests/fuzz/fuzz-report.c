/*
 * Any bytes as a record: what is printed is text a terminal takes no orders from, and in JSON it is JSON; the
 * entries suggested are such that the lists take them.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <jansson.h>

#include "fw/entry.h"
#include "init/report.h"

static char printed[1 << 16];

/* Returns whether there was anything to report. */
static bool report_of(const uint8_t *bytes, size_t size, bool json)
{
	FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "r");
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	struct error error;
	int ret;

	must(file != NULL && out != NULL);
	ret = report_file(file, "FILE", out, json, &error);
	must(ret == 0 || *error.text != '\0');
	fclose(file);
	fclose(out);
	return ret == 0;
}

static void check_text(const char *text)
{
	for (; *text != '\0'; text++)
		must(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

static void check_entries(const json_t *root)
{
	const json_t *allow = json_object_get(json_object_get(root, "policy"), "allow"), *entry;
	size_t i;

	json_array_foreach(allow, i, entry) {
		struct entries entries = {0};
		struct error error;

		must(entries_parse("LIST", json_string_value(entry), &entries, &error) == 0);
		must(entries.n == 1 && entries.v[0].n_ports > 0);
		entries_free(&entries);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	json_t *root;

	if (size == 0)
		return 0;
	memset(printed, 0, 4096);
	if (!report_of(bytes, size, false))
		return 0;
	check_text(printed);
	must(report_of(bytes, size, true));
	root = json_loads(printed, JSON_DISABLE_EOF_CHECK, NULL);
	must(root != NULL);
	check_entries(root);
	json_decref(root);
	return 0;
}
