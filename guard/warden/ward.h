/*
 * What the warden guards: the lists, what is lent, what stands for good, and the rules that follow; and the
 * way from there into the kernel. The kernel's sets and rules always follow what stands here.
 */
#ifndef GUARD_WARDEN_WARD_H
#define GUARD_WARDEN_WARD_H

#include <stdbool.h>
#include <stdint.h>

#include "fw/policy-rules.h"
#include "guard/guard.h"
#include "guard/warden/leases.h"
#include "guard/warden/lists.h"
#include "util/error.h"

struct ward {
	const struct guard_start *start;
	struct lists lists;
	struct leases leases;
	struct contents contents[LISTS]; /* what stands for good, settled */
	struct prefixes ranges;		 /* of GitHub */
	struct ruleset ruleset;
	struct ruleset closed; /* what stands in its place as long as that failed; n is 0: nothing does */
	struct detour detour;  /* what is meant, and what of its quota is used */
	bool blocked_anew;     /* an address was put on the blocked list, which may have connections */
};

/*
 * Takes over what the start left: its policy, its answers of DNS, its rules; and fills the sets anew, so that
 * their times are those of the table. Returns 0 or -errno with *error filled; the caller frees either way.
 */
int ward_begin(struct ward *ward, const struct guard_start *start, struct error *error);
void ward_end(struct ward *ward);

/*
 * What a list holds for good, for these lists; entries that go by themselves are lent. The caller frees
 * contents. Returns 0 or -errno with *error filled.
 */
int ward_contents(const struct ward *ward, const struct lists *lists, enum list list,
	const struct prefixes *ranges, struct contents *contents, struct error *error);

/*
 * Whether the sets of a list have room for these contents and what is lent beside them. Returns 0, -E2BIG or
 * -ENOMEM with *error filled.
 */
int ward_room(const struct leases *leases, const struct lists *lists, const struct contents *contents,
	enum list list, struct error *error);

/* Fills the sets of a list with what is meant. Returns 0 or -errno with *error filled. */
int ward_refill(struct ward *ward, enum list list, enum refill refill, struct error *error);

/*
 * After a change of a list: works out what stands for good, puts the rules in place if they are others now,
 * and fills the sets. If what stands for good cannot be, nothing is changed. Returns 0 or -errno with *error
 * filled.
 */
int ward_follow(struct ward *ward, enum list list, enum refill refill, struct error *error);

/*
 * Puts the rules and the detour in the place of those that stand, and the sets that they ask, new ones empty.
 * Connections live on. Returns 0 or -errno with *error filled.
 */
int ward_commit(
	struct ward *ward, const struct ruleset *ruleset, const struct detour *detour, struct error *error);

/* The rules of these lists. Returns 0 or -errno with *error filled. */
int ward_rules(const struct ward *ward, const struct lists *lists, enum stage stage, struct ruleset *ruleset,
	struct error *error);

/* Compares the sets of all lists with what is meant. Returns 0, or -errno with *error saying the difference.
 */
int ward_verify_sets(struct ward *ward, struct error *error);

/* Compares the two tables of rules, and the detour's. The same. */
int ward_verify_rules(struct ward *ward, struct error *error);

/*
 * Puts all of it into the kernel again, whatever stands there: closed first, open when the sets are filled. A
 * failure leaves it closed, if it came that far. Returns 0 or -errno with *error filled.
 */
int ward_repair(struct ward *ward, struct error *error);

#endif
