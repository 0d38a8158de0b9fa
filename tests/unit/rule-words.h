/*
 * Rules in the words of iptables -S, as tests of policies compare them: pieces of one family's rules, and the
 * place where the policies of these tests are. Written by hand, not by what is tested.
 */
#ifndef TESTS_RULE_WORDS_H
#define TESTS_RULE_WORDS_H

#include "fw/policy.h"
#include "fw/policy-rules.h"

/* Where the containers of these tests are: two networks with a way out, one without; two gateways and
 * servers. */
#define NETWORKS "172.17.0.0/16 fd00::/64"
#define ONLINK	 "10.9.0.0/24 172.17.0.0/16 fd00::/64"
#define GATEWAYS "172.17.0.1 fd00::1"
#define SERVERS	 "nameserver 192.0.2.53\nnameserver 2001:db8::53\n"

/* Pieces of one family's rules; those of IPv6 are the same with a 6 behind the set's name. */
#define IN                                                                \
	"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" \
	"-A INPUT -i lo -j ACCEPT\n"
#define IN6                                                      \
	IN "-A INPUT -p ipv6-icmp --icmpv6-type 134 -j ACCEPT\n" \
	   "-A INPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT\n" \
	   "-A INPUT -p ipv6-icmp --icmpv6-type 136 -j ACCEPT\n"
#define OUT "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n" LOOPBACK4
#define NEIGHBOURS                                             \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 133 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 135 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 136 -j ACCEPT\n" \
	"-A OUTPUT -p ipv6-icmp --icmpv6-type 143 -j ACCEPT\n"
#define FOREIGN	      " -m addrtype ! --src-type LOCAL"
#define RESETS	      "-A OUTPUT -o lo -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define BARE6	      ESTABLISHED RESETS "-A OUTPUT" FOREIGN PROHIBIT6 LOOPBACK6
#define OUT6	      ESTABLISHED NEIGHBOURS RESETS "-A OUTPUT" FOREIGN PROHIBIT6 LOOPBACK6
#define FROM(network) "-A INPUT -s " network " -j ACCEPT\n"
#define TO(network)   "-A OUTPUT -d " network " -j ACCEPT\n"
#define DNS(address)                                             \
	"-A OUTPUT -d " address " -p udp --dport 53 -j ACCEPT\n" \
	"-A OUTPUT -d " address " -p tcp --dport 53 -j ACCEPT\n"
#define DNS4 DNS("192.0.2.53")
#define DNS6 DNS("2001:db8::53")
#define DNS_OF_ROOT                                                      \
	"-A OUTPUT -p udp --dport 53 -m owner --uid-owner 0 -j ACCEPT\n" \
	"-A OUTPUT -p tcp --dport 53 -m owner --uid-owner 0 -j ACCEPT\n"
#define SSH		"-A OUTPUT -p tcp --dport 22 -j ACCEPT\n"
#define NO_SSH4		"-A OUTPUT -p tcp --dport 22" PROHIBIT4
#define NO_SSH6		"-A OUTPUT -p tcp --dport 22" RESET
#define NO_DNS4		"-A OUTPUT -p udp --dport 53" PROHIBIT4 "-A OUTPUT -p tcp --dport 53" PROHIBIT4
#define NO_DNS6		"-A OUTPUT -p udp --dport 53" PROHIBIT6 "-A OUTPUT -p tcp --dport 53" RESET
#define MATCH(set, way) " -m set --match-set " set " " way
#define ALLOWED(six)                                                                                   \
	"-A OUTPUT -p tcp" MATCH("allowed-domains" six,                                                \
		"dst") " -j ACCEPT\n"                                                                  \
		       "-A OUTPUT -p udp" MATCH("allowed-domains" six,                                 \
			       "dst") " -j ACCEPT\n"                                                   \
				      "-A OUTPUT -p tcp" MATCH("allowed-ports" six,                    \
					      "dst,dst") " -j ACCEPT\n"                                \
							 "-A OUTPUT -p udp" MATCH("allowed-ports" six, \
								 "dst,dst") " -j ACCEPT\n"
