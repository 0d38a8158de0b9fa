# The guard's record, its alarms, its limits, and what is left when one of it dies.
bats_require_minimum_version 1.5.0
load common
load guard

# Names are asked for again a minute after the start: a container in a lab of its own waits for that meanwhile, and the last
# test looks at it.
setup_file() {
	guard_lab
	guard_setup
	odd_dns "moves.odd.lab A 5 198.18.5.1" "stays.odd.lab A 5 198.18.5.2" "fails.odd.lab A 5 198.18.5.3" \
		"deep.wild.lab A 5 198.18.5.4"
	PARA_ALLOWED_DOMAINS=moves.odd.lab:8000,stays.odd.lab,fails.odd.lab,'*.wild.lab' start sleep infinity
	WAITING=$LAB:$CAGE:$WORLD:$odd:$init
	ask deep.wild.lab A
	# all are asked within some seconds of the start; from then on DNS says something else
	(lab_wait_for guard_asked moves stays fails
	odd_dns "moves.odd.lab A 5 198.18.5.9" "stays.odd.lab A 5 198.18.5.2" "fails.odd.lab is servfail"
	echo $EPOCHSECONDS > "$LAB/switched") > /dev/null 2>&1 3>&- &
	unset CAGE_RESOLV
	export WAITING
	odd= job= init=
	guard_lab
	ip netns exec "$WORLD" python3 "$LAB_SOURCE/hold.py" serve "$NPM" 7777 "$LAB/held" > /dev/null 2>&1 3>&- &
	echo $! > "$LAB/hold.pid"
	lab_wait_for test -e "$LAB/held"
}

# guard_asked NAME...: by itself, for both families; its questions have a flag (AD) that those of the start have not
guard_asked() {
	local name type
	for name; do
		for type in 1 28; do grep -qiE "^udp [0-9]+ [0-9]+ $name\.odd\.lab $type ....0120" "$LAB/odd.log" || return 1; done
	done
}

teardown_file() {
	lab_stop hold
	lab_down
	IFS=: read -r LAB CAGE WORLD odd init <<< "$WAITING"
	kill "$init" "$odd" 2> /dev/null || true
	lab_down
}

setup() { guard_setup; }
teardown() { guard_teardown; }

# refused_packets: how many the rules refused until now, of both families
refused_packets() {
	in_cage nft -j list ruleset | python3 -c '
import json, sys
print(sum(e["counter"]["packets"] for r in json.load(sys.stdin)["nftables"] if "rule" in r
          for e, after in zip(r["rule"]["expr"], r["rule"]["expr"][1:]) if "counter" in e and ("reject" in after or after.get("xt", {}).get("name") == "REJECT")
          and r["rule"]["chain"] == "OUTPUT" and r["rule"]["expr"][-1] is after))'
}

# events FILE PYTHON: the record's lines as a list e; PYTHON must hold
events() {
	python3 - "$@" <<-'CHECK'
		import json, sys
		e = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
		assert eval(sys.argv[2]), "\n".join(map(str, e))
	CHECK
}

@test "each packet that is refused is recorded, by name and uid, at once and counted right" {
	PARA_AUDIT=$LAB/audit.json PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	local before i begun=$EPOCHSECONDS
	ask example.com A; assert_rcode NOERROR
	before=$(refused_packets)
	stays tcp $EXAMPLE 443
	stays tcp $BLOCKED6 8000
	AGENT=1234 stays udp $BLOCKED 443
	for i in 1 2 3 4 5 6 7 8 9; do stays tcp $EXAMPLE 443; done
	says "refused: tcp to $EXAMPLE port 443 (example.com), by uid 1000"
	says "refused: tcp to $BLOCKED6 port 8000, by uid 1000"
	says "refused: udp to $BLOCKED port 443, by uid 1234"
	# said once a minute
	[ "$(grep -c "tcp to $EXAMPLE port 443" "$LAB/said")" -le $((1 + (EPOCHSECONDS - begun) / 60)) ]
	i=$(($(refused_packets) - before))
	stop
	events "$LAB/audit.json" 'e[0]["event"] == "begin" and e[-1]["event"] == "end"'
	events "$LAB/audit.json" 'all("time" in x for x in e)'
	# the first at once, the rest as one count (a minute); nine or more, for TCP asks again when the refusal itself got lost
	events "$LAB/audit.json" "(lambda n: n[0] == 1 and sum(n) >= 10 and 2 <= len(n) <= $((2 + (EPOCHSECONDS - begun) / 60)))(
		[x['count'] for x in e if x.get('name') == 'example.com' and x['destination'] == '$EXAMPLE'])"
	events "$LAB/audit.json" "sum(x['count'] for x in e if x['event'] in ('refused', 'missed', 'others')) == $i"
	events "$LAB/audit.json" "e[-1]['refused'] == $i and e[-1]['lost'] == 0"
	says "the firewall refused $i packets to "
	# what the agent can read is no promise; the file is not the world's
	[ "$(stat -c %a "$LAB/audit.json")" = 640 ]
}

