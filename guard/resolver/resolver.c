/*
 * The resolver: what becomes of a question and of its answer. The parts that it joins know nothing of each
 * other: clients (guard/resolver/clients.h), servers (guard/resolver/upstream.h), the cache, the warden
 * (guard/resolver/teach.h), the names that are asked for again (guard/resolver/refresh.h). See the header.
 */
#include "guard/resolver/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/match.h"
#include "guard/resolver/cache.h"
#include "guard/resolver/clients.h"
#include "guard/resolver/teach.h"
#include "guard/resolver/limits.h"
#include "guard/resolver/loop.h"
#include "guard/resolver/own-policy.h"
#include "guard/resolver/refresh.h"
#include "guard/resolver/upstream.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/random.h"

/* With what else the process needs, below 1 MiB. */
#define CACHE_BYTES ((size_t)256 * 1024)

/* Between two looks at what takes too long, while something is under way, and while nothing is. */
#define BUSY_MS 50
#define IDLE_MS 1000

struct resolver {
	struct loop loop;
	struct random random;
	uint64_t seed;
	int64_t now_ms;
	struct policy policy;
	unsigned int policy_number;
	struct resolv resolv;
	struct audit *audit;
	struct cache *cache;
	struct clients *clients;
	struct upstream *upstream;
	struct teach teach;
	struct refresh *refresh;
	struct watch lifeline_watch, audit_watch;
	int lifeline;
	bool ended;
	int64_t tick_ms, second_ms;
	struct bucket unlisted;
	struct limited too_many, busy, unusable;
};

/* In a block list's mode the network is open, and DNS gives away nothing more. */
static bool is_open(const struct resolver *resolver)
{
	return policy_sends(&resolver->policy);
}

static enum name_verdict verdict_of(const struct resolver *resolver, const char *name, bool odd)
{
	const enum name_verdict verdict = match_name(&resolver->policy, &resolver->resolv, name);

	/* below a wildcard, but no name of a host */
	return odd && verdict == NAME_ALLOWED ? NAME_UNLISTED : verdict;
}

static bool is_refused(const struct resolver *resolver, enum name_verdict verdict)
{
	return verdict == NAME_BLOCKED ||
	       (verdict == NAME_UNLISTED && resolver->policy.filter && !is_open(resolver));
}

static void reply_status(struct resolver *resolver, const struct peer *peer,
	const struct dns_question *question, const struct dns_asked *asked, enum dns_rcode rcode,
	enum dns_extended extended, const char *words)
{
	uint8_t *out = clients_room(resolver->clients, peer);

	clients_send(resolver->clients, peer, dns_write_status(question, asked, rcode, extended, words, out));
}

static void reply_answer(struct resolver *resolver, const struct peer *peer, const struct dns_asked *asked,
	const struct answer_view *answer, uint32_t age)
{
	uint8_t *out = clients_room(resolver->clients, peer);
	const size_t limit = peer->kind == PEER_TCP ? DNS_MESSAGE : asked->limit;

	clients_send(resolver->clients, peer, answer_reply(answer, asked, age, limit, out));
}

/* The name is answered without asking anybody, and with no record. */
static void reply_refusal(struct resolver *resolver, const struct peer *peer, const struct dns_query *query,
	enum name_verdict verdict)
{
	if (verdict == NAME_BLOCKED)
		reply_status(resolver, peer, &query->question, &query->asked, DNS_REFUSED, DNS_EDE_BLOCKED,
			"secure-init: the name is blocked");
	else
		reply_status(resolver, peer, &query->question, &query->asked, DNS_REFUSED, DNS_EDE_FILTERED,
			"secure-init: the name is not allowed");
}

/* Asks the servers, or joins a question that is under way. Returns 0, -EBUSY, or -EDQUOT: no more of the
 * unlisted. */
static int ask(struct resolver *resolver, const struct dns_query *query, const struct peer *peer,
	enum name_verdict verdict)
{
	struct asks *asks = upstream_asks(resolver->upstream);
	struct ask *ask = asks_find(asks, &query->question, query->asked.dnssec);

