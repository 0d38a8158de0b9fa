/*
 * Any bytes as a logged packet. Nothing beyond the message is read; what is read is whole; and what is said
 * of it is one line, printable, whatever the name is that comes with it. Seeds are written by
 * build/asan/units test-nflog FOLDER.
 */
#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>

#include "guard/audit/event.h"

static void check_line(const struct line *line)
{
	must(line->n == strlen(line->text) && line->n > 0);
	for (size_t i = 0; i < line->n; i++)
		must(line->text[i] >= 0x20 && line->text[i] < 0x7f);
}

static void check(const struct nflog *nflog, const char *name)
{
	struct line line = {.n = 0};
	struct place place = place_of(nflog);
	const struct prefix address = place_address(&place);

	must(nflog->why < WHYS);
	must(prefix_valid(&nflog->source) && prefix_is_address(&nflog->source));
	must(prefix_valid(&nflog->destination) && prefix_is_address(&nflog->destination));
	must(nflog->source.family == nflog->destination.family);
	must(nflog->has_ports + nflog->has_type + nflog->later_fragment <= 1);
	must(prefix_compare(&address, &nflog->destination) == 0);
	place_words(&line, &place, name);
	check_line(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct nflog nflog, again;
	struct nlmsghdr *message;
	uint32_t length;
	char *name;
	int ret;

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
	/* what is behind the message is a name */
	name = text_of(bytes + length, size - length);
	memset(&again, 0xff, sizeof(again));
	ret = nflog_decode(message, &nflog);
	must(ret == nflog_decode(message, &again));
	must(memcmp(&nflog, &again, sizeof(nflog)) == 0);
	if (ret == 0)
		check(&nflog, name);
	free(message);
	free(name);
	return 0;
}
