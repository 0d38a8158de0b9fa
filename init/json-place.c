/* Walking over JSON text (RFC 8259): see the header. */
#include "init/json-place.h"

#include <string.h>

static void step(struct json_place *place)
{
	const unsigned char c = (unsigned char)*place->at;

	if (c == '\0')
		return;
	place->at++;
	if (c == '\n') {
		place->line++;
		place->column = 1;
	} else if ((c & 0xC0) != 0x80) { /* all bytes of a character but its first are 10xxxxxx (RFC 3629) */
		place->column++;
	}
}

static void skip_blanks(struct json_place *place)
{
	while (*place->at != '\0' && strchr(" \t\n\r", *place->at) != NULL)
		step(place);
}

static void skip_string(struct json_place *place)
{
	step(place);
	while (*place->at != '\0' && *place->at != '"') {
		if (*place->at == '\\')
			step(place);
		step(place);
	}
	step(place);
}

/* A number, true, false, null: up to what cannot be part of one. */
static void skip_word(struct json_place *place)
{
	while (*place->at != '\0' && strchr(" \t\n\r,:]}", *place->at) == NULL)
		step(place);
}

static void skip_value(struct json_place *place)
{
	unsigned int depth = 0;

	do {
		switch (*place->at) {
		case '"':
			skip_string(place);
			break;
		case '{':
		case '[':
			depth++;
			step(place);
			break;
		case '}':
		case ']':
			depth--;
			step(place);
			break;
		case ',':
		case ':':
			step(place);
			break;
		default:
			skip_word(place);
		}
		if (depth > 0)
			skip_blanks(place);
	} while (depth > 0 && *place->at != '\0');
}

struct json_place json_place_end(const char *text)
{
	struct json_place place = {text, 1, 1};

	while (*place.at != '\0')
		step(&place);
	return place;
}

struct json_place json_place_first(const char *text)
{
	struct json_place place = {text, 1, 1};

	skip_blanks(&place);
	return place;
}

struct json_place json_place_inside(struct json_place place)
{
	step(&place);
	skip_blanks(&place);
	return place;
}

struct json_place json_place_value(struct json_place name)
{
	skip_string(&name);
	skip_blanks(&name);
	step(&name); /* ':' */
	skip_blanks(&name);
	return name;
}

struct json_place json_place_next(struct json_place value)
{
	skip_value(&value);
	skip_blanks(&value);
	if (*value.at == ',')
		step(&value);
	skip_blanks(&value);
	return value;
}