	if (ask != NULL && ask->policy == resolver->policy_number)
		return asks_join(asks, ask, peer, &query->asked) ? 0 : -EBUSY;
	if (verdict == NAME_UNLISTED && !is_open(resolver) &&
		!bucket_take(&resolver->unlisted, resolver->now_ms))
		return -EDQUOT;
	ask = ask_new(resolver->upstream, &query->question, query->asked.dnssec, peer->kind == PEER_REFRESH);
	if (ask == NULL)
		return -EBUSY;
	ask->policy = resolver->policy_number;
	ask->verdict = (uint8_t)verdict;
	if (!asks_join(asks, ask, peer, &query->asked)) {
		ask_end(ask);
		return -EBUSY;
	}
	ask_start(ask);
	return 0;
}

static void ask_for_client(struct resolver *resolver, const struct dns_query *query, const struct peer *peer,
	enum name_verdict verdict)
{
	const int ret = ask(resolver, query, peer, verdict);
	char more[MORE_TEXT];

	if (ret == -EDQUOT) {
		if (may_warn(&resolver->too_many, resolver->now_ms, more))
			log_warn("DNS questions for names on no list are refused: more than %d a second%s",
				UNLISTED_PER_SECOND, more);
		reply_status(resolver, peer, &query->question, &query->asked, DNS_REFUSED, DNS_EDE_OTHER,
			"secure-init: too many questions for names that are not allowed");
	} else if (ret < 0) {
		if (may_warn(&resolver->busy, resolver->now_ms, more))
			log_warn("DNS questions are not answered: too many are under way%s", more);
		reply_status(resolver, peer, &query->question, &query->asked, DNS_SERVFAIL, DNS_EDE_OTHER,
			"secure-init: too many questions are under way");
	}
}

/* A question that the cache has no answer to. */
static void decide(struct resolver *resolver, const struct dns_query *query, const struct peer *peer,
	const char *name, bool odd)
{
	const enum name_verdict verdict = verdict_of(resolver, name, odd);
	const bool refused = is_refused(resolver, verdict);

	audit_question(resolver->audit, name, query->question.type, verdict, refused);
	if (refused)
		reply_refusal(resolver, peer, query, verdict);
	else if (verdict == NAME_VAIN)
		reply_status(
			resolver, peer, &query->question, &query->asked, DNS_NXDOMAIN, DNS_EDE_NONE, NULL);
	else
		ask_for_client(resolver, query, peer, verdict);
}

static void client_asked(void *owner, const uint8_t *message, size_t size, const struct peer *peer)
{
	struct resolver *resolver = owner;
	struct dns_query query;
	struct cache_key key = {.question = &query.question};
	struct cache_found found;
	char name[DNS_TEXT];
	bool odd;
	int ret = dns_read_query(message, size, resolver->seed, &query);

	if (ret == 0 && dns_name_text(&query.question.name, name, &odd) < 0)
		ret = DNS_FORMERR;
	if (ret < 0) {
		clients_send(resolver->clients, peer, 0);
		return;
	}
	if (ret > 0) {
		reply_status(resolver, peer, &query.question, &query.asked, (enum dns_rcode)ret, DNS_EDE_NONE,
			NULL);
		return;
	}
	key.dnssec = query.asked.dnssec;
	if (resolver->policy.dns != DNS_RESOLVERS) {
		/* it asks for the names of the lists alone; nothing leads here, but loopback is open */
		audit_question(resolver->audit, name, query.question.type, NAME_UNLISTED, true);
		reply_refusal(resolver, peer, &query, NAME_UNLISTED);
	} else if (cache_find(resolver->cache, &key, resolver->now_ms, &found)) {
		audit_question(resolver->audit, name, query.question.type, found.verdict, false);
		reply_answer(resolver, peer, &query.asked, &found.answer, found.age);
	} else if (strcmp(name, RESOLVER_PROOF_NAME) == 0) {
		clients_send(resolver->clients, peer,
			dns_write_proof(&query, RESOLVER_PROOF_TEXT, clients_room(resolver->clients, peer)));
	} else {
		decide(resolver, &query, peer, name, odd);
	}
}

