/*
 * Any packet as a client's question, and as a server's answer to the question that it repeats. What is
 * believed of it is whole: written anew it is read as the same, no reply is longer than it may be, and the
 * cache gives back what it got.
 */
#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>

#include "guard/resolver/answer.h"
#include "guard/resolver/cache.h"
#include "guard/resolver/dns.h"

#define MOST 3600

static struct answer_room *room, *other_room;
static struct cache *cache;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	room = answer_room_new();
	other_room = answer_room_new();
	cache = cache_new(16384);
	must(room != NULL && other_room != NULL && cache != NULL);
	return 0;
}

static void as_question(const uint8_t *bytes, size_t size)
{
	struct dns_query query;
	char text[DNS_TEXT];
	uint8_t out[DNS_STATUS_MAX];
	bool odd;
	size_t length;
	const int ret = dns_read_query(bytes, size, 1, &query);

	if (ret < 0)
		return;
	length = dns_write_status(&query.question, &query.asked, ret == 0 ? DNS_REFUSED : (enum dns_rcode)ret,
		DNS_EDE_BLOCKED, "words", out);
	must(length <= sizeof(out) && (query.asked.edns || length <= DNS_HEADER + DNS_NAME + 4));
	must(dns_get16(out) == dns_get16(bytes));
	if (ret > 0)
		return;
	/* the question comes back as it was, capitals and all */
	must(memcmp(out + DNS_HEADER, bytes + DNS_HEADER, query.question.name.length + 4U) == 0);
	must(query.asked.limit >= DNS_UDP_MIN && query.asked.limit <= DNS_UDP_MAX);
	if (dns_name_text(&query.question.name, text, &odd) == 0) {
		struct dns_name again;

		must(strlen(text) < NAME_TEXT);
		must(odd ||
			(dns_name_parse(text, &again) == 0 && dns_same_name(&again, &query.question.name)));
	}
}

/* What is read of the reply that was written of an answer. */
static void check_reply(const struct answer *answer, const struct dns_question *question)
{
	const struct answer_view view = answer_view(answer);
	const struct dns_asked how = {.id = 99, .limit = DNS_UDP_MIN, .edns = true};
	static uint8_t out[DNS_MESSAGE + DNS_OPT];
	struct answer *again = NULL;
	size_t length = answer_reply(&view, &how, 10, DNS_UDP_MIN, out);

	must(length <= DNS_UDP_MIN);
	length = answer_reply(&view, &how, 0, sizeof(out), out);
	must(length == answer->length + DNS_OPT);
	if (length > DNS_MESSAGE)
		return;
	must(answer_read(other_room, out, length, question, 99, true, MOST, &again) == ANSWER_GOOD);
	must(again->n_addresses == answer->n_addresses && again->n_ttls == answer->n_ttls &&
		again->exists == answer->exists);
	must(memcmp(answer_addresses(again), answer_addresses(answer),
		     answer->n_addresses * sizeof(struct prefix)) == 0);
	must(again->length == answer->length &&
		memcmp(answer_message(again), answer_message(answer), answer->length) == 0);
	free(again);
}

static void check_cache(const struct answer *answer, const struct dns_question *question)
{
	struct dns_question lower = *question;
	struct cache_key key = {.question = &lower};
	struct cache_found found;

	for (size_t i = 0; i < lower.name.length; i++)
		lower.name.wire[i] = dns_lower(lower.name.wire[i]);
	lower.hash = dns_hash(&lower.name, lower.type, 1);
	cache_put(cache, &key, answer, NAME_ALLOWED, 0);
	if (!cache_find(cache, &key, 0, &found))
		return;
	must(found.answer.length == answer->length && found.answer.n_ttls == answer->n_ttls);
	must(memcmp(found.answer.message, answer_message(answer), answer->length) == 0);
}

static void as_answer(const uint8_t *bytes, size_t size)
{
	struct dns_question question = {.type = 0};
	struct answer *answer = NULL;
	size_t offset = DNS_HEADER;
	char text[DNS_TEXT];
	bool odd;

	if (size < DNS_HEADER || dns_read_name(bytes, size, &offset, &question.name) < 0 || size - offset < 2)
		return;
	/* the names that are asked for can be read */
	if (dns_name_text(&question.name, text, &odd) < 0)
		return;
	question.type = dns_get16(bytes + offset);
	if (answer_read(room, bytes, size, &question, dns_get16(bytes), (size & 1) != 0, MOST, &answer) !=
		ANSWER_GOOD)
		return;
	must(answer->seconds <= MOST && answer->n_ttls <= ANSWER_RECORDS_MAX);
	for (unsigned int i = 0; i < answer->n_addresses; i++)
		must(prefix_valid(&answer_addresses(answer)[i]) &&
			prefix_is_address(&answer_addresses(answer)[i]));
	for (unsigned int i = 0; i < answer->n_ttls; i++)
		must(answer_ttls(answer)[i] + 4U <= answer->length);
	check_reply(answer, &question);
	check_cache(answer, &question);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	as_question(bytes, size);
	as_answer(bytes, size);
	return 0;
}
