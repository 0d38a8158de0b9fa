/* The presets: named, versioned lists of entries in fw/presets.txt, which is compiled in. */
#ifndef FW_PRESET_H
#define FW_PRESET_H

#include <stdbool.h>
#include <stddef.h>

#define PRESET_NAME 16

/* One line of the file: the head of a preset, or one of its entries. Pointers into the compiled-in text. */
struct preset_line {
	bool head;
	const char *word; /* "@npm", or the entry */
	size_t word_length;
	const char *rest; /* version and purpose, or the reason */
	size_t rest_length;
};

/*
 * The next line of presets.txt that says something: *place is NULL for the first and is moved. False at the
 * end.
 */
bool preset_next(const char **place, struct preset_line *line);

/* Moves *place to the first entry of a preset, "@npm" in any case of letters. False if there is none. */
bool preset_find(const char *name, size_t length, const char **place);

#endif
