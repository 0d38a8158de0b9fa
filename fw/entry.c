/* Reading the entries of a list: see the header. One item between commas at a time, strictly. */
#include "fw/entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/log.h"
#include "util/number.h"

#define COMPARED_MAX 2000
#define ITEM_TEXT    300 /* the longest item: a name of 253, ":" and a port range fit well */

/* One item on its way from text to entry, and what to call it in a message. */
struct item {
	const char *variable;
	unsigned int position;
	char text[ITEM_TEXT];
	struct error *error;
};

static int refuse(const struct item *item, const char *why)
{
	return error_set(item->error, FAIL_CONFIG, EINVAL, "%s: entry %u, '%.120s': %s", item->variable,
		item->position, item->text, why);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "443" or "8000-8010" into one more range of the entry. */
static int add_ports(const struct item *item, struct entry *entry, const char *text)
{
	char low_text[12] = "";
	const char *dash = strchr(text, '-');
	size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
	uint64_t low, high;

	if (length >= sizeof(low_text))
		return refuse(item, "a port is a number from 1 to 65535, or a range such as 8000-8010");
	memcpy(low_text, text, length);
	if (number_parse(low_text, 1, 65535, &low) != 0 ||
		(dash != NULL && number_parse(dash + 1, 1, 65535, &high) != 0))
		return refuse(item, "a port is a number from 1 to 65535, or a range such as 8000-8010");
	if (dash == NULL)
		high = low;
	if (high < low)
		return refuse(item, "the range of ports runs backwards; write the lower port first");
	if (entry->n_ports == ENTRY_PORTS_MAX)
		return refuse(
			item, "more than 32 ports and ranges in one entry; use ranges, or a second entry");
	entry->ports[entry->n_ports++] = (struct port_range){(uint16_t)low, (uint16_t)high};
	return 0;
}

int entry_add_ports(const char *variable, struct entry *entry, const char *text, struct error *error)
{
	struct item item = {.variable = variable, .position = entry->position, .error = error};

	snprintf(item.text, sizeof(item.text), "%s", text);
	return add_ports(&item, entry, text);
}

/* True if the item is only a port or range of ports, which then belongs to the entry before it. */
static bool is_bare_port(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789-") == strlen(text) && *text != '-';
}

/* RFC 1123 2.1 host names, and the underscore that container names may have. */
static int check_name(const struct item *item, const char *name)
{
	size_t label = 0;
	bool numeric = true;
	const char *c;

	for (c = name; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			return refuse(item,
				"a name with letters beyond ASCII; write its A-label, as 'idn2 NAME' "
				"prints it (xn--...)");
		if (*c == '*')
			return refuse(item, "the wildcard stands only at the front, as in *.example.com");
		if (*c == '.') {
			if (label == 0)
				return refuse(item, "a name has no empty label (two dots, or one in front)");
			if (c[-1] == '-')
				return refuse(item, "a label of a name does not end with '-'");
			label = 0;
			numeric = true;
			continue;
		}
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && *c != '-' && *c != '_')
			return refuse(item, "neither a name (letters, digits, '-', '.') nor an address; "
					    "entries are separated by commas");
		if (*c == '-' && label == 0)
			return refuse(item, "a label of a name does not start with '-'");
		numeric = numeric && ((*c >= '0' && *c <= '9') || *c == '-');
		if (++label > 63)
			return refuse(item, "a label of a name has at most 63 characters");
	}
	if (label == 0 && c > name)
		return refuse(item, "a name has no empty label (two dots, or one in front)");
	if (label == 0)
		return refuse(item, "a name is missing; write example.com, 198.51.100.7 or 10.0.0.0/24");
	if (c[-1] == '-')
		return refuse(item, "a label of a name does not end with '-'");
	if (numeric)
		return refuse(item,
			"not an IPv4 address (four numbers from 0 to 255) and no name either; a port follows "
			"its host, as in HOST:PORT");
	return 0;
}

