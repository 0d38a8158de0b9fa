/* The record, as far as the resolver's tests need it: with AUDIT set in the environment, a line a call. */
#include "guard/audit/audit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct audit {
	bool says;
};

int audit_open(const struct guard_settings *settings, struct audit **audit, struct error *error)
{
	(void)settings;
	(void)error;
	*audit = calloc(1, sizeof(**audit));
	if (*audit == NULL)
		abort();
	(*audit)->says = getenv("AUDIT") != NULL;
	return 0;
}

void audit_free(struct audit *audit)
{
	free(audit);
}

int audit_fd(const struct audit *audit)
{
	(void)audit;
	return -1;
}

void audit_read(struct audit *audit)
{
	(void)audit;
}

void audit_name(struct audit *audit, const struct prefix *address, const char *name)
{
	char text[PREFIX_TEXT];

	if (audit->says)
		printf("NAME %s %s\n", name, prefix_text(address, text));
}

void audit_question(
	struct audit *audit, const char *name, uint16_t type, enum name_verdict verdict, bool refused)
{
	if (audit->says)
		printf("QUESTION %s %u %d %s\n", name, type, (int)verdict, refused ? "refused" : "answered");
}

void audit_tick(struct audit *audit)
{
	(void)audit;
}

void audit_end(struct audit *audit)
{
	(void)audit;
}
