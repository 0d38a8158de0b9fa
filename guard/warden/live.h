/*
 * Live changes of the lists, on behalf of somebody who has proved that he may (guard/warden/control.h): the
 * entry is taken up or off, kernel and resolver follow, and what is no longer allowed ends.
 */
#ifndef GUARD_WARDEN_LIVE_H
#define GUARD_WARDEN_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/warden/outbox.h"
#include "guard/warden/ward.h"

/* Entries that live changes can add. */
#define LIVE_ENTRIES_MAX 1024

/* What to say of a change that was made, in words for a person. */
#define LIVE_TEXT 400

/* All of them: entry and policy are from elsewhere, and valid (guard/warden/valid.h). Return 0 with text, or
 * -errno with *error filled and nothing changed. */

/*
 * Puts the entry on the allowed list, for seconds or (0) for good. *wait: it is a name, whose addresses are
 * only now asked for; until live_addresses has some, nothing is open, and live_take_back takes it off again.
 */
int live_allow(struct ward *ward, struct outbox *outbox, const struct entry *entry, uint32_t seconds,
	bool *wait, char text[LIVE_TEXT], struct error *error);

/* Takes off the allowed list exactly this entry, with its ports, which live_allow put there. */
void live_take_back(struct ward *ward, struct outbox *outbox, const struct entry *entry);

/*
 * Takes the entry off the allowed list; without ports, whatever ports it has there. Where what is on no list
 * is sent, it goes on the blocked one.
 */
int live_deny(struct ward *ward, struct outbox *outbox, const struct entry *entry, char text[LIVE_TEXT],
	struct error *error);

/*
 * Puts a whole policy in place of the one that is there; live changes are gone by it. At every moment what is
 * open is open by the one or the other. Takes next's entries, and leaves it without. A failure may leave the
 * network closed until the watch (guard/warden/tamper.h) can put next in place.
 */
int live_reload(struct ward *ward, struct outbox *outbox, struct policy *next, char text[LIVE_TEXT],
	struct error *error);

/* Takes off the entries whose time is over. */
void live_end_due(struct ward *ward, struct outbox *outbox, int64_t now);

/* How many addresses the allowed list's entry has by DNS. */
size_t live_addresses(const struct ward *ward, const struct entry *entry);

#endif
