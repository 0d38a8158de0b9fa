/*
 * The settings of the policy, whether they come from the environment or from a policy file: what each is
 * called in either, and how its words are read. Lists add up; of everything else the first that is taken
 * counts, and the environment is taken first.
 */
#ifndef INIT_SETTINGS_H
#define INIT_SETTINGS_H

#include <stdbool.h>

#include "fw/policy.h"
#include "util/error.h"

enum setting {
	SETTING_ISOLATION,
	SETTING_MODE,
	SETTING_PROFILE,
	SETTING_ALLOW,
	SETTING_BLOCK,
	SETTING_PROXY,
	SETTING_DNS,
	SETTING_SSH,
	SETTING_HOST,
	SETTING_INBOUND,
	SETTING_GUARD,
	SETTING_NAMES,
	SETTING_CONNECTIONS,
	SETTING_BYTES,
	SETTINGS
};

struct setting_name {
	const char *variable; /* in the environment */
	const char *key;      /* in a policy file */
	bool list;	      /* holds entries */
};

extern const struct setting_name setting_names[SETTINGS];

/* {0}, and .policy. */
struct settings {
	struct policy *policy;
	const char *file;	    /* the policy file that is being read, or was; NULL: none */
	const char *said[SETTINGS]; /* the variable's value, or the file's name; NULL: nothing was said */
	bool isolated;
	bool host_none; /* "none" was the first that was said of the host */
	bool ends;	/* nothing of us stays beside the agent, so that there can be no guard */
};

/* subnet, gateway, none: what a host setting may be that is no list of entries. Ends with NULL. */
extern const char *const setting_host_words[];

/* The same of the inbound setting: none. */
extern const char *const setting_inbound_words[];

/*
 * Takes one setting's value; of a list also a part of it, again and again. label is where it stands, for
 * messages. A variable's value is kept; of a file's nothing is. Returns 0 or -errno with *error filled.
 */
int settings_take(struct settings *settings, enum setting setting, const char *label, const char *value,
	struct error *error);

/*
 * All was taken: decides whether the network is isolated (wanted: somebody asked for it by what he started),
 * fills in defaults, and checks the whole. Returns 0 or -errno with *error filled.
 */
int settings_finish(struct settings *settings, bool wanted, struct error *error);

/* The place of text in a list of words that ends with NULL, in any case of letters, or -1. */
int settings_word(const char *const *words, const char *text);

/* True if one of a comma list's items is one of the words, which mean something only by themselves. */
bool settings_has_word(const char *list, const char *const *words);

/* Reads true or false (also 1/0, yes/no, on/off). Returns 0 or -EINVAL with *error filled. */
int settings_switch(const char *label, const char *text, bool *value, struct error *error);

/* Refuses a value: "LABEL is 'VALUE'; it must be RIGHT". Returns -EINVAL. */
int settings_refuse(const char *label, const char *value, const char *right, struct error *error);

#endif
