/* Settings as a test says them: see the header. */
#include "tests/unit/unit.h"

#include "tests/unit/said.h"

#include <stdio.h>
#include <string.h>

void take(struct said *it, enum setting setting, const char *value)
{
	it->settings.policy = &it->policy;
	hear_begin();
	it->ret = settings_take(&it->settings, setting, setting_names[setting].variable, value, &it->error);
	it->heard = hear_end();
}

void finish(struct said *it, bool wanted)
{
	it->settings.policy = &it->policy;
	hear_begin();
	it->ret = settings_finish(&it->settings, wanted, &it->error);
	it->heard = hear_end();
}

struct said say(const struct pair *pairs, bool wanted)
{
	struct said it = {0};

	for (size_t i = 0; i < PAIRS_MAX && pairs[i].value != NULL; i++) {
		take(&it, pairs[i].setting, pairs[i].value);
		if (it.ret < 0)
			return it;
	}
	finish(&it, wanted);
	return it;
}

const char *list_text(const struct policy *policy, enum list list)
{
	static char text[4000];
	char one[ENTRY_TEXT];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < policy->list[list].n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
			entry_text(&policy->list[list].v[i], one));
	return text;
}

void must_list(const struct said *it, enum list list, const char *words, const char *row)
{
	must(it->ret == 0, "'%s': %s", row, it->error.text);
	must(strcmp(list_text(&it->policy, list), words) == 0, "'%s' is read as '%s', not '%s'", row,
		list_text(&it->policy, list), words);
}