@test "PARA_AUDIT: standard error, a socket, nowhere; PARA_DNS_LOG, PARA_LEARN, and the report" {
	PARA_AUDIT=stderr PARA_DNS_LOG=true PARA_LEARN=true PARA_DNS=filter PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	ask api.anthropic.com A
	ask secret.tunnel.example TXT
	ask www.chain.lab A
	stays tcp $EXAMPLE 443
	stop
	events "$LAB/said" 'any(x["event"] == "dns" and x["name"] == "api.anthropic.com" and x["verdict"] == "allowed" for x in e)'
	events "$LAB/said" 'any(x["event"] == "dns" and x["name"] == "secret.tunnel.example" and x["type"] == "TXT" and x["verdict"] == "refused" for x in e)'
	events "$LAB/said" '{x["entry"] for x in e if x["event"] == "needed"} == {"'$EXAMPLE':443", "www.chain.lab:443"}'
	run "$SECURE_INIT" report "$LAB/said"
	assert_status 0
	assert_says "tcp to $EXAMPLE port 443, by uid 1000"
	assert_says "secret.tunnel.example (TXT)"
	assert_says "PARA_ALLOWED_DOMAINS="
	lab_clean

	python3 "$LAB_SOURCE/collect.py" "$LAB/run/audit.sock" "$LAB/collected" 3>&- &
	odd=$!
	lab_wait_for test -S "$LAB/run/audit.sock"
	PARA_AUDIT=unix:$LAB/run/audit.sock PARA_LEARN=true PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	stays tcp $EXAMPLE 443
	says "refused: tcp to $EXAMPLE"
	stop
	lab_wait_for grep -q '"event":"end"' "$LAB/collected"
	events "$LAB/collected" 'list(dict.fromkeys(x["event"] for x in e)) == ["begin", "refused", "needed", "end"]'
	says "to allow all of this: PARA_ALLOWED_DOMAINS=$EXAMPLE:443"
	lab_clean

	PARA_AUDIT=off PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	stays tcp $EXAMPLE 443
	stop
	! grep -q "refused" <(grep -v proved "$LAB/said" | grep -v 'closed: everything') || { cat "$LAB/said"; return 1; }
	lab_clean
	PARA_AUDIT=unix:$LAB/run/nowhere.sock PARA_ALLOWED_DOMAINS=api.anthropic.com run caged echo AGENT-RAN
	[ "$status" -ne 0 ]
	refute_says AGENT-RAN
}

