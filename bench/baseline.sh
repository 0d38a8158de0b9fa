#!/bin/bash
# baseline.sh COMMAND...: the same start as secure-init's, with a distribution's ordinary tools, one command a step.
#
# Closes the network (IPv4 and IPv6), opens it to what PARA_ALLOWED_DOMAINS lists, tries both, drops all
# privileges and becomes COMMAND. Written for the benchmark, as plainly as such scripts are usually written.

set -euo pipefail

IFS=, read -ra NAMES <<< "${PARA_ALLOWED_DOMAINS-api.anthropic.com,github.com,api.github.com,registry.npmjs.org}"

fail() {
	echo "baseline: $*" >&2
	exit 1
}

# both RULE...: the same rule for both families
both() {
	iptables "$@"
	ip6tables "$@"
}

close_network() {
	local word server network type

	both -P INPUT DROP
	both -P FORWARD DROP
	both -P OUTPUT DROP
	both -A INPUT -i lo -j ACCEPT
	both -A OUTPUT -o lo -j ACCEPT
	both -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	both -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
	for type in 134 135 136; do
		ip6tables -A INPUT -p icmpv6 --icmpv6-type "$type" -j ACCEPT
	done
	for type in 133 135 136 143; do
		ip6tables -A OUTPUT -p icmpv6 --icmpv6-type "$type" -j ACCEPT
	done

	while read -r word server _; do
		[ "$word" = nameserver ] || continue
		case $server in
		*:*)
			ip6tables -A OUTPUT -p udp -d "$server" --dport 53 -j ACCEPT
			ip6tables -A OUTPUT -p tcp -d "$server" --dport 53 -j ACCEPT
			;;
		*)
			iptables -A OUTPUT -p udp -d "$server" --dport 53 -j ACCEPT
			iptables -A OUTPUT -p tcp -d "$server" --dport 53 -j ACCEPT
			;;
		esac
	done < /etc/resolv.conf

	both -A OUTPUT -p tcp --dport 22 -j ACCEPT

	while read -r network _; do
		iptables -A INPUT -s "$network" -j ACCEPT
		iptables -A OUTPUT -d "$network" -j ACCEPT
	done < <(ip -4 route show proto kernel)
	while read -r network _; do
		[ "$network" != fe80::/64 ] || continue
		ip6tables -A INPUT -s "$network" -j ACCEPT
		ip6tables -A OUTPUT -d "$network" -j ACCEPT
	done < <(ip -6 route show proto kernel)

	ipset create allowed-domains hash:net
	ipset create allowed-domains6 hash:net family inet6
	iptables -A OUTPUT -m set --match-set allowed-domains dst -j ACCEPT
	ip6tables -A OUTPUT -m set --match-set allowed-domains6 dst -j ACCEPT
	iptables -A OUTPUT -j REJECT --reject-with icmp-admin-prohibited
	ip6tables -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
	ip6tables -A OUTPUT -j REJECT --reject-with icmp6-adm-prohibited
}

# open_to ADDRESS-OR-NETWORK
open_to() {
	case $1 in
	*:*) ipset add -exist allowed-domains6 "$1" ;;
	*) ipset add -exist allowed-domains "$1" ;;
	esac
}

# resolve NAME: its addresses, one a line. dig also prints the names that CNAMEs lead over; those are left out.
resolve() {
	{
		dig +short "$1" A
		dig +short "$1" AAAA
	} | grep -E '^([0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$'
}

open_name() {
	local addresses address

	addresses=$(resolve "$1") || fail "no address for $1"
	for address in $addresses; do
		open_to "$address"
	done
}

open_github() {
	local meta range

	open_name api.github.com
	meta=$(curl -sf --connect-timeout 5 https://api.github.com/meta) || fail "no answer from api.github.com"
	jq -e '.web and .api and .git' > /dev/null <<< "$meta" || fail "GitHub's answer lacks fields"
	for range in $(jq -r '(.web + .api + .git)[] | select(contains(":") | not)' <<< "$meta" | aggregate -q); do
		open_to "$range"
	done
	for range in $(jq -r '(.web + .api + .git)[] | select(contains(":"))' <<< "$meta" | sort -u); do
		open_to "$range"
	done
}

verify() {
	! curl -s --connect-timeout 5 -o /dev/null https://example.com || fail "the network is open"
	curl -s --connect-timeout 5 -o /dev/null https://api.anthropic.com || fail "api.anthropic.com is not reached"
}

close_network
for name in "${NAMES[@]}"; do
	[[ $name != github.com && $name != *.github.com ]] || github=1
done
[ -z "${github:-}" ] || open_github
for name in "${NAMES[@]}"; do
	open_name "$name"
done
verify
exec setpriv --bounding-set -all --inh-caps -all --ambient-caps -all --no-new-privs -- "$@"