static int parse_name(const struct item *item, char *text, struct entry *entry)
{
	size_t length = strlen(text);

	entry->kind = ENTRY_NAME;
	if (starts_with(text, "*.")) {
		entry->kind = ENTRY_WILDCARD;
		text += 2;
		length -= 2;
	}
	if (length > 1 && text[length - 1] == '.')
		text[--length] = '\0';
	if (length > NAME_TEXT - 1)
		return refuse(item, "a name has at most 253 characters");
	for (char *c = text; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (check_name(item, text) != 0)
		return -EINVAL;
	memcpy(entry->name, text, length + 1);
	if (strcmp(text, "localhost") == 0 || (length > 10 && strcmp(text + length - 10, ".localhost") == 0))
		entry->kind = ENTRY_LOOPBACK;
	return 0;
}

static int parse_prefix(const struct item *item, const char *text, struct entry *entry)
{
	bool cleared;

	if (strchr(text, '%') != NULL)
		return refuse(item, "an address of an interface (with %) cannot be allowed; write a network");
	if (prefix_parse(text, &entry->prefix, &cleared) != 0)
		return refuse(item,
			"not an address or network; write 198.51.100.7, 10.0.0.0/24, 2001:db8::/32 "
			"or [2001:db8::1]:443");
	if (entry->prefix.length == 0)
		return refuse(item,
			"this covers every address; if that is meant, of what is allowed, set "
			"PARA_NETWORK_ISOLATION=false; of what is blocked, PARA_NETWORK_MODE=none; of "
			"who may come in, write the ports alone, as in 8080");
	if (prefix_kind(&entry->prefix) == ADDRESS_MAPPED)
		return refuse(item, "an IPv4 address inside IPv6; write the IPv4 address itself");
	/* shorter than /8 it would only contain the loopback network, among others */
	entry->kind = prefix_kind(&entry->prefix) == ADDRESS_LOOPBACK && entry->prefix.length >= 8
			      ? ENTRY_LOOPBACK
			      : ENTRY_PREFIX;
	if (cleared) {
		char normal[PREFIX_TEXT];

		log_info("%s: entry %u, '%s': read as the network %s", item->variable, item->position,
			item->text, prefix_text(&entry->prefix, normal));
	}
	return 0;
}

/* Splits "host:ports" and reads both; item->text itself stays whole for messages. */
static int parse_item(const struct item *item, struct entry *entry)
{
	char text[ITEM_TEXT];
	char *host = text, *ports = NULL, *colon;
	bool bracketed = false;
	int ret;

	memcpy(text, item->text, sizeof(text));
	*entry = (struct entry){.position = item->position};
	if (strstr(text, "://") != NULL)
		return refuse(
			item, "an entry is a host, not a URL; write only the name, as in example.com:443");
	if (*text == '[') {
		char *end = strchr(text, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return refuse(item, "write an IPv6 address with ports as [2001:db8::1]:443");
		bracketed = true;
		*end = '\0';
		host = text + 1;
		ports = end[1] == ':' ? end + 2 : NULL;
		if (strchr(host, ':') == NULL)
			return refuse(item, "only an IPv6 address stands in brackets");
	} else {
		colon = strchr(text, ':');
		/* more than one colon: an IPv6 address, which has no ports without brackets */
		if (colon != NULL && strchr(colon + 1, ':') == NULL) {
			*colon = '\0';
			ports = colon + 1;
		}
	}
	if (bracketed || strchr(host, ':') != NULL || strchr(host, '/') != NULL ||
		strspn(host, "0123456789.") == strlen(host))
		ret = *host == '\0' ? refuse(item, "a host is missing before the ports")
				    : parse_prefix(item, host, entry);
	else
		ret = parse_name(item, host, entry);
	if (ret == 0 && ports != NULL)
		ret = add_ports(item, entry, ports);
	return ret;
}

int entries_add(struct entries *entries, const struct entry *entry)
{
	if (entries->n == entries->room) {
		size_t room = entries->room == 0 ? 8 : entries->room * 2;
		struct entry *v = reallocarray(entries->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		entries->v = v;
		entries->room = room;
	}
	entries->v[entries->n++] = *entry;
	return 0;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && a->exact == b->exact && strcmp(a->name, b->name) == 0 &&
	       memcmp(&a->prefix, &b->prefix, sizeof(a->prefix)) == 0 && a->n_ports == b->n_ports &&
	       memcmp(a->ports, b->ports, a->n_ports * sizeof(a->ports[0])) == 0;
}

/*
 * Keeps the first of entries that say the same; those before the new ones differ already. More of them than a
 * person writes come from a program, which need not be told; comparing takes the square of their number, and
 * nothing is the worse for one that is there twice.
 */
static void drop_duplicates(const char *variable, struct entries *entries, size_t new)
{
	char text[ENTRY_TEXT];
	size_t kept = new;

	if (entries->n > COMPARED_MAX)
		return;
	for (size_t i = new; i < entries->n; i++) {
		size_t j = 0;

		while (j < kept && !same_entry(&entries->v[j], &entries->v[i]))
			j++;
		if (j == kept)
			entries->v[kept++] = entries->v[i];
		else
			log_info("%s: entry %u, '%s', is there twice: once is enough", variable,
				entries->v[i].position, entry_text(&entries->v[i], text));
	}
	entries->n = kept;
}

/* "@npm": the preset's entries, in its place. */
static int add_preset(struct item *item, struct entries *entries)
{
	const char *place;
	struct preset_line line;
	struct item own = *item;

	if (!preset_find(item->text, strlen(item->text), &place))
		return refuse(item, "no such preset; 'secure-init presets' prints all of them");
	while (preset_next(&place, &line) && !line.head) {
		struct entry entry;
		int ret;

		/* up to the first comma, and the ports after it one by one, as in any list */
		snprintf(own.text, sizeof(own.text), "%.*s", (int)strcspn(line.word, ", "), line.word);
		ret = parse_item(&own, &entry);
		for (const char *comma = line.word; ret == 0;) {
			comma += strcspn(comma, ", ");
			if (*comma++ != ',')
				break;
			snprintf(own.text, sizeof(own.text), "%.*s", (int)strcspn(comma, ", "), comma);
			ret = add_ports(&own, &entry, own.text);
		}
		snprintf(entry.preset, sizeof(entry.preset), "%.15s", item->text);
		if (ret == 0)
			ret = entries_add(entries, &entry);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int entries_parse(const char *variable, const char *list, struct entries *entries, struct error *error)
{
	struct item item = {.variable = variable, .error = error};
	const char *next = list;
	const size_t before = entries->n; /* of another list, or of this list's part before */

	while (next != NULL) {
		const char *start = next, *end = strchr(next, ',');
		struct entry entry;
		int ret;

		next = end != NULL ? end + 1 : NULL;
		if (end == NULL)
			end = start + strlen(start);
		while (start < end && is_blank(*start))
			start++;
		while (end > start && is_blank(end[-1]))
			end--;
		if (start == end)
			continue;
		item.position++;
		snprintf(item.text, sizeof(item.text), "%.*s", (int)(end - start), start);
		if ((size_t)(end - start) >= sizeof(item.text))
			return refuse(&item, "longer than any entry can be; entries are separated by commas");

		if (*item.text == '@') {
			ret = add_preset(&item, entries);
		} else if (is_bare_port(item.text)) {
			if (entries->n == before || entries->v[entries->n - 1].n_ports == 0 ||
				entries->v[entries->n - 1].preset[0] != '\0')
				return refuse(&item, "a port by itself, after no entry with ports; "
						     "write HOST:PORT");
			ret = add_ports(&item, &entries->v[entries->n - 1], item.text);
		} else {
			ret = parse_item(&item, &entry);
			if (ret == 0)
				ret = entries_add(entries, &entry);
		}
		if (ret == -ENOMEM)
			return error_set(
				error, FAIL_SYSTEM, ENOMEM, "out of memory while reading %s", variable);
		if (ret < 0)
			return ret;
	}
	drop_duplicates(variable, entries, before);
	return 0;
}

void entries_free(struct entries *entries)
{
	free(entries->v);
	*entries = (struct entries){0};
}

const char *entry_text(const struct entry *entry, char text[ENTRY_TEXT])
{
	char address[PREFIX_TEXT];
	bool brackets;
	int used;

	if (entry->name[0] == '\0') {
		brackets = entry->prefix.family == AF_INET6 && entry->n_ports > 0;
		used = snprintf(
			text, ENTRY_TEXT, brackets ? "[%s]" : "%s", prefix_text(&entry->prefix, address));
	} else {
		used = snprintf(
			text, ENTRY_TEXT, "%s%s", entry->kind == ENTRY_WILDCARD ? "*." : "", entry->name);
	}
	for (unsigned int i = 0; i < entry->n_ports; i++) {
		const struct port_range *range = &entry->ports[i];

		used += snprintf(
			text + used, (size_t)(ENTRY_TEXT - used), "%c%u", i == 0 ? ':' : ',', range->low);
		if (range->high != range->low)
			used += snprintf(text + used, (size_t)(ENTRY_TEXT - used), "-%u", range->high);
	}
	return text;
}
