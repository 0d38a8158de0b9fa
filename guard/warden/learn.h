/*
 * What the unprivileged processes say they learnt, judged again and put into the ward: names' addresses by
 * the resolver, GitHub's ranges by the fetcher. A process that was taken over can open no more by it than the
 * policy lets DNS open.
 */
#ifndef GUARD_WARDEN_LEARN_H
#define GUARD_WARDEN_LEARN_H

#include "guard/message.h"
#include "guard/warden/ward.h"

/*
 * MESSAGE_LEARN: lends the addresses to every list and entry whose name it is. Returns the status of its
 * answer: 0, -EBADMSG for what is no name or no address, -EPERM if no list speaks of the name, -EADDRNOTAVAIL
 * if one of the addresses is none that DNS may open, -ENOSPC if the table or a set is full; the other
 * addresses are lent all the same.
 */
int learn_name(struct ward *ward, const struct message *message);

/* MESSAGE_KEEP: what a name (not one below a wildcard) is lent of these families, it has for so long at
 * least. */
void learn_keep(struct ward *ward, const struct message *message);

/* The ranges that the fetcher has sent so far. {0} is none; prefixes_free gives them back. */
struct learn_ranges {
	struct prefixes v;
	bool refused; /* something of them cannot be right */
};

/* MESSAGE_RANGE: adds to them. MESSAGE_RANGES_DONE: judges all, and puts them in place of the old.
 * MESSAGE_RANGES_FAILED: forgets them; the old ones stay. */
void learn_range(struct learn_ranges *ranges, const struct message *message);
void learn_ranges_done(struct ward *ward, struct learn_ranges *ranges);
void learn_ranges_failed(struct learn_ranges *ranges, const struct message *message);

#endif
