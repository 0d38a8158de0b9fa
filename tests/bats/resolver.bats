#!/usr/bin/env bats
# The resolver by itself: what clients hear, what servers are asked, and what the warden (a pretended one) is told.
# build/resolver-lab is tests/guard/resolver-lab.c.

bats_require_minimum_version 1.5.0
source "$BATS_TEST_DIRNAME/../lab/wait.bash"

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export ROOT PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	make -s -C "$ROOT" build/resolver-lab >&2
}

# Servers: 10.99.0.1 is a real dnsmasq, 10.99.0.2 the odd one; nobody is at 10.99.0.3 and 10.99.0.4.
setup() {
	D=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	NS=resolver-$$-$RANDOM
	ip netns add "$NS"
	ip -n "$NS" link set lo up
	for i in 1 2 3; do ip -n "$NS" addr add 10.99.0.$i/32 dev lo; done
	cat > "$D/dnsmasq.conf" <<- EOF
		no-resolv
		no-hosts
		listen-address=10.99.0.1
		bind-interfaces
		pid-file=
		user=root
		log-queries
		log-facility=$D/dnsmasq.log
		host-record=a.example.com,93.184.216.34,2606:2800:220:1::1946,300
		host-record=other.net,93.184.216.35,300
		host-record=db.corp.test,10.1.2.3,300
		host-record=blocked.net,93.184.216.36,300
		host-record=half.net,93.184.216.38,300
		host-record=half.net,127.0.0.1,300
		cname=c1.example.com,c2.example.com,60
		cname=c2.example.com,a.example.com,90
		txt-record=a.example.com,hello
		mx-host=a.example.com,mail.example.com,10
		$(for i in 1 2 3 4 5 6; do printf 'txt-record=long.example.com,%0250d\n' $i; done)
		local=/com/
		local=/net/
		local=/test/
	EOF
	ip netns exec "$NS" dnsmasq -k -C "$D/dnsmasq.conf" 3>&- &
	PIDS=$!
	ip netns exec "$NS" python3 "$ROOT/tests/guard/odd-server.py" 10.99.0.2 "$D/odd.log" > "$D/odd.out" 2> "$D/odd.err" 3>&- &
	PIDS+=" $!"
	mkfifo "$D/in"
	exec 7<> "$D/in"
	lab_wait_for test -s "$D/dnsmasq.log"
	lab_wait_for grep -q ready "$D/odd.out"
}

teardown() {
	[ ! -s "$D/err" ] || sed 's/^/# /' "$D/err" >&2
	kill $PIDS 2> /dev/null || true
	exec 7>&-
	wait $PIDS 2> /dev/null || true
	ip netns del "$NS"
}

# start SERVERS [OPTION...] ALLOWED [BLOCKED]: the resolver, with those servers (and SEARCH) in its resolv.conf
start() {
	local server
	for server in $1; do echo "nameserver $server"; done > "$D/resolv.conf"
	[ -z "${SEARCH:-}" ] || echo "search $SEARCH" >> "$D/resolv.conf"
	shift
	local options=()
	while [ "${1:0:2}" = -- ]; do
		options+=("$1")
		shift
	done
	AUDIT=1 ip netns exec "$NS" "$ROOT/build/resolver-lab" "${options[@]}" "$D/resolv.conf" "$@" < "$D/in" > "$D/out" 2> "$D/err" 3>&- &
	LAB=$!
	PIDS+=" $LAB"
	lab_wait_for grep -q READY "$D/out"
}

q() { # dig's arguments
	ip netns exec "$NS" dig +tries=1 +time=20 -p 10053 @127.0.0.1 "$@"
}

short() {
	q +short "$@"
}

status_of() { # the rcode and extended error of an answer
	q "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p; s/^; EDE: \([0-9]*\).*/EDE \1/p' | tr '\n' ' '
}

asked() { # LABEL: how often the odd server was
	grep -c "udp $1.odd" "$D/odd.log"
}