/* The question with its name in lower case, as clients and the cache have it. */
static struct dns_question lower_question(const struct ask *ask)
{
	struct dns_question question = ask->question;

	for (size_t i = 0; i < question.name.length; i++)
		question.name.wire[i] = dns_lower(question.name.wire[i]);
	return question;
}

/* Gives all that wait a status, and forgets the question. */
static void give_status(struct resolver *resolver, struct ask *ask, enum dns_extended extended,
	const char *words, enum refresh_outcome outcome)
{
	const struct dns_question question = lower_question(ask);

	ask->closing = true;
	for (const struct asker *asker = ask->askers; asker != NULL; asker = asker->next)
		if (asker->peer.kind == PEER_REFRESH)
			refresh_done(resolver->refresh, &asker->peer, outcome, 0);
		else
			reply_status(resolver, &asker->peer, &question, &asker->asked, DNS_SERVFAIL, extended,
				words);
	ask_end(ask);
}

/* Gives all that wait the answer, keeps it, and forgets the question. */
static void give_answer(struct resolver *resolver, struct ask *ask)
{
	const struct dns_question question = lower_question(ask);
	const struct answer *answer = ask->answer;
	const struct answer_view view = answer_view(answer);
	const struct cache_key key = {.question = &question, .dnssec = ask->dnssec};
	char name[DNS_TEXT];
	bool odd;

	ask->closing = true;
	if (ask->verdict != NAME_BLOCKED && ask->policy == resolver->policy_number)
		cache_put(resolver->cache, &key, answer, (enum name_verdict)ask->verdict, resolver->now_ms);
	if (answer->n_addresses > 0 && dns_name_text(&question.name, name, &odd) == 0)
		for (unsigned int i = 0; i < answer->n_addresses; i++)
			audit_name(resolver->audit, &answer_addresses(answer)[i], name);
	for (const struct asker *asker = ask->askers; asker != NULL; asker = asker->next)
		if (asker->peer.kind == PEER_REFRESH)
			refresh_done(resolver->refresh, &asker->peer,
				answer->n_addresses > 0 ? REFRESH_FOUND : REFRESH_NOTHING, answer->seconds);
		else
			reply_answer(resolver, &asker->peer, &asker->asked, &view, 0);
	ask_end(ask);
}

/* True if the answer of a name that is to be opened holds an address that nobody can mean; says so. */
static bool is_unusable(struct resolver *resolver, const struct ask *ask)
{
	const struct answer *answer = ask->answer;
	char name[DNS_TEXT], text[PREFIX_TEXT];
	char more[MORE_TEXT];
	bool odd;

	for (unsigned int i = 0; i < answer->n_addresses; i++) {
		const struct prefix *address = &answer_addresses(answer)[i];
		const struct prefix reached = prefix_reached(address);
		const enum address_kind kind = prefix_kind(&reached);

		if (!address_unusable(kind))
			continue;
		if (dns_name_text(&ask->question.name, name, &odd) == 0 &&
			may_warn(&resolver->unusable, resolver->now_ms, more))
			log_warn("%s: DNS answers with the %s address %s, which cannot be meant; the answer "
				 "is "
				 "withheld%s",
				name, address_kind_text(kind), prefix_text(address, text), more);
		return true;
	}
	return false;
}

/* The policy has changed since the question was let through: what does it say now? False: it says no. */
static bool judge_again(const struct resolver *resolver, struct ask *ask)
{
	char name[DNS_TEXT];
	bool odd;

	if (ask->policy == resolver->policy_number)
		return true;
	if (dns_name_text(&ask->question.name, name, &odd) < 0)
		return false;
	ask->verdict = (uint8_t)verdict_of(resolver, name, odd);
	ask->policy = resolver->policy_number;
	if (ask->verdict == NAME_VAIN || is_refused(resolver, (enum name_verdict)ask->verdict))
		return ask->askers != NULL && ask->askers->next == NULL &&
		       ask->askers->peer.kind == PEER_REFRESH && ask->verdict == NAME_BLOCKED;
	return true;
}

