/* Bounds and bytes: see the header. */
#include "guard/warden/valid.h"

#include <string.h>

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool valid_name(const char *name, size_t size)
{
	const size_t length = strnlen(name, size);
	size_t label = 0;

	if (length == 0 || length == size || length > NAME_TEXT - 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '.' && label == 0)
			return false;
		if (name[i] != '.' && (!is_name_byte(name[i]) || label == LABEL_MAX))
			return false;
		label = name[i] == '.' ? 0 : label + 1;
	}
	return label > 0;
}

bool valid_address(const struct prefix *address)
{
	return prefix_valid(address) && prefix_is_address(address);
}

static bool valid_ports(const struct entry *entry)
{
	if (entry->n_ports > ENTRY_PORTS_MAX)
		return false;
	for (unsigned int i = 0; i < entry->n_ports; i++)
		if (entry->ports[i].low == 0 || entry->ports[i].low > entry->ports[i].high)
			return false;
	return true;
}

/* "" or '@' and a word. */
static bool valid_preset(const char preset[PRESET_NAME])
{
	const size_t length = strnlen(preset, PRESET_NAME);

	if (length == PRESET_NAME || (length > 0 && preset[0] != '@'))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!is_name_byte(preset[i]))
			return false;
	return true;
}

/* A network that may be listed. */
static bool valid_network(const struct entry *entry)
{
	return entry->name[0] == '\0' && prefix_valid(&entry->prefix) && entry->prefix.length > 0 &&
	       prefix_kind(&entry->prefix) != ADDRESS_MAPPED;
}

bool valid_entry(const struct entry *entry)
{
	static const struct prefix none;
	uint8_t exact;
	bool named;

	/* any byte but 0 and 1 is no bool, and must not be read as one */
	memcpy(&exact, &entry->exact, sizeof(exact));
	if (exact > 1 || !valid_ports(entry) || !valid_preset(entry->preset))
		return false;
	named = valid_name(entry->name, sizeof(entry->name)) &&
		memcmp(&entry->prefix, &none, sizeof(none)) == 0;
	switch (entry->kind) {
	case ENTRY_NAME:
	case ENTRY_WILDCARD:
		return named;
	case ENTRY_PREFIX:
		return valid_network(entry);
	case ENTRY_LOOPBACK:
		return named || valid_network(entry);
	default:
		return false;
	}
}