@test "on a terminal no line of the guard disturbs the agent's screen" {
	export PARA_ALLOWED_DOMAINS=api.anthropic.com DOCKER_CAPS
	SHELL=/bin/bash run script -qec "$(declare -f cage); cage '$SECURE_INIT' -- sh -c 'echo BEGIN; \"$TRY\" tcp $BLOCKED 443; sleep 0.3; tty; echo END; exit 5'" /dev/null
	assert_status 5
	assert_says EHOSTUNREACH
	assert_says /dev/
	local screen=${output#*BEGIN}
	[[ ${screen%%END*} != *secure-init* ]] || { echo "$output"; return 1; }
}

@test "each of the guard has its own user and no more rights and descriptors than it needs" {
	PARA_ALLOWED_DOMAINS=github.com,api.github.com,api.anthropic.com PARA_RUN_AS=1000:1000 start sleep infinity
	local role pid
	for role in resolver warden fetcher; do
		pid=$(guard_pid $role)
		[ -n "$pid" ]
		run cat "/proc/$pid/status"
		case $role in
		warden) grep -Pq 'Uid:\t65502\t65502\t65502\t65502' <<< "$output"
			grep -q $'CapPrm:\t0000000000001000' <<< "$output"
			grep -q $'CapEff:\t0000000000001000' <<< "$output" ;;
		*) grep -Pq 'Uid:\t65501\t65501\t65501\t65501' <<< "$output"
			grep -q $'CapPrm:\t0000000000000000' <<< "$output"
			grep -q $'CapEff:\t0000000000000000' <<< "$output" ;;
		esac
		[ $role != resolver ] || grep -q $'Seccomp:\t2' <<< "$output"
		grep -q $'CapInh:\t0000000000000000' <<< "$output"
		grep -q $'CapBnd:\t0000000000000000' <<< "$output"
		grep -q $'CapAmb:\t0000000000000000' <<< "$output"
		grep -q $'NoNewPrivs:\t1' <<< "$output"
		grep -Pq 'Groups:\t *$' <<< "$output"
		# no file that can be written but what says things
		ls -l "/proc/$pid/fd" | awk 'NR > 1 { print substr($1, 1, 4), $NF }' > "$LAB/fds-$role"
	done
	python3 - "$LAB/run" "$init" "$(guard_pid resolver)" "$(guard_pid warden)" "$(guard_pid fetcher)" <<-'CHECK'
		import os, sys
		def sockets(pid):
		    return {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")
		            if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")}
		one, resolver, warden, fetcher = (sockets(pid) for pid in sys.argv[2:])
		assert not resolver & (one | warden | fetcher), "the resolver's"
		assert not fetcher & (one | warden | resolver), "the fetcher's"
		assert len(one & warden) <= 1, "the warden shares the one that owns the tables"
		assert len(fetcher) == 1, fetcher
		children = open(f"/proc/{sys.argv[2]}/task/{sys.argv[2]}/children").read().split()
		agent = next(pid for pid in children if pid not in sys.argv)
		assert not sockets(agent), "the agent's"
	CHECK
	# the agent can neither see into them nor signal them, also as uid 0
	for AGENT in 1000 0; do
		run as_agent sh -c 'for p in /proc/[0-9]*; do case $(cat $p/comm) in guard-*|secure-init)
			ls $p/fd/ > /dev/null 2>&1 && readlink $p/fd/0 && echo "saw $p"; cat $p/environ $p/mem > /dev/null 2>&1 && echo "read $p"
			case $(cat $p/comm) in guard-*) kill -0 ${p#/proc/} 2> /dev/null && echo "may signal $p" ;; esac ;; esac; done; true'
		[ -z "$output" ] || { echo "uid $AGENT: $output"; return 1; }
	done
	AGENT=1000
	# the whole of it goes when the agent does
	local pids
	pids="$(guard_pid resolver) $(guard_pid warden) $(guard_pid fetcher)"
	stop
	for pid in $pids; do [ ! -e "/proc/$pid" ]; done
}

# passes CODE: the agent's exit status; took is by how much it outlived the agent, in microseconds
passes() {
	run -"$1" caged bash -c "sleep 0.1; echo \$EPOCHREALTIME > '$LAB/run/end'; exit $1"
	took=$((${EPOCHREALTIME/./} - $(tr -d . < "$LAB/run/end")))
	lab_clean
}

@test "the agent's exit status passes, at once" {
	local code took least=9999999 without
	export PARA_ALLOWED_DOMAINS=api.anthropic.com
	# what it takes on this machine now, with no guard to wait for
	PARA_GUARD=off passes 3
	without=$took
	for code in 0 7 143; do
		passes $code
		[ $took -ge $least ] || least=$took
	done
	start sh -c 'exec sleep infinity'
	took=${EPOCHREALTIME/./}
	stop
	took=$((${EPOCHREALTIME/./} - took))
	[ "$ended" -eq 143 ]
	[ $took -ge $least ] || least=$took
	# the machine may be slow, but not each time
	echo "$least us, without a guard $without us"
	[ $least -lt $((without + 700000)) ]
}