static void question_done(void *owner, struct ask *ask)
{
	struct resolver *resolver = owner;

	if (ask->answer == NULL) {
		give_status(resolver, ask, DNS_EDE_UNREACHABLE, "secure-init: no server answered",
			REFRESH_SILENCE);
		return;
	}
	if (!judge_again(resolver, ask)) {
		give_status(resolver, ask, DNS_EDE_FILTERED, "secure-init: the name is not allowed any more",
			REFRESH_REFUSED);
		return;
	}
	if (ask->verdict == NAME_UNLISTED || ask->answer->n_addresses == 0)
		give_answer(resolver, ask);
	else if (ask->verdict != NAME_BLOCKED && is_unusable(resolver, ask))
		give_status(resolver, ask, DNS_EDE_FILTERED, "secure-init: an address that cannot be meant",
			REFRESH_UNUSABLE);
	else
		teach_start(&resolver->teach, ask);
}

static void question_learnt(void *owner, struct ask *ask, int status)
{
	if (status == 0)
		give_answer(owner, ask);
	else
		give_status(owner, ask, DNS_EDE_OTHER, "secure-init: the addresses could not be let in",
			REFRESH_REFUSED);
}

static bool refresh_asks(void *owner, const char *name, uint16_t type, const struct peer *peer)
{
	struct resolver *resolver = owner;
	struct dns_query query = {.question.type = type};

	if (dns_name_parse(name, &query.question.name) < 0)
		return false;
	query.question.hash = dns_hash(&query.question.name, type, resolver->seed);
	return ask(resolver, &query, peer, verdict_of(resolver, name, false)) == 0;
}

static int refresh_keeps(void *owner, const char *name, int32_t families, uint32_t seconds)
{
	struct resolver *resolver = owner;

	return teach_keep(&resolver->teach, name, families, seconds);
}

/* The warden says what has become of the lists. What was kept may not be told any more. */
static void warden_told(void *owner, const struct message *message)
{
	struct resolver *resolver = owner;
	const char *soon = NULL;

	if (message->type == MESSAGE_FILTER) {
		resolver->policy.filter = (message->status & FILTER_NAMES) != 0;
		resolver->policy.dns = message->status & FILTER_CLOSED ? DNS_NONE : DNS_RESOLVERS;
		resolver->policy.mode = message->status & FILTER_OPEN ? MODE_BLOCKLIST : MODE_ALLOWLIST;
	} else if ((message->type == MESSAGE_ADD || message->type == MESSAGE_REMOVE) &&
		   message->list < LISTS) {
		const enum list list = (enum list)message->list;

		if (message->type == MESSAGE_REMOVE)
			own_policy_remove(&resolver->policy, list, &message->entry);
		else if (own_policy_add(&resolver->policy, list, &message->entry) < 0)
			log_error(
				"out of memory: the guard's resolver cannot take up %s", message->entry.name);
		if (message->type == MESSAGE_ADD && message->entry.kind == ENTRY_NAME)
			soon = message->entry.name;
	} else {
		return;
	}
	resolver->policy_number++;
	resolver->tick_ms = 0;
	cache_clear(resolver->cache);
	if (refresh_update(resolver->refresh, &resolver->policy, soon) < 0)
		log_error("out of memory: a name that is new on a list is not looked up by itself");
}

static void lifeline_ready(void *owner, uint32_t events)
{
	struct resolver *resolver = owner;
	char byte;
	const ssize_t n = read(resolver->lifeline, &byte, sizeof(byte));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		resolver->ended = true;
}

static void audit_ready(void *owner, uint32_t events)
{
	struct resolver *resolver = owner;

	(void)events;
	audit_read(resolver->audit);
}

