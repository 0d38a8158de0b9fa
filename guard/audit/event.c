/* Wording: see the header. */
#include "guard/audit/event.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const char *const event_why[WHYS] = {[WHY_REFUSED] = "refused", [WHY_LIMIT] = "limit", [WHY_QUOTA] = "quota"};
const char *const event_verdict[DNS_VERDICTS] = {
	[DNS_REFUSED] = "refused", [DNS_ALLOWED] = "allowed", [DNS_ANSWERED] = "answered"};

struct place place_of(const struct nflog *packet)
{
	struct place place = {
		.uid = packet->has_uid ? packet->uid : 0,
		.family = packet->destination.family,
		.protocol = packet->protocol,
		.why = (uint8_t)packet->why,
	};

	if (packet->has_ports)
		place.port = packet->port;
	else if (packet->has_type)
		place.port = packet->type;
	place.knows =
		(uint8_t)((packet->has_ports ? PLACE_PORT : 0) | (packet->has_type ? PLACE_TYPE : 0) |
			  (packet->has_uid ? PLACE_UID : 0) | (packet->later_fragment ? PLACE_FRAGMENT : 0));
	memcpy(place.addr, packet->destination.addr, sizeof(place.addr));
	return place;
}

struct prefix place_address(const struct place *place)
{
	return prefix_make(place->family, place->addr, family_bits(place->family));
}

/* Names of DNS are the same in any case of letters, and programs like to vary it. */
struct question question_of(const char *name, uint16_t type, enum dns_verdict verdict)
{
	struct question question = {.type = type, .verdict = (uint8_t)verdict};

	for (size_t i = 0; i + 1 < sizeof(question.name) && name[i] != '\0'; i++)
		question.name[i] = (char)tolower((unsigned char)name[i]);
	return question;
}

void place_words(struct line *line, const struct place *place, const char *name)
{
	const struct prefix address = place_address(place);
	char text[PREFIX_TEXT], number[PROTOCOL_TEXT];

	line_add(line, "%s%s", protocol_name(place->protocol) == NULL ? "protocol " : "",
		protocol_text(place->protocol, number));
	if (place->knows & PLACE_TYPE)
		line_add(line, " type %u", place->port);
	if (place->knows & PLACE_FRAGMENT)
		line_add(line, " (a later fragment)");
	line_add(line, " to %s", prefix_text(&address, text));
	if (place->knows & PLACE_PORT)
		line_add(line, " port %u", place->port);
	if (name != NULL) {
		line_add(line, " (");
		line_add_safe(line, name);
		line_add(line, ")");
	}
}

static void add_amount(struct line *line, struct amount amount)
{
	line_add(line, ",\"count\":%" PRIu64, amount.count);
	/* all but the first of a kind are not said one by one */
	line_add(line, ",\"suppressed\":%" PRIu64, amount.seconds > 0 ? amount.count : 0);
	if (amount.seconds > 0)
		line_add(line, ",\"seconds\":%u", amount.seconds);
	line_add(line, "}");
}

static void add_amount_words(struct line *line, struct amount amount)
{
	if (amount.seconds > 0)
		line_add(line, ": %" PRIu64 " more in %u s", amount.count, amount.seconds);
}

static void say(struct sink *sink, const struct line *json, const struct line *words)
{
	sink_json(sink, json->text);
	sink_words(sink, words->text);
}

static void refused_json(struct line *line, const struct place *place, const char *name,
	const struct nflog *packet, struct amount amount)
{
	const struct prefix address = place_address(place);
	char text[PREFIX_TEXT], number[PROTOCOL_TEXT];

	line_begin_event(line, "refused");
	line_add(line, ",\"protocol\":\"%s\",\"destination\":\"%s\"", protocol_text(place->protocol, number),
		prefix_text(&address, text));
	if (place->knows & PLACE_PORT)
		line_add(line, ",\"port\":%u", place->port);
	if (place->knows & PLACE_TYPE)
		line_add(line, ",\"type\":%u", place->port);
	if (packet != NULL && packet->has_type)
		line_add(line, ",\"code\":%u", packet->code);
	if (place->knows & PLACE_FRAGMENT)
		line_add(line, ",\"fragment\":true");
	if (name != NULL) {
		line_add(line, ",\"name\":\"");
		line_add_safe(line, name);
		line_add(line, "\"");
	}
	if (place->knows & PLACE_UID)
		line_add(line, ",\"uid\":%u", place->uid);
	if (packet != NULL)
		line_add(line, ",\"source\":\"%s\"", prefix_text(&packet->source, text));
	if (packet != NULL && packet->has_ports)
		line_add(line, ",\"source_port\":%u", packet->source_port);
	line_add(line, ",\"why\":\"%s\"", event_why[place->why]);
	add_amount(line, amount);
}

void event_refused(struct sink *sink, const struct place *place, const char *name, const struct nflog *packet,
	struct amount amount)
{
	static const char *const beginnings[WHYS] = {
		[WHY_REFUSED] = "refused: ",
		[WHY_LIMIT] = "refused, over the limit on connections: ",
		[WHY_QUOTA] = "refused, the quota of bytes is used up: ",
	};
	struct line json, words = {.n = 0};

	refused_json(&json, place, name, packet, amount);
	line_add(&words, "%s", beginnings[place->why]);
	place_words(&words, place, name);
	if (place->knows & PLACE_UID)
		line_add(&words, ", by uid %u", place->uid);
	add_amount_words(&words, amount);
	say(sink, &json, &words);
}

void event_question(struct sink *sink, const struct question *question, struct amount amount)
{
	struct line json, words = {.n = 0};
	char type[QTYPE_TEXT];

	qtype_text(question->type, type);
	line_begin_event(&json, "dns");
	line_add(&json, ",\"name\":\"");
	line_add_safe(&json, question->name);
	line_add(&json, "\",\"type\":\"%s\",\"verdict\":\"%s\"", type, event_verdict[question->verdict]);
	add_amount(&json, amount);
	line_add(&words, "%s: DNS question for ", event_verdict[question->verdict]);
	line_add_safe(&words, question->name);
	line_add(&words, " (%s)", type);
	add_amount_words(&words, amount);
	say(sink, &json, &words);
}

void event_others(struct sink *sink, bool questions, struct amount amount)
{
	struct line json, words = {.n = 0};

	line_begin_event(&json, "others");
	line_add(&json, ",\"of\":\"%s\"", questions ? "dns" : "refused");
	add_amount(&json, amount);
	line_add(&words, "%s",
		questions ? "DNS questions for other names" : "refused: packets to other places");
	add_amount_words(&words, amount);
	say(sink, &json, &words);
}

void event_missed(struct sink *sink, struct amount amount)
{
	struct line json, words = {.n = 0};

	line_begin_event(&json, "missed");
	add_amount(&json, amount);
	line_add(&words, "refused: packets that came faster than they could be recorded");
	add_amount_words(&words, amount);
	say(sink, &json, &words);
}