# dies ROLE: the guard's process is killed; what is known afterwards
dies() {
	local pid
	pid=$(guard_pid "$1")
	[ -n "$pid" ]
	kill -9 "$pid"
	says "the guard's $1 has ended (signal 9): the firewall stands as it is"
}

# the firewall is what it was, to outside readers and to packets; nobody is a zombie
stands() {
	run in_cage iptables -S OUTPUT
	[ "$(tail -1 <<< "$output")" = "-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited" ]
	[ "$(head -1 <<< "$output")" = "-P OUTPUT DROP" ]
	opens tcp $ANTHROPIC 443
	stays tcp $EXAMPLE 443
	stays tcp $BLOCKED6 8000
	run in_cage iptables -F OUTPUT
	[ "$status" -ne 0 ]
	lab_wait_for no_zombie
}

no_zombie() {
	local pid
	for pid in $(pgrep -P "$init"); do ! grep -q '^State:.Z' "/proc/$pid/status" || return 1; done
}

no_dns() {
	local server
	for server in 192.0.2.1 $GATEWAY 127.0.0.1; do
		run as_agent dig +short +tries=1 +time=1 @$server api.anthropic.com
		refute_says $ANTHROPIC
		run as_agent dig +short +tries=1 +time=1 +tcp @$server api.anthropic.com
		refute_says $ANTHROPIC
	done
}

@test "kill -9 of the resolver, the warden, the fetcher: DNS is closed, the firewall stands, and it is said" {
	export PARA_ALLOWED_DOMAINS=github.com,api.github.com,api.anthropic.com PARA_ALLOW_HOST=none
	start sleep infinity
	dies fetcher
	stands
	ask api.anthropic.com A; assert_rcode NOERROR
	run in_cage "$SECURE_INIT" list
	assert_status 0
	dies resolver
	stands
	no_dns
	kill -0 "$init"
	# who takes the resolver's port serves himself
	as_agent timeout 3 python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 10053)); print(s.recv(99))' \
		> "$LAB/run/squatter" 2>&1 3>&- || true
	run in_cage "$SECURE_INIT" deny api.anthropic.com
	assert_status 0
	stays tcp $ANTHROPIC 443
	stop
	lab_clean
	start sleep infinity
	dies warden
	says "the guard's resolver has ended"
	stands
	no_dns
	# nobody is believed in its place
	as_agent python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind("\0secure-init"); s.listen(); open("'"$LAB"'/run/squats", "w").close(); time.sleep(600)' 3>&- &
	local squatter=$!
	lab_wait_for test -e "$LAB/run/squats"
	run in_cage timeout 60 "$SECURE_INIT" list
	[ "$status" -ne 0 ]
	assert_says "not believed"
	kill $squatter
	stop
	[ "$ended" -eq 143 ]
}

@test "PARA_ON_GUARD_LOSS=stop: the agent ends with any of it" {
	local role
	export PARA_ALLOWED_DOMAINS=github.com,api.github.com,api.anthropic.com PARA_ON_GUARD_LOSS=stop
	for role in resolver warden fetcher; do
		start sleep infinity
		kill -9 "$(guard_pid $role)"
		lab_wait_for lab_ended "$job"
		# the warden's end is the resolver's as well, which may be seen first, and the agent be ended for it
		grep -qF "the guard's $role has ended (signal 9): the firewall stands as it is" "$LAB/said" ||
			{ [ $role = warden ] && grep -qF "the guard's resolver has ended (status " "$LAB/said"; } || { cat "$LAB/said"; return 1; }
		says "the agent is ended (PARA_ON_GUARD_LOSS=stop)"
		init=
		stop
		[ "$ended" -eq 110 ]
		lab_clean
	done
}

# touched: the sets, and it tells; once more if the guard, who looks every ten seconds, has put them back just now
touched() {
	in_cage ipset -exist add allowed-domains $BLOCKED
	in_cage ipset -exist add allowed-domains6 ::/1
	in_cage ipset flush allowed-ports
	in_cage ipset -exist del allowed-domains $ANTHROPIC
	try tcp $BLOCKED 443
}

put_back() {
	[ "$(members allowed-domains)" = "$ANTHROPIC" ] && [ "$(members allowed-domains6)" = "$ANTHROPIC6" ] &&
		[ "$(members allowed-ports)" = "$(printf '%s\n' "$NPM,tcp:7777" "$NPM,udp:7777")" ]
}

