/* Reading presets.txt, which is our own and therefore right. */
#include "fw/preset.h"

#include <string.h>
#include <strings.h>

/* fw/embed.S */
extern const char presets_text[], presets_text_end[];

bool preset_next(const char **place, struct preset_line *line)
{
	const char *at = *place == NULL ? presets_text : *place;

	while (at < presets_text_end) {
		const char *end = memchr(at, '\n', (size_t)(presets_text_end - at));
		const char *word = at;

		if (end == NULL)
			end = presets_text_end;
		at = end < presets_text_end ? end + 1 : end;
		if (word == end || *word == '#')
			continue;
		*line = (struct preset_line){.head = *word == '@', .word = word};
		while (word + line->word_length < end && word[line->word_length] != ' ')
			line->word_length++;
		line->rest = word + line->word_length;
		while (line->rest < end && *line->rest == ' ')
			line->rest++;
		line->rest_length = (size_t)(end - line->rest);
		*place = at;
		return true;
	}
	return false;
}

bool preset_find(const char *name, size_t length, const char **place)
{
	struct preset_line line;

	*place = NULL;
	while (preset_next(place, &line))
		if (line.head && line.word_length == length && strncasecmp(line.word, name, length) == 0)
			return true;
	return false;
}
