# The world's own count of what came out of the cage, by nobody's word but its kernel's: nft counters at the world's end of
# the line, before any of its other rules. Sourced after lab/lab.bash.
#
#   line     ARP and IPv6's neighbour discovery
#   groups   MLD reports, which name the groups that somebody in the cage listens to
#   dns      to the resolver, port 53
#   allowed  what the policy lets out
#   escaped  everything else

METADATA=169.254.169.254,169.254.170.2,169.254.170.23,168.63.129.16,100.100.100.200,192.0.0.192
METADATA6=fd00:ec2::254,fd00:ec2::23,fd20:ce::254

# oracle POLICY: counts anew, from here on; POLICY is one of default, strict, blocklist, none
oracle() {
	local allowed
	case $1 in
	default)
		allowed="ip daddr { $ANTHROPIC } meta l4proto { tcp, udp } counter name allowed accept
		ip6 daddr { $ANTHROPIC6 } meta l4proto { tcp, udp } counter name allowed accept
		ip daddr 172.17.0.0/16 counter name allowed accept
		ip6 daddr fd17::/64 counter name allowed accept
		tcp dport 22 counter name allowed accept"
		;;
	strict)
		allowed="ip daddr { $ANTHROPIC } meta l4proto { tcp, udp } counter name allowed accept
		ip6 daddr { $ANTHROPIC6 } meta l4proto { tcp, udp } counter name allowed accept"
		;;
	blocklist)
		allowed="ip daddr != { $BLOCKED, $METADATA } counter name allowed accept
		ip6 daddr != { $BLOCKED6, $METADATA6 } counter name allowed accept"
		;;
	none) allowed= ;;
	esac
	ip netns exec "$WORLD" nft -f - <<-NFT
		table netdev oracle
		delete table netdev oracle
		table netdev oracle {
			counter line { }
			counter groups { }
			counter dns { }
			counter allowed { }
			counter escaped { }
			set places { typeof ip daddr . ip protocol . th dport; size 1024; flags dynamic; }
			set places6 { typeof ip6 daddr . ip6 nexthdr . th dport; size 1024; flags dynamic; }
			chain in {
				type filter hook ingress device "eth0" priority 0; policy accept;
				ether type arp counter name line accept
				icmpv6 type { 133, 135, 136 } counter name line accept
				icmpv6 type 143 counter name groups accept
				$allowed
				ip daddr $GATEWAY udp dport 53 counter name dns accept
				ip daddr $GATEWAY tcp dport 53 counter name dns accept
				counter name escaped
				add @places { ip daddr . ip protocol . th dport }
				add @places6 { ip6 daddr . ip6 nexthdr . th dport }
			}
		}
	NFT
	: > "$OUTSIDE/arrived"
}

# counted NAME: packets so far
counted() {
	ip netns exec "$WORLD" nft list counter netdev oracle "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# nothing_escaped: nor does a frame that holds the mark have another address than an allowed one
nothing_escaped() {
	local n
	n=$(counted escaped)
	[ "$n" = 0 ] && return
	echo "$n packets escaped:"
	ip netns exec "$WORLD" nft list table netdev oracle | grep -A 2 'elements ='
	echo "with the mark (protocol, address):"
	sort "$OUTSIDE/arrived" | uniq -c
	return 1
}