@test "whoever has NET_ADMIN and touches the sets: an alarm, and they are put back" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com,104.16.1.34:7777 start sleep infinity
	lab_wait_for touched
	as_agent python3 "$LAB_SOURCE/hold.py" $BLOCKED 22 > /dev/null 2>&1 || true
	# the tables are its own where the kernel can do that; a new one is said, and left alone
	local owned=no
	in_cage iptables -I OUTPUT -j ACCEPT 2> /dev/null || owned=yes
	in_cage nft add rule inet secure-init dns counter accept 2> /dev/null || true
	in_cage nft delete table inet secure-init 2> /dev/null || true
	in_cage nft add table inet elsewhere
	says "somebody else changes packet filters in this network: outside of the firewall a table was made"
	in_cage nft list table inet elsewhere > /dev/null
	says "THE FIREWALL WAS CHANGED"
	says "it is put back"
	lab_wait_for put_back
	stays tcp $BLOCKED 443
	stays tcp $BLOCKED6 443
	opens tcp $ANTHROPIC 443
	opens tcp $NPM 7777
	run in_cage nft list chain inet secure-init dns
	assert_says "redirect to :10053"
	refute_says "accept"$'\n'
	run in_cage iptables -S OUTPUT
	refute_says "-A OUTPUT -j ACCEPT"
	echo "owned: $owned"
}

@test "an agent that ignores SIGTERM and keeps signals waiting for process 1 is killed when its grace is over" {
	PARA_ON_GUARD_LOSS=stop PARA_KILL_GRACE=2 PARA_ALLOWED_DOMAINS=$NPM PARA_RUN_AS=1000 start python3 -c '
import os, signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
end = time.monotonic() + 25
os.fork()
while time.monotonic() < end: os.kill(1, 35)'
	local begun=$SECONDS
	kill -9 "$(guard_pid warden)"
	lab_wait_for lab_ended "$job"
	[ $((SECONDS - begun)) -lt 15 ]
	init=
	stop
	[ "$ended" -eq 110 ]
}

@test "PARA_ON_TAMPER=stop: what was changed is put back, and the agent is ended, whatever it says of that" {
	PARA_ON_TAMPER=stop PARA_KILL_GRACE=8 PARA_ALLOWED_DOMAINS=api.anthropic.com start \
		sh -c 'trap "" TERM; while [ ! -e "$0" ]; do sleep 0.1; done; exit 0' "$LAB/run/enough"
	in_cage ipset flush allowed-domains6
	says "THE FIREWALL WAS CHANGED"
	says "the agent is ended (PARA_ON_TAMPER=stop)"
	in_set allowed-domains6 $ANTHROPIC6
	touch "$LAB/run/enough"
	lab_wait_for lab_ended "$job"
	rm "$LAB/run/enough"
	init=
	stop
	[ "$ended" -eq 110 ]
}