#define INBOUND(six)                                                                                  \
	"-A INPUT -p tcp" MATCH("inbound-hosts" six,                                                  \
		"src") " -j ACCEPT\n"                                                                 \
		       "-A INPUT -p udp" MATCH("inbound-hosts" six,                                   \
			       "src") " -j ACCEPT\n"                                                  \
				      "-A INPUT -p tcp" MATCH("inbound-ports" six,                    \
					      "src,dst") " -j ACCEPT\n"                               \
							 "-A INPUT -p udp" MATCH("inbound-ports" six, \
								 "src,dst") " -j ACCEPT\n"
#define PROHIBIT4     " -j REJECT --reject-with icmp-admin-prohibited\n"
#define PROHIBIT6     " -j REJECT --reject-with icmp6-adm-prohibited\n"
#define RESET	      " -j REJECT --reject-with tcp-reset\n"
#define FROM_BLOCKED4 "-A INPUT" MATCH("blocked-domains", "src") PROHIBIT4
#define FROM_BLOCKED6                                                                                        \
	"-A INPUT -p tcp" MATCH("blocked-domains6", "src") RESET "-A INPUT" MATCH("blocked-domains6", "src") \
		PROHIBIT6
#define BLOCKED4                                                                                        \
	"-A OUTPUT" MATCH("blocked-domains", "dst") PROHIBIT4 "-A OUTPUT -p tcp" MATCH("blocked-ports", \
		"dst,dst") PROHIBIT4 "-A OUTPUT -p udp" MATCH("blocked-ports", "dst,dst") PROHIBIT4
#define BLOCKED6                                                            \
	"-A OUTPUT -p tcp" MATCH("blocked-domains6", "dst") RESET           \
		"-A OUTPUT" MATCH("blocked-domains6", "dst") PROHIBIT6      \
		"-A OUTPUT -p tcp" MATCH("blocked-ports6", "dst,dst") RESET \
		"-A OUTPUT -p udp" MATCH("blocked-ports6", "dst,dst") PROHIBIT6
#define REST4 "-A OUTPUT" PROHIBIT4
#define REST6 "-A OUTPUT -p tcp" RESET "-A OUTPUT" PROHIBIT6
#define OPEN  "-A OUTPUT -j ACCEPT\n"

#define FROM_HOST4  FROM("172.17.0.0/16")
#define FROM_HOST6  FROM("fd00::/64")
#define TO_HOST4    TO("172.17.0.0/16")
#define TO_HOST6    TO("fd00::/64")
#define NO_HOST4    "-A OUTPUT -d 10.9.0.0/24" PROHIBIT4 "-A OUTPUT -d 172.17.0.0/16" PROHIBIT4
#define NO_HOST6    "-A OUTPUT -d fd00::/64 -p tcp" RESET "-A OUTPUT -d fd00::/64" PROHIBIT6
#define ESTABLISHED "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
#define LOOPBACK4   "-A OUTPUT -o lo -m addrtype --dst-type LOCAL -j ACCEPT\n"
#define LOOPBACK6   "-A OUTPUT -o lo -j ACCEPT\n"
#define NO_DOCKER   "-A OUTPUT -d 127.0.0.11" PROHIBIT4

/* One policy in the one place: its rules, settled, in each family's lines. */
struct rules_row {
	struct policy said;
	const char *allowed, *blocked, *inbound, *v4, *v6;
	enum stage stage;
};

/* Fails the test at the first row whose rules are others; file is a resolv.conf. */
void rules_follow(const struct rules_row *rows, size_t n, const char *file);

/* One family's rules, a line each. Good until the next call. */
const char *rules_in_words(const struct ruleset *ruleset, uint8_t family);

/* From "192.0.2.0/24 fd00::/64"; prefixes_free them. From the text of a resolv.conf. */
struct prefixes prefixes_of(const char *list);
struct resolv resolv_of(const char *file);

/* A rule that no policy may give, said with the row: in FORWARD, of the wrong family, accepting everything...
 */
void rules_sane(const struct rule *rule, bool may_be_all, const char *row);

#endif
