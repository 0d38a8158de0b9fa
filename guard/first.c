/* Contents and leases of a start: see the header. */
#include "guard/first.h"

#include <errno.h>
#include <stdlib.h>

#include "fw/allow.h"
#include "guard/warden/leases.h"
#include "util/clock.h"
#include "verify/lent.h"

struct holding {
	struct contents contents[LISTS];
	struct leases_out leases[LISTS];
};

static void holding_free(struct holding *holding)
{
	lists_free(holding->contents);
	for (int list = 0; list < LISTS; list++)
		leases_out_free(&holding->leases[list]);
}

/* What is lent of each list, beside what stands for good. */
static int lend(const struct first *first, struct holding *holding)
{
	const int64_t now = clock_ms();
	struct leases *table = calloc(1, sizeof(*table));
	struct lists lists = {0};
	int ret = table == NULL ? -ENOMEM : lists_take(&lists, first->policy);

	if (ret == 0)
		ret = leases_begin(table, &lists, first->lookup, now);
	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = leases_all(table, &lists, &holding->contents[list], (enum list)list, now,
			&holding->leases[list]);
	if (table != NULL)
		leases_free(table);
	free(table);
	lists_end(&lists);
	return ret;
}

static int work_out(const struct first *first, struct holding *holding, struct error *error)
{
	int ret = 0;

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = allow_list(first->policy, &first->policy->list[list], first->lookup, first->ranges,
			&holding->contents[list], error);
	if (ret < 0 || !first->policy->guarded)
		return ret;
	ret = lend(first, holding);
	if (ret == -ENOSPC)
		return error_set(error, FAIL_CONFIG, E2BIG,
			"the names of the lists have more than %d addresses in all; leave some of them out",
			LEASES_MAX);
	return ret < 0 ? error_set(error, FAIL_SYSTEM, -ret, "out of memory for the names' addresses") : 0;
}

int first_open(struct firewall *firewall, const struct first *first, struct error *error)
{
	struct holding holding = {0};
	int ret = work_out(first, &holding, error);

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = firewall_refill(firewall, (enum list)list, REFILL_MORE, &holding.contents[list],
			holding.leases[list].v, holding.leases[list].n, error);
	holding_free(&holding);
	return ret;
}

int first_verify(struct firewall *firewall, const struct first *first, const struct ruleset *ruleset,
	struct error *error)
{
	struct holding holding = {0};
	int ret = work_out(first, &holding, error);

	for (int list = 0; list < LISTS && ret == 0; list++)
		ret = verify_lent(&firewall->netlink, ruleset, (enum list)list, &holding.contents[list],
			holding.leases[list].v, holding.leases[list].n, error);
	holding_free(&holding);
	return ret;
}