@test "PARA_LIMIT_CONNECTIONS: what is more than that in a minute is refused, and recorded as such" {
	PARA_LIMIT_CONNECTIONS=20 PARA_AUDIT=$LAB/limit.json PARA_ALLOWED_DOMAINS=api.anthropic.com,v4.lab start sleep infinity
	local begun=$EPOCHSECONDS good
	run as_agent python3 "$LAB_SOURCE/limits.py" connect 40 $ANTHROPIC 8000
	good=${output#connected }
	echo "$output"
	# and one more every three seconds
	[ "$good" -ge 19 ] && [ "$good" -le $((22 + (EPOCHSECONDS - begun) / 3)) ]
	# DNS is no connection, and goes on
	ask v4.lab A; assert_rcode NOERROR
	stop
	events "$LAB/limit.json" "sum(x['count'] for x in e if x['event'] == 'refused' and x['why'] == 'limit') >= 40 - $good"
	events "$LAB/limit.json" "not [x for x in e if x['event'] == 'refused' and x['why'] != 'limit']"
}

@test "PARA_QUOTA_BYTES: what is more than that in all is refused, and recorded as such" {
	PARA_QUOTA_BYTES=100k PARA_AUDIT=$LAB/quota.json PARA_ALLOWED_DOMAINS=$NPM:7777,api.anthropic.com start sleep infinity
	run as_agent python3 "$LAB_SOURCE/limits.py" send 200000 $NPM 7777
	echo "$output"
	local back=${output#returned }
	[ "$back" -ge 20000 ] && [ "$back" -le 102400 ]
	stays tcp $ANTHROPIC 443
	ask api.anthropic.com A; assert_rcode NOERROR
	stop
	events "$LAB/quota.json" "any(x['event'] == 'refused' and x['why'] == 'quota' for x in e)"
}

@test "unprotected-observe: all is open, loudly, and what would have been refused is on record" {
	PARA_NETWORK_MODE=unprotected-observe PARA_LEARN=true PARA_AUDIT=$LAB/observe.json PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	ask example.com A; assert_rcode NOERROR
	opens tcp $EXAMPLE 443
	opens tcp $ANTHROPIC 443
	opens udp $BLOCKED 443
	opens tcp $BLOCKED6 8000
	stop
	says "NETWORK ISOLATION IS OFF for all that goes out: the mode unprotected-observe"
	! grep "isolation is enabled" "$LAB/said"
	says "to allow all of this: PARA_ALLOWED_DOMAINS="
	events "$LAB/observe.json" 'any(x.get("name") == "example.com" and x["port"] == 443 for x in e)'
	events "$LAB/observe.json" 'not any(x.get("name") == "api.anthropic.com" and x["event"] == "refused" for x in e)'
}

@test "names are asked for again ahead of their time, if nobody asks; what DNS does not say any more stays for a while" {
	IFS=: read -r LAB CAGE WORLD _ init <<< "$WAITING"
	local tries begun old
	for ((tries = 0; tries < 900; tries++)); do
		! in_set allowed-ports 198.18.5.9,tcp:8000 || break
		sleep 0.1
	done
	# by then all were asked, and DNS said something else
	begun=$(cat "$LAB/switched")
	# a minute lies between, less the seconds in which all were asked, and a tenth
	[ $((EPOCHSECONDS - begun)) -ge 40 ]
	opens tcp 198.18.5.9 8000
	# for as long as what was lent before lasts; a very slow machine comes later
	if [ $((EPOCHSECONDS - begun)) -lt 300 ]; then
		opens tcp 198.18.5.1 8000
		opens tcp 198.18.5.4 443
	fi
	says "fails.odd.lab cannot be looked up again"
	sleep 6
	opens tcp 198.18.5.3 443
	lab_wait_for lent_anew 198.18.5.2
	# the most that a lease of before has left: a minute and the grace, less what has passed
	old=$((360 - EPOCHSECONDS + begun))
	run in_cage ipset list allowed-domains
	python3 - "$output" $old <<-'CHECK'
		import sys
		old = int(sys.argv[2])
		left = {line.split()[0]: int(line.split()[2]) for line in sys.argv[1].splitlines() if " timeout " in line and line[0].isdigit()}
		# asked for again; not to be had, and kept; not asked for by anybody
		assert left["198.18.5.2"] > old + 10, (old, left)
		assert left["198.18.5.3"] > old + 5, (old, left)
		assert left.get("198.18.5.4", 0) <= max(old, 0) + 3, (old, left)
	CHECK
	run in_cage ipset list allowed-ports
	python3 - "$output" $old <<-'CHECK'
		import sys
		old = int(sys.argv[2])
		left = {line.split()[0]: int(line.split()[2]) for line in sys.argv[1].splitlines() if line.startswith("198.")}
		assert left.get("198.18.5.1,tcp:8000", 0) <= max(old, 0) + 3, (old, left)
		assert left["198.18.5.9,tcp:8000"] > old + 10, (old, left)
	CHECK
	# by the start, by the guard, and then each minute, not each five seconds; a question that gets no answer in time is repeated
	local asked
	asked=$(grep -ciE ' moves.odd.lab 1 ' "$LAB/odd.log")
	[ "$asked" -ge 3 ] && [ "$asked" -le $((3 + (EPOCHSECONDS - begun) / 10)) ]
}

# lent_anew ADDRESS: for longer than it could be from before
lent_anew() {
	[ "$(in_cage ipset list allowed-domains | sed -n "s/^$1 timeout //p")" -gt $((370 - EPOCHSECONDS + begun)) ]
}