done_count_is() {
	[ "$(grep -c '^DONE' "$D/out")" = "$1" ]
}

say() { # to the pretended warden
	local before
	before=$(grep -c '^DONE' "$D/out" || true)
	echo "$*" >&7
	lab_wait_for done_count_is $((before + 1))
}

has_few_descriptors() { # PID
	local open=("/proc/$1/fd"/*)
	[ ${#open[@]} -lt 30 ]
}

client() {
	ip netns exec "$NS" python3 "$ROOT/tests/guard/clients.py" "$@"
}

@test "an allowed name is answered, and its addresses are learnt before" {
	# below a wildcard: nobody but us asks for it
	start 10.99.0.1 --filter '*.example.com'
	say hold 1
	q a.example.com > "$D/answer" &
	local dig=$!
	lab_wait_for grep -q '^LEARN a.example.com 300 93.184.216.34' "$D/out"
	sleep 0.2
	kill -0 $dig
	say hold 0
	wait $dig
	grep -q '^a.example.com.*93.184.216.34' "$D/answer"
	grep -q 'flags: qr rd ra;' "$D/answer"
	[ "$(short a.example.com AAAA)" = 2606:2800:220:1::1946 ]
	[ "$(short @::1 a.example.com)" = 93.184.216.34 ]
	[ "$(short +tcp a.example.com)" = 93.184.216.34 ]
	# of any type
	[ "$(short a.example.com TXT)" = '"hello"' ]
	[ "$(short a.example.com MX)" = "10 mail.example.com." ]
}

@test "what the warden does not let in is not told" {
	start 10.99.0.1 --filter '*.example.com'
	say status 1
	[ "$(status_of a.example.com)" = "SERVFAIL EDE 0 " ]
	say status 0
	[ "$(status_of a.example.com)" = "NOERROR " ]
}

@test "other names are refused, in every type, and nobody is asked" {
	start 10.99.0.1 --filter a.example.com,blocked.net blocked.net,bad.net
	local type
	for type in A AAAA TXT NULL MX CNAME SRV HTTPS ANY PTR DNSKEY TYPE65399; do
		[ "$(status_of other.net $type b.a.example.com $type bad.net $type)" = "REFUSED EDE 17 REFUSED EDE 17 REFUSED EDE 15 " ]
	done
	[ "$(status_of +noedns other.net)" = "REFUSED " ]
	[ "$(status_of +tcp other.net)" = "REFUSED EDE 17 " ]
	[ "$(status_of other.net AXFR)" != "NOERROR " ]
	[ "$(status_of version.bind TXT -c CH)" = "REFUSED " ]
	# the allowed list comes first
	[ "$(status_of blocked.net)" = "NOERROR " ]
	# a blocked name's addresses are asked for by ourselves
	! grep -i 'query.*\(other\|bad\)' "$D/dnsmasq.log" | grep -vi 'query\[A\(AAA\)\?\] bad.net from'
}

@test "without a filter other names are answered and open nothing, so many a second" {
	start "10.99.0.2" '*.odd.example' bad.net
	[ "$(short text.unlisted.example TXT)" = '"hello"' ]
	[ "$(short a.unlisted.example)" = 192.0.2.1 ]
	! grep -q LEARN "$D/out"
	[ "$(status_of bad.net)" = "REFUSED EDE 15 " ]
	client refusals
	# the allowed ones do not wait for the others
	[ "$(short a.odd.example)" = 192.0.2.1 ]
	grep -q 'for names on no list are refused' "$D/err"
}

@test "the guard's own name is never forwarded" {
	start 10.99.0.1 --filter a.example.com
	[ "$(short secure-init.invalid TXT)" = '"secure-init guard"' ]
	[ "$(status_of SECURE-init.invalid A)" = "NOERROR " ]
	! grep -q invalid "$D/dnsmasq.log"
}

@test "the cache answers, with a TTL that gets less; a changed policy empties it" {
	start "10.99.0.2" --filter '*.odd.example'
	local brief x nothing
	[ "$(q brief.odd.example +noall +answer | awk '{ print $2 }')" = 1 ]
	[ "$(short x.odd.example)" = 192.0.2.1 ]
	# once each, but for what is repeated because no answer came in time
	brief=$(asked brief) x=$(asked x)
	sleep 1.1
	[ "$(q x.odd.example +noall +answer | awk '$2 < 60 && $2 > 0 { print "less" }')" = less ]
	[ "$(short X.odd.Example)" = 192.0.2.1 ]
	[ "$(asked x)" = "$x" ]
	# the short one is asked for again
	[ "$(short brief.odd.example)" = 192.0.2.1 ]
	[ "$(asked brief)" -gt "$brief" ]
	# that there is no such name, too
	[ "$(status_of nothing.odd.example)" = "NXDOMAIN " ]
	nothing=$(asked nothing)
	[ "$(status_of nothing.odd.example)" = "NXDOMAIN " ]
	[ "$(asked nothing)" = "$nothing" ]
	# learnt once, told twice
	[ "$(grep -c '^LEARN x.odd' "$D/out")" = 1 ]
	say remove allowed '*.odd.example'
	[ "$(status_of x.odd.example)" = "REFUSED EDE 17 " ]
}

@test "live changes: a new name is asked for at once, a removed one refused, the filter switched" {
	start 10.99.0.1 --filter a.example.com
	[ "$(status_of other.net)" = "REFUSED EDE 17 " ]
	say add allowed other.net:443
	lab_wait_for grep -q '^LEARN other.net 300 93.184.216.35' "$D/out"
	[ "$(short other.net)" = 93.184.216.35 ]
	say remove allowed other.net:443
	[ "$(status_of other.net)" = "REFUSED EDE 17 " ]
	say filter 0
	[ "$(short other.net)" = 93.184.216.35 ]
	say add blocked other.net
	[ "$(status_of other.net)" = "REFUSED EDE 15 " ]
}

@test "names of the lists are asked for by themselves; of a blocked one too" {
	SEARCH="nowhere.test corp.test" start 10.99.0.1 --filter a.example.com,db blocked.net,half.net
	lab_wait_for grep -q '^LEARN a.example.com 300 93.184.216.34' "$D/out"
	lab_wait_for grep -q '^LEARN a.example.com 300 2606' "$D/out"
	lab_wait_for grep -q '^LEARN blocked.net 300 93.184.216.36' "$D/out"
	# an address that means nothing does not hide the other, which the warden blocks
	lab_wait_for grep -Eq '^LEARN half.net 300 .*93.184.216.38' "$D/out"
	# a name without a dot is searched as the libc does it
	lab_wait_for grep -q '^LEARN db.corp.test 300 10.1.2.3' "$D/out"
	grep -qi 'query.*db.nowhere.test' "$D/dnsmasq.log"
	! grep -qi 'query.* db from' "$D/dnsmasq.log"
	[ "$(short db.corp.test)" = 10.1.2.3 ]
	! grep -q KEEP "$D/out"
}

@test "a name that cannot be asked for is kept, and said once" {
	start 10.99.0.2 --filter servfail.odd.example,nothing.odd.example,loopback.odd.example,a.odd.example
	lab_wait_for grep -q '^KEEP servfail.odd.example 330' "$D/out"
	lab_wait_for grep -q '^KEEP nothing.odd.example 330' "$D/out"
	lab_wait_for grep -q '^KEEP loopback.odd.example 330' "$D/out"
	lab_wait_for grep -q '^LEARN a.odd.example' "$D/out"
	lab_wait_for grep -q 'servfail.odd.example cannot be looked up again' "$D/err"
	lab_wait_for grep -q 'nothing.odd.example cannot be looked up again' "$D/err"
	[ "$(grep -c 'servfail.odd.example cannot be looked up again (no server answered)' "$D/err")" = 1 ]
	[ "$(grep -c 'nothing.odd.example cannot be looked up again (it has no address)' "$D/err")" = 1 ]
	! grep -q '^KEEP a.odd' "$D/out"
}

@test "addresses that cannot be meant are withheld, and said" {
	start 10.99.0.2 --filter '*.odd.example'
	local begun=$EPOCHSECONDS
	[ "$(status_of loopback.odd.example)" = "SERVFAIL EDE 17 " ]
	[ "$(status_of mapped.odd.example AAAA)" = "SERVFAIL EDE 17 " ]
	[ "$(status_of link.odd.example)" = "SERVFAIL EDE 17 " ]
	! grep -q LEARN "$D/out"
	# once in ten seconds
	[ "$(grep -c 'cannot be meant' "$D/err")" -le $((1 + (EPOCHSECONDS - begun) / 10)) ]
	grep -q 'loopback.odd.example: DNS answers with the loopback address 127.0.0.1' "$D/err"
}

@test "chains: in any order, without strangers; a circle ends" {
	start 10.99.0.2 --filter '*.odd.example'
	[ "$(short chain.odd.example | tr 'A-Z\n' 'a-z ')" = "192.0.2.7 c.example. b.example. " ]
	grep -q '^LEARN chain.odd.example 30 192.0.2.7$' "$D/out"
	[ "$(status_of round.odd.example)" = "NOERROR " ]
}

@test "servers that are odd" {
	start 10.99.0.2 --filter '*.odd.example'
	# another case of letters, or cut short: asked again by TCP
	[ "$(short lower.odd.example)" = 192.0.2.1 ]
	[ "$(short tc.odd.example)" = 192.0.2.1 ]
	[ "$(short bytes.odd.example)" = 192.0.2.1 ]
	[ "$(grep -c '^tcp' "$D/odd.log")" = 3 ]
	# guesses are passed over; many of them, and TCP decides
	[ "$(short guess.odd.example)" = 192.0.2.1 ]
	[ "$(short flood.odd.example)" = 192.0.2.1 ]
	[ "$(short garbage.odd.example)" = 192.0.2.1 ]
	grep -q '^tcp flood.odd' "$D/odd.log"
	! grep -q 192.0.2.66 "$D/out"
	# no EDNS
	[ "$(short plain.odd.example)" = 192.0.2.1 ]
	# what is broken is none
	[ "$(status_of broken.odd.example)" = "SERVFAIL EDE 22 " ]
	[ "$(status_of hangup.odd.example)" = "SERVFAIL EDE 22 " ]
	[ "$(status_of servfail.odd.example)" = "SERVFAIL EDE 22 " ]
	[ "$(status_of refused.odd.example)" = "SERVFAIL EDE 22 " ]
	[ "$(status_of silent.odd.example)" = "SERVFAIL EDE 22 " ]
	# a question that got lost is asked again
	[ "$(short late.odd.example)" = 192.0.2.1 ]
	# seventy addresses, in three messages
	[ "$(short many.odd.example | wc -l)" = 70 ]
	[ "$(grep -c '^LEARN many' "$D/out")" = 3 ]
}

@test "the next server answers where one is absent, silent or unwilling" {
	start "10.99.0.3 10.99.0.1" --filter a.example.com,c1.example.com
	[ "$(short a.example.com)" = 93.184.216.34 ]
	say end
	wait $LAB
	start "10.99.0.2 10.99.0.1" --filter '*.example.com,*.odd.example'
	# the odd one answers this with its own address; servfail makes it go on, and dnsmasq knows no such name
	[ "$(status_of servfail.odd.example)" != "NOERROR " ]
	grep -qi 'servfail.odd' "$D/dnsmasq.log"
}

@test "no server at all" {
	start "" --filter a.example.com
	[ "$(status_of a.example.com)" = "SERVFAIL EDE 22 " ]
}

@test "nothing of the client's but its question goes to a server, nor options back" {
	start 10.99.0.2 --filter '*.odd.example'
	[ "$(short +ednsopt=65001:736563726574 +cookie +padding=128 options.odd.example)" = 192.0.2.1 ]
	q +ednsopt=65001:736563726574 options.odd.example > "$D/answer"
	! grep -q secret "$D/answer"
	# the header, the name, type and class, an empty OPT
	grep -q "^udp options.odd.example 1 $((12 + 21 + 4 + 11)) edns" "$D/odd.log"
}

@test "who asks cannot have the server's check of the signatures left out, nor its work" {
	start 10.99.0.2 --filter '*.odd.example'
	[ "$(status_of +cd bogus.odd.example)" = "SERVFAIL EDE 22 " ]
	[ "$(short +cd +norecurse recursion.odd.example)" = 192.0.2.1 ]
	q +cd recursion.odd.example | grep -q "flags: qr rd ra cd;"
	grep -q "^LEARN recursion.odd.example" "$D/out"
	! grep -q "^LEARN bogus" "$D/out"
}

@test "long answers: cut for UDP, whole by TCP" {
	start 10.99.0.1 --filter long.example.com
	q +ignore long.example.com TXT > "$D/answer"
	grep -q 'flags: qr tc rd' "$D/answer"
	grep -q 'ANSWER: 0' "$D/answer"
	[ "$(short long.example.com TXT | wc -c)" -gt 1200 ]
}

@test "the same question many times at once is asked once" {
	start 10.99.0.2 --filter '*.odd.example'
	local i digs= begun=${EPOCHREALTIME/./}
	for i in 1 2 3 4 5 6 7 8; do
		short slow.odd.example > "$D/answer$i" &
		digs+=" $!"
	done
	wait $digs
	[ "$(cat "$D"/answer* | sort -u)" = 192.0.2.1 ] || { grep . "$D"/answer* "$D/odd.log"; return 1; }
	# and once more for each 1.1 s without an answer, on a very busy machine
	[ "$(asked slow)" -le $((1 + (${EPOCHREALTIME/./} - begun) / 1100000)) ]
}

@test "TCP: pipelining, pieces, a crowd, deaf clients" {
	start 10.99.0.2 --filter '*.odd.example'
	client pipelining
	client pieces
	client deaf
	client crowd
}

@test "packets that were right once harm nobody; memory and descriptors stay" {
	start 10.99.0.2 --filter '*.odd.example,a.example.com'
	local child
	child=$(pgrep -P "$LAB" resolver-lab) || child=$LAB
	client mutants
	client mutant_answers
	awk '/VmRSS/ && $2 > 1024 { print "resident: " $2 " kB"; exit 1 }' "/proc/$child/status"
	# those that wait for a server that says nothing have some seconds
	lab_wait_for has_few_descriptors "$child"
}

@test "the ends: of the lifeline, and of the warden" {
	start 10.99.0.1 --filter a.example.com
	say end
	wait $LAB
	grep -q 'RESOLVER ENDS 0' "$D/out"
	start 10.99.0.1 --filter a.example.com
	say leave
	lab_wait_for grep -q 'RESOLVER ENDS -32' "$D/out"
}

@test "the port is taken: said, with what to do" {
	ip netns exec "$NS" python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 10053)); print("bound", flush=True); time.sleep(600)' \
		> "$D/taken" 3>&- &
	PIDS+=" $!"
	lab_wait_for grep -q bound "$D/taken"
	echo "nameserver 10.99.0.1" > "$D/resolv.conf"
	run -111 ip netns exec "$NS" "$ROOT/build/resolver-lab" "$D/resolv.conf" a.example.com < /dev/null
	[[ $output == *"cannot listen for DNS on 127.0.0.1, port 10053"*"another program"* ]]
}

@test "without IPv6 it listens on IPv4 alone" {
	ip netns exec "$NS" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
	start 10.99.0.1 --filter a.example.com
	[ "$(short a.example.com)" = 93.184.216.34 ]
}
