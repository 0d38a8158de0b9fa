/* Reading the policy file, strictly: what is not understood is an error, and each error says where. */
#include "init/policy-file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "init/json-place.h"
#include "init/trusted-file.h"
#include "util/cleanup.h"
#include "util/likeness.h"
#include "util/log.h"

#define BYTES_MAX (1024UL * 1024)
#define VERSION_1 1

/* What may stand behind a key, and how that is said. */
enum shape {
	SHAPE_SWITCH,
	SHAPE_WORD,
	SHAPE_NUMBER,
	SHAPE_LIST,
	SHAPE_PORTS,
	SHAPE_GROUPS,
	SHAPE_PARA,
	SHAPE_VERSION,
	SHAPE_NOTE
};

static const char *const shape_words[] = {
	[SHAPE_SWITCH] = "true or false",
	[SHAPE_WORD] = "a string",
	[SHAPE_NUMBER] = "a number, or a string that holds one",
	[SHAPE_LIST] = "a list of strings",
	[SHAPE_PORTS] = "a list of strings and port numbers",
	[SHAPE_GROUPS] = "a list of strings, or an object that holds such lists",
	[SHAPE_PARA] = "an object",
	[SHAPE_VERSION] = "1",
	[SHAPE_NOTE] = "a string",
};

/* A table of them ends with {0}. */
struct key {
	const char *name;
	enum shape shape;
	enum setting setting;
	const struct key *inside; /* of an object */
};

static const struct key allow_groups[] = {
	{"domains", SHAPE_LIST, SETTING_ALLOW, NULL},
	{"ips", SHAPE_LIST, SETTING_ALLOW, NULL},
	{"networks", SHAPE_LIST, SETTING_ALLOW, NULL},
	{0},
};

static const struct key block_groups[] = {
	{"domains", SHAPE_LIST, SETTING_BLOCK, NULL},
	{"ips", SHAPE_LIST, SETTING_BLOCK, NULL},
	{"networks", SHAPE_LIST, SETTING_BLOCK, NULL},
	{0},
};

/* The rest of what para has there is about containers and images. */
static const struct key para_keys[] = {
	{"network_isolation", SHAPE_SWITCH, SETTING_ISOLATION, NULL},
	{"allowed_domains", SHAPE_LIST, SETTING_ALLOW, NULL},
	{0},
};

static const struct key top_keys[] = {
	{"isolation", SHAPE_SWITCH, SETTING_ISOLATION, NULL},
	{"mode", SHAPE_WORD, SETTING_MODE, NULL},
	{"profile", SHAPE_WORD, SETTING_PROFILE, NULL},
	{"allow", SHAPE_GROUPS, SETTING_ALLOW, allow_groups},
	{"block", SHAPE_GROUPS, SETTING_BLOCK, block_groups},
	{"proxy", SHAPE_WORD, SETTING_PROXY, NULL},
	{"dns", SHAPE_WORD, SETTING_DNS, NULL},
	{"ssh", SHAPE_WORD, SETTING_SSH, NULL},
	{"host", SHAPE_LIST, SETTING_HOST, NULL},
	{"inbound", SHAPE_PORTS, SETTING_INBOUND, NULL},
	{"guard", SHAPE_SWITCH, SETTING_GUARD, NULL},
	{"names", SHAPE_WORD, SETTING_NAMES, NULL},
	{"connections", SHAPE_NUMBER, SETTING_CONNECTIONS, NULL},
	{"bytes", SHAPE_NUMBER, SETTING_BYTES, NULL},
	{"networkMode", SHAPE_WORD, SETTING_MODE, NULL},
	{"docker", SHAPE_PARA, SETTINGS, para_keys},
	{"version", SHAPE_VERSION, SETTINGS, NULL},
	{"$schema", SHAPE_NOTE, SETTINGS, NULL},
	{0},
};

struct reader {
	const char *path;
	struct settings *settings;
	const struct key *said[SETTINGS]; /* by which key of this file; NULL: not yet */
	struct error *error;
};

/* "PATH:LINE:COLUMN", as compilers and editors have it. */
#define WHERE_TEXT 340

static const char *where(const struct reader *reader, struct json_place place, char text[WHERE_TEXT])
{
	snprintf(text, WHERE_TEXT, "%.300s:%u:%u", reader->path, place.line, place.column);
	return text;
}

