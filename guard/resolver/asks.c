#include "guard/resolver/asks.h"

#include <stdlib.h>

struct ask *asks_find(struct asks *asks, const struct dns_question *question, bool dnssec)
{
	struct ask *ask = asks->buckets[question->hash % ASK_BUCKETS];

	while (ask != NULL && (ask->closing || ask->question.hash != question->hash ||
				      ask->question.type != question->type || ask->dnssec != dnssec ||
				      !dns_same_name(&ask->question.name, &question->name)))
		ask = ask->next;
	return ask;
}

static struct ask *take_free(struct asks *asks)
{
	struct ask *ask = asks->free;

	if (ask != NULL)
		asks->free = ask->next;
	else if (asks->fresh < ASKS_MAX)
		ask = &asks->v[asks->fresh++];
	return ask;
}

struct ask *asks_add(struct asks *asks, const struct dns_question *question, bool dnssec, bool own)
{
	struct ask *ask = asks->n < ASKS_MAX - (own ? 0 : ASKS_KEPT) ? take_free(asks) : NULL;
	struct ask **bucket = &asks->buckets[question->hash % ASK_BUCKETS];

	if (ask == NULL)
		return NULL;
	asks->n++;
	*ask = (struct ask){.next = *bucket,
		.question = *question,
		.dnssec = dnssec,
		.own = own,
		.state = ASK_UDP,
		.fd = -1};
	*bucket = ask;
	return ask;
}

static struct asker *take_free_asker(struct asks *asks)
{
	struct asker *asker = asks->free_askers;

	if (asker != NULL)
		asks->free_askers = asker->next;
	else if (asks->fresh_askers < ASKERS_MAX)
		asker = &asks->askers[asks->fresh_askers++];
	return asker;
}

bool asks_join(struct asks *asks, struct ask *ask, const struct peer *peer, const struct dns_asked *asked)
{
	const bool own = peer->kind == PEER_REFRESH;
	struct asker *asker;

	for (asker = ask->askers; asker != NULL; asker = asker->next)
		if (peer->kind != PEER_TCP && clients_same_peer(&asker->peer, peer) &&
			asker->asked.id == asked->id)
			return true;
	if (!own && (ask->n_askers >= ASKERS_OF_ONE_MAX || asks->n_askers >= ASKERS_MAX - ASKS_KEPT))
		return false;
	asker = take_free_asker(asks);
	if (asker == NULL)
		return false;
	ask->own = ask->own || own;
	asks->n_askers++;
	*asker = (struct asker){.next = ask->askers, .peer = *peer, .asked = *asked};
	ask->askers = asker;
	ask->n_askers++;
	return true;
}

void asks_remove(struct asks *asks, struct ask *ask)
{
	struct ask **link = &asks->buckets[ask->question.hash % ASK_BUCKETS];

	while (*link != ask)
		link = &(*link)->next;
	*link = ask->next;
	while (ask->askers != NULL) {
		struct asker *asker = ask->askers;

		ask->askers = asker->next;
		asker->next = asks->free_askers;
		asks->free_askers = asker;
		asks->n_askers--;
	}
	free(ask->answer);
	ask->answer = NULL;
	ask->state = ASK_FREE;
	ask->next = asks->free;
	asks->free = ask;
	asks->n--;
}

struct ask *asks_at(struct asks *asks, unsigned int place)
{
	return place < asks->fresh && asks->v[place].state != ASK_FREE ? &asks->v[place] : NULL;
}

unsigned int asks_place(const struct asks *asks, const struct ask *ask)
{
	return (unsigned int)(ask - asks->v);
}
