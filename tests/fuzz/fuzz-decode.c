/*
 * Any bytes as the kernel's answer to "which rules are there?". Nothing beyond the message is read, and what
 * is not odd is a rule in every field: of our chains, verdicts, sets and families. Seeds of its kind are
 * written by the unit tests: build/asan/units test-decode FOLDER, and test-decode-odd.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "verify/decode.h"

/* As in tests/unit/rule-message.c, whence the seeds are. */
static const uint16_t sets[SETS] = {7, 0, 300, 12, 8, 9, 10, 11, 513, 514, 515, 65534};

static void check(const struct decoded *decoded)
{
	const struct rule *rule = &decoded->rule;
	char text[RULE_TEXT];

	must(rule->family == AF_INET || rule->family == AF_INET6);
	must(rule->chain < CHAINS && rule->verdict <= VERDICT_LOG);
	must(rule->loopback <= 1 && rule->user <= USER_GUARD && rule->local <= LOCAL_RECEIVER);
	must((rule->states & ~(STATE_ESTABLISHED | STATE_RELATED)) == 0);
	must(rule->set <= SETS && (rule->set == 0 || set_kinds[rule->set - 1].family == rule->family));
	must(rule->peer.family == 0 || (rule->peer.family == rule->family && prefix_valid(&rule->peer)));
	must(strnlen(rule_text(rule, text), RULE_TEXT) < RULE_TEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct decoded decoded, again;
	struct nlmsghdr *message;
	uint32_t length;

	/* whoever receives a message has checked that its length is that of what came (mnl_nlmsg_ok) */
	if (size < sizeof(*message))
		return 0;
	memcpy(&length, bytes, sizeof(length));
	if (length < sizeof(*message) || length > size)
		length = (uint32_t)size;
	message = malloc(length);
	must(message != NULL);
	memcpy(message, bytes, length);
	message->nlmsg_len = length;
	memset(&decoded, 0, sizeof(decoded));
	memset(&again, 0xff, sizeof(again));
	decode_rule(message, sets, &decoded);
	decode_rule(message, sets, &again);
	must(decoded.odd == again.odd && memcmp(&decoded.rule, &again.rule, sizeof(decoded.rule)) == 0);
	if (decoded.odd == NULL)
		check(&decoded);
	free(message);
	return 0;
}
