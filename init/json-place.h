/*
 * Where a value stands in JSON text. jansson keeps no positions, so these walk the text beside its tree, in
 * the same order (json_object_foreach(3) goes by the order of the text). Only for text that jansson has
 * accepted: nothing is checked a second time, but no walk leaves the text either, which ends with a NUL.
 */
#ifndef INIT_JSON_PLACE_H
#define INIT_JSON_PLACE_H

struct json_place {
	const char *at;
	unsigned int line, column; /* from 1; columns are characters, not bytes */
};

/* The end of the text, which is its first zero byte. */
struct json_place json_place_end(const char *text);

/* The outermost value. */
struct json_place json_place_first(const char *text);

/* In an object the name of its first member, in a list the first item; where it is empty, its end. */
struct json_place json_place_inside(struct json_place place);

/* From a member's name to its value. */
struct json_place json_place_value(struct json_place name);

/* From a member's value to the next one's name, from an item to the next one. */
struct json_place json_place_next(struct json_place value);

#endif
