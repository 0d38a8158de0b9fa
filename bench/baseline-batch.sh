#!/bin/bash
# baseline-batch.sh COMMAND...: as baseline.sh, by somebody who minds the time: rules and set members are loaded
# in batches, all questions of DNS are under way at once, and so are the two trials at the end.

set -euo pipefail

IFS=, read -ra NAMES <<< "${PARA_ALLOWED_DOMAINS-api.anthropic.com,github.com,api.github.com,registry.npmjs.org}"
ANSWERS=$(mktemp -d)

fail() {
	echo "baseline-batch: $*" >&2
	exit 1
}

# rules FAMILY: what iptables-restore or ip6tables-restore reads
rules() {
	local family=$1 word server network type set=allowed-domains

	[ "$family" = 4 ] || set=allowed-domains6
	cat <<- EOF
		*filter
		:INPUT DROP
		:FORWARD DROP
		:OUTPUT DROP
		-A INPUT -i lo -j ACCEPT
		-A OUTPUT -o lo -j ACCEPT
		-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
		-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
	EOF
	if [ "$family" = 6 ]; then
		for type in 134 135 136; do
			echo "-A INPUT -p icmpv6 --icmpv6-type $type -j ACCEPT"
		done
		for type in 133 135 136 143; do
			echo "-A OUTPUT -p icmpv6 --icmpv6-type $type -j ACCEPT"
		done
	fi
	while read -r word server _; do
		[ "$word" = nameserver ] || continue
		case $family$server in
		4*:* | 6*.*) continue ;;
		esac
		echo "-A OUTPUT -p udp -d $server --dport 53 -j ACCEPT"
		echo "-A OUTPUT -p tcp -d $server --dport 53 -j ACCEPT"
	done < /etc/resolv.conf
	echo "-A OUTPUT -p tcp --dport 22 -j ACCEPT"
	while read -r network _; do
		[ "$network" != fe80::/64 ] || continue
		echo "-A INPUT -s $network -j ACCEPT"
		echo "-A OUTPUT -d $network -j ACCEPT"
	done < <(ip "-$family" route show proto kernel)
	echo "-A OUTPUT -m set --match-set $set dst -j ACCEPT"
	if [ "$family" = 4 ]; then
		echo "-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited"
	else
		echo "-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset"
		echo "-A OUTPUT -j REJECT --reject-with icmp6-adm-prohibited"
	fi
	echo COMMIT
}

close_network() {
	ipset restore <<- EOF
		create allowed-domains hash:net
		create allowed-domains6 hash:net family inet6
	EOF
	rules 4 | iptables-restore
	rules 6 | ip6tables-restore
}

# Reads addresses and networks, one a line, and adds them. Other lines are the names that CNAMEs lead over.
open_all() {
	local address

	while read -r address; do
		case $address in
		*[!0-9a-fA-F:./]* | *[a-zA-Z.].) ;;
		*:*) echo "add allowed-domains6 $address" ;;
		[0-9]*) echo "add allowed-domains $address" ;;
		esac
	done | ipset -exist restore
}

# All questions at once, a file of answers for each.
resolve() {
	local name

	for name in "${NAMES[@]}" ${github:+api.github.com}; do
		dig +short "$name" A > "$ANSWERS/$name.A" &
		dig +short "$name" AAAA > "$ANSWERS/$name.AAAA" &
	done
	wait
	for name in "${NAMES[@]}"; do
		[ -s "$ANSWERS/$name.A" ] || [ -s "$ANSWERS/$name.AAAA" ] || fail "no address for $name"
	done
}

github_ranges() {
	local meta ranges

	meta=$(curl -sf --connect-timeout 5 https://api.github.com/meta) || fail "no answer from api.github.com"
	ranges=$(jq -re 'if .web and .api and .git then (.web + .api + .git)[] else error end' <<< "$meta") ||
		fail "GitHub's answer lacks fields"
	grep -v : <<< "$ranges" | aggregate -q
	grep : <<< "$ranges" || true
}

verify() {
	local blocked

	curl -s --connect-timeout 5 -o /dev/null https://example.com &
	blocked=$!
	curl -s --connect-timeout 5 -o /dev/null https://api.anthropic.com || fail "api.anthropic.com is not reached"
	! wait "$blocked" || fail "the network is open"
}

for name in "${NAMES[@]}"; do
	[[ $name != github.com && $name != *.github.com ]] || github=1
done
close_network
resolve
cat "$ANSWERS"/* | open_all
[ -z "${github:-}" ] || github_ranges | open_all
verify
rm -r "$ANSWERS"
exec setpriv --bounding-set -all --inh-caps -all --ambient-caps -all --no-new-privs -- "$@"
