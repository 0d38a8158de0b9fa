/* Lines and words: see the header. */
#include "guard/audit/line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <netinet/in.h>

#include "util/number.h"

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{IPPROTO_TCP, "tcp"},
	{IPPROTO_UDP, "udp"},
	{IPPROTO_ICMP, "icmp"},
	{IPPROTO_ICMPV6, "icmpv6"},
	{IPPROTO_UDPLITE, "udplite"},
	{IPPROTO_SCTP, "sctp"},
	{IPPROTO_DCCP, "dccp"},
	{IPPROTO_GRE, "gre"},
	{IPPROTO_IGMP, "igmp"},
	{IPPROTO_IPIP, "ipip"},
	{IPPROTO_IPV6, "ipv6"},
	{IPPROTO_ESP, "esp"},
	{IPPROTO_AH, "ah"},
	{IPPROTO_PIM, "pim"},
	{89, "ospf"},
	{112, "vrrp"},
};

static const struct {
	uint16_t number;
	const char *name;
} qtypes[] = {
	{1, "A"},
	{28, "AAAA"},
	{65, "HTTPS"},
	{5, "CNAME"},
	{2, "NS"},
	{6, "SOA"},
	{10, "NULL"},
	{12, "PTR"},
	{13, "HINFO"},
	{15, "MX"},
	{16, "TXT"},
	{25, "KEY"},
	{29, "LOC"},
	{33, "SRV"},
	{35, "NAPTR"},
	{37, "CERT"},
	{39, "DNAME"},
	{41, "OPT"},
	{43, "DS"},
	{44, "SSHFP"},
	{46, "RRSIG"},
	{47, "NSEC"},
	{48, "DNSKEY"},
	{50, "NSEC3"},
	{52, "TLSA"},
	{61, "OPENPGPKEY"},
	{64, "SVCB"},
	{99, "SPF"},
	{249, "TKEY"},
	{250, "TSIG"},
	{251, "IXFR"},
	{252, "AXFR"},
	{255, "ANY"},
	{257, "CAA"},
};

void line_add(struct line *line, const char *format, ...)
{
	const size_t left = sizeof(line->text) - line->n;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->n, left, format, args);
	va_end(args);
	if (n > 0)
		line->n += (size_t)n < left ? (size_t)n : left - 1;
}

void line_add_safe(struct line *line, const char *text)
{
	for (; *text != '\0' && line->n < sizeof(line->text) - 1; text++) {
		const bool safe = *text >= 0x20 && *text < 0x7f && *text != '"' && *text != '\\';

		line->text[line->n] = '?';
		if (safe)
			line->text[line->n] = *text;
		line->n++;
	}
	line->text[line->n] = '\0';
}

void line_begin_event(struct line *line, const char *event)
{
	struct timespec now;
	char time[24] = "";
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc) != NULL)
		strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	line->n = 0;
	line_add(line, "{\"time\":\"%s.%03ldZ\",\"event\":\"%s\"", time, now.tv_nsec / 1000000, event);
}

const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

int protocol_number(const char *text)
{
	uint64_t number;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcmp(protocols[i].name, text) == 0)
			return protocols[i].number;
	return number_parse(text, 0, UINT8_MAX, &number) < 0 ? -EINVAL : (int)number;
}

const char *protocol_text(uint8_t protocol, char text[PROTOCOL_TEXT])
{
	const char *name = protocol_name(protocol);

	if (name != NULL)
		snprintf(text, PROTOCOL_TEXT, "%s", name);
	else
		snprintf(text, PROTOCOL_TEXT, "%u", protocol);
	return text;
}

const char *qtype_text(uint16_t type, char text[QTYPE_TEXT])
{
	for (size_t i = 0; i < sizeof(qtypes) / sizeof(*qtypes); i++) {
		if (qtypes[i].number == type) {
			snprintf(text, QTYPE_TEXT, "%s", qtypes[i].name);
			return text;
		}
	}
	snprintf(text, QTYPE_TEXT, "TYPE%u", type);
	return text;
}