static void tick(struct resolver *resolver)
{
	const int64_t now_ms = resolver->now_ms;

	resolver->tick_ms = now_ms + BUSY_MS;
	upstream_tick(resolver->upstream, now_ms);
	teach_tick(&resolver->teach, now_ms);
	clients_tick(resolver->clients, now_ms);
	refresh_tick(resolver->refresh, now_ms);
	if (now_ms < resolver->second_ms)
		return;
	resolver->second_ms = now_ms + IDLE_MS;
	audit_tick(resolver->audit);
}

int resolver_run(struct resolver *resolver)
{
	resolver->now_ms = clock_ms();
	bucket_fill(&resolver->unlisted, resolver->now_ms);
	while (!resolver->ended && !resolver->teach.gone) {
		int ret;

		if (resolver->now_ms >= resolver->tick_ms)
			tick(resolver);
		teach_turn(&resolver->teach);
		clients_turn(resolver->clients);
		ret = loop_turn(
			&resolver->loop, upstream_asks(resolver->upstream)->n > 0 ? BUSY_MS : IDLE_MS);
		if (ret < 0)
			return ret;
		resolver->now_ms = clock_ms();
	}
	return resolver->ended ? 0 : -EPIPE;
}

static int open_parts(
	struct resolver *resolver, const struct guard_start *start, int warden, struct error *error)
{
	const struct refresh_owner refresh_owner = {resolver, refresh_asks, refresh_keeps};
	int ret;

	resolver->cache = cache_new(CACHE_BYTES);
	resolver->upstream = upstream_new(&resolver->loop, &resolver->resolv, &resolver->random,
		LEARN_SECONDS_MAX, question_done, resolver);
	resolver->refresh = refresh_new(
		&resolver->policy, &resolver->resolv, start->lookup, &resolver->random, &refresh_owner);
	if (resolver->cache == NULL || resolver->upstream == NULL || resolver->refresh == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the guard's resolver");
	resolver->teach.loop = &resolver->loop;
	resolver->teach.upstream = resolver->upstream;
	resolver->teach.learnt = question_learnt;
	resolver->teach.told = warden_told;
	resolver->teach.owner = resolver;
	ret = teach_open(&resolver->teach, warden);
	resolver->lifeline_watch = (struct watch){lifeline_ready, resolver};
	if (ret == 0)
		ret = loop_watch(&resolver->loop, resolver->lifeline, EPOLLIN, &resolver->lifeline_watch);
	resolver->audit_watch = (struct watch){audit_ready, resolver};
	if (ret == 0 && audit_fd(resolver->audit) >= 0)
		ret = loop_watch(&resolver->loop, audit_fd(resolver->audit), EPOLLIN, &resolver->audit_watch);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret,
			"the guard's resolver cannot wait for its sockets: %s", strerror(-ret));
	return clients_open(&resolver->loop, GUARD_PORT, client_asked, resolver, &resolver->clients, error);
}

int resolver_open(const struct guard_start *start, struct audit *audit, int warden, int lifeline,
	struct resolver **resolver, struct error *error)
{
	struct resolver *made = calloc(1, sizeof(*made));
	int ret;

	*resolver = made;
	if (made == NULL)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the guard's resolver");
	made->audit = audit;
	made->lifeline = lifeline;
	made->resolv = *start->resolv;
	random_bytes(&made->random, &made->seed, sizeof(made->seed));
	ret = loop_open(&made->loop);
	if (ret < 0)
		return error_set(error, FAIL_SYSTEM, -ret,
			"the guard's resolver cannot wait for its sockets: %s", strerror(-ret));
	if (own_policy_copy(start->policy, &made->policy) < 0)
		return error_set(error, FAIL_SYSTEM, ENOMEM, "out of memory for the guard's lists");
	return open_parts(made, start, warden, error);
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	clients_free(resolver->clients);
	upstream_free(resolver->upstream);
	refresh_free(resolver->refresh);
	cache_free(resolver->cache);
	policy_free(&resolver->policy);
	loop_close(&resolver->loop);
	free(resolver);
}