static __attribute__((format(printf, 3, 4))) int refuse(
	const struct reader *reader, struct json_place place, const char *format, ...)
{
	char text[WHERE_TEXT], words[600];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return error_set(reader->error, FAIL_CONFIG, EINVAL, "%s: %s", where(reader, place, text), words);
}

static const char *kind(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static int wrong_kind(
	const struct reader *reader, const struct key *key, struct json_place place, const json_t *value)
{
	return refuse(
		reader, place, "'%s' is %s; it must be %s", key->name, kind(value), shape_words[key->shape]);
}

/* Hands one value on, under the name of its place. */
static int take(struct reader *reader, const struct key *key, struct json_place place, const char *value)
{
	/* where the environment has the last word the value must be right all the same */
	struct policy unused = {0};
	struct settings aside = {.policy = &unused};
	const bool list = setting_names[key->setting].list;
	const bool counts = list || reader->settings->said[key->setting] == NULL;
	char text[WHERE_TEXT], label[WHERE_TEXT + 40];
	int ret;

	if (!list && reader->said[key->setting] != NULL)
		return refuse(reader, place, "'%s' says once more what '%s' says; leave one of the two out",
			key->name, reader->said[key->setting]->name);
	reader->said[key->setting] = key;
	snprintf(label, sizeof(label), "%s: %s", where(reader, place, text), key->name);
	ret = settings_take(counts ? reader->settings : &aside, key->setting, label, value, reader->error);
	policy_free(&unused);
	return ret;
}

/* alone: the only one of its list. */
static int read_item(struct reader *reader, const struct key *key, size_t number, bool alone,
	struct json_place place, const json_t *item)
{
	const char *text = json_string_value(item);
	char port[24];

	if (key->shape == SHAPE_PORTS && json_is_integer(item)) {
		snprintf(port, sizeof(port), "%" JSON_INTEGER_FORMAT, json_integer_value(item));
		return take(reader, key, place, port);
	}
	if (text == NULL)
		return refuse(reader, place, "item %zu of '%s' is %s; it must be a string%s", number,
			key->name, kind(item), key->shape == SHAPE_PORTS ? " or a port number" : "");
	if (*text == '\0')
		return refuse(reader, place, "item %zu of '%s' is empty; leave it out", number, key->name);
	if (key->setting == SETTING_HOST && settings_word(setting_host_words, text) >= 0)
		return refuse(reader, place,
			"item %zu of 'host' is '%s', which stands alone: write \"host\": \"%s\"", number,
			text, text);
	/* what stands beside it would count, and open */
	if (!alone && key->setting == SETTING_INBOUND && settings_has_word(text, setting_inbound_words))
		return refuse(reader, place,
			"item %zu of 'inbound' is '%.60s', which stands alone: write \"inbound\": \"none\"",
			number, text);
	return take(reader, key, place, text);
}

static int read_list(
	struct reader *reader, const struct key *key, struct json_place place, const json_t *list)
{
	const json_t *item;
	size_t i;
	/* also an empty list says something */
	int ret = take(reader, key, place, "");

	place = json_place_inside(place);
	json_array_foreach(list, i, item) {
		if (ret == 0)
			ret = read_item(reader, key, i + 1, json_array_size(list) == 1, place, item);
		if (ret < 0)
			break;
		place = json_place_next(place);
	}
	return ret;
}

/* All but objects. */
static int read_value(struct reader *reader, const struct key *key, struct json_place place, json_t *value)
{
	char number[24];

	switch (key->shape) {
	case SHAPE_NUMBER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		if (json_is_integer(value))
			return take(reader, key, place, number);
		break;
	case SHAPE_SWITCH:
		if (json_is_boolean(value))
			return take(reader, key, place, json_is_true(value) ? "true" : "false");
		break;
	case SHAPE_WORD:
		break;
	case SHAPE_LIST:
	case SHAPE_PORTS:
	case SHAPE_GROUPS:
		if (json_is_array(value))
			return read_list(reader, key, place, value);
		break;
	case SHAPE_VERSION:
		if (json_is_integer(value) && json_integer_value(value) != VERSION_1)
			return refuse(reader, place,
				"'version' is %" JSON_INTEGER_FORMAT
				"; this secure-init knows version 1 alone",
				json_integer_value(value));
		return json_is_integer(value) ? 0 : wrong_kind(reader, key, place, value);
	case SHAPE_NOTE:
		return json_is_string(value) ? 0 : wrong_kind(reader, key, place, value);
	case SHAPE_PARA:
		return wrong_kind(reader, key, place, value);
	}
	if (json_is_string(value))
		return take(reader, key, place, json_string_value(value));
	return wrong_kind(reader, key, place, value);
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name != NULL; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool has_key(const struct key *keys, const json_t *object)
{
	for (; keys->name != NULL; keys++)
		if (json_object_get(object, keys->name) != NULL)
			return true;
	return false;
}

static const struct key *nearest_key(const struct key *keys, const char *name)
{
	const struct key *nearest = keys;

	for (; keys->name != NULL; keys++)
		if (likeness_distance(name, keys->name) < likeness_distance(name, nearest->name))
			nearest = keys;
	return nearest;
}

/* others: keys that are like none of ours are somebody else's. */
static int unknown_key(const struct reader *reader, const struct key *keys, struct json_place place,
	const char *name, bool others)
{
	const struct key *nearest = nearest_key(keys, name);
	char text[WHERE_TEXT], all[200] = "";
	size_t used = 0;

	if (likeness_close(name, nearest->name))
		return refuse(reader, place, "unknown key '%.60s'; did you mean '%s'?", name, nearest->name);
	for (const struct key *key = keys; key->name != NULL && used < sizeof(all); key++)
		used += (size_t)snprintf(
			all + used, sizeof(all) - used, "%s%s", key == keys ? "" : ", ", key->name);
	if (!others)
		return refuse(reader, place, "unknown key '%.60s'; here may stand: %s", name, all);
	log_debug("%s: '%.60s' is not read; what is read here: %s", where(reader, place, text), name, all);
	return 0;
}

/* What is behind a key of ours. */
typedef int read_value_of(
	struct reader *reader, const struct key *key, struct json_place place, json_t *value);

static int read_members(struct reader *reader, const struct key *keys, struct json_place place,
	json_t *object, bool others, read_value_of *read)
{
	const char *name;
	json_t *value;
	int ret = 0;

	place = json_place_inside(place);
	json_object_foreach(object, name, value) {
		const struct key *key = find_key(keys, name);
		const struct json_place value_place = json_place_value(place);

		ret = key != NULL ? read(reader, key, value_place, value)
				  : unknown_key(reader, keys, place, name, others);
		if (ret < 0)
			break;
		place = json_place_next(value_place);
	}
	return ret;
}

static int read_top_value(
	struct reader *reader, const struct key *key, struct json_place place, json_t *value)
{
	const bool para = key->shape == SHAPE_PARA;
	int ret = 0;

	if (key->inside == NULL || !json_is_object(value))
		return read_value(reader, key, place, value);
	/* also groups of which none is there say something */
	if (!para)
		ret = take(reader, key, place, "");
	if (ret == 0)
		ret = read_members(reader, key->inside, place, value, para, read_value);
	/* one that says nothing to us was hardly meant so, and what would be open is the default list */
	if (ret == 0 && para && !has_key(key->inside, value))
		return refuse(
			reader, place, "'docker' holds neither 'network_isolation' nor 'allowed_domains'");
	return ret;
}

int policy_file_read(
	const char *path, const char *text, size_t length, struct settings *settings, struct error *error)
{
	struct reader reader = {.path = path, .settings = settings, .error = error};
	struct json_place place = json_place_end(text);
	json_error_t bad;
	json_t *root;
	int ret;

	/* jansson lets one pass behind a number or a word */
	if (place.at != text + length)
		return refuse(&reader, place, "a zero byte; the file must be text");
	place = json_place_first(text);
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &bad);
	if (root == NULL)
		return error_set(
			error, FAIL_CONFIG, EINVAL, "%.300s:%d:%d: %s", path, bad.line, bad.column, bad.text);
	settings->file = path;
	ret = json_is_object(root)
		      ? read_members(&reader, top_keys, place, root, false, read_top_value)
		      : refuse(&reader, place, "the policy is %s; it must be an object", kind(root));
	json_decref(root);
	return ret;
}

int policy_file_take(const char *path, struct settings *settings, bool *writable, struct error *error)
{
	struct trusted_file file;
	int ret = trusted_file_read("PARA_POLICY", path, BYTES_MAX, &file, error);

	if (ret == 0)
		ret = policy_file_read(path, file.text, file.length, settings, error);
	*writable = file.writable;
	free(file.text);
	return ret;
}
