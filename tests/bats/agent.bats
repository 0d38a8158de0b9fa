# Running the agent and serving as its init (steps 8, 9); and what ends the set-up early.
bats_require_minimum_version 1.5.0
load common

# a start without isolation, as PID 1
plain() {
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS= PARA_LOG_LEVEL=error cage "$SECURE_INIT" -- "$@"
}

@test "the exit status is the agent's, or 128 and its signal" {
	local code
	for code in 0 1 7 125 255; do
		run plain sh -c "exit $code"
		assert_status $code
	done
	run plain sh -c 'kill -TERM $$'
	assert_status 143
	run plain sh -c 'kill -KILL $$'
	assert_status 137
	run caged sh -c 'exit 42'
	assert_status 42
}

@test "not found is 127, not executable is 126" {
	run -127 plain /no/such/agent
	run -127 plain no-such-agent
	run -126 plain /etc/passwd
}

@test "signals reach the agent" {
	local signal
	for signal in HUP INT QUIT USR1 USR2 TERM WINCH CONT; do
		rm -f "$LAB/out" # the one before says "ready" too
		plain python3 -c "
import signal, sys, time
def got(number, frame):
    print('GOT', signal.Signals(number).name, flush=True)
    sys.exit(9)
signal.signal(signal.SIG$signal, got)
print('ready', flush=True)
time.sleep(100)" > "$LAB/out" 2>&1 3>&- &
		lab_wait_for grep -q ready "$LAB/out"
		kill -s $signal "$(pgrep -f "^$SECURE_INIT -- python3 -c" | head -1)"
		wait $! && code=0 || code=$?
		run cat "$LAB/out"
		assert_says "GOT SIG$signal"
		[ "$code" -eq 9 ]
	done
}

@test "orphans are reaped, and never taken for the agent" {
	run plain sh -c '
		sh -c "i=0; while [ \$i -lt 50 ]; do (sleep 0.1; exit 3) & i=\$((i+1)); done"
		sh -c "sh -c \"exit 5\" & exec true"
		i=0; while [ "$(ps -o pid= --ppid 1 | wc -l)" -gt 1 ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i+1)); done
		ps -eo stat | grep -c ^Z
		exit 4'
	assert_status 4
	[ "${lines[0]}" = 0 ]
}

@test "when the agent ends, the container ends with it" {
	local start=$SECONDS
	run plain sh -c 'sleep 60 & exit 0'
	assert_status 0
	[ $((SECONDS - start)) -lt 50 ]
}

@test "the agent inherits standard streams, the caller's descriptors and nothing of ours" {
	run caged sh -c 'cat; ls /proc/self/fd | tr "\n" " "' 9< /dev/null <<< from-stdin
	assert_says from-stdin
	local plain_fds
	plain_fds=$(cage sh -c 'ls /proc/self/fd | tr "\n" " "' 9< /dev/null < /dev/null)
	assert_says "$plain_fds"
}

@test "directory, environment, umask and ignored signals reach the agent unchanged" {
	cd /usr
	umask 027
	MY_OWN=value run bash -c 'trap "" USR1; source "$1"; caged sh -c "pwd; echo \$MY_OWN; umask; grep SigIgn /proc/self/status"' - "$LAB_SOURCE/lab.bash"
	assert_says /usr
	assert_says value
	assert_says 0027
	# SIGUSR1 (bit 9), and whatever whoever runs the tests ignores
	local ignored
	ignored=$(bash -c 'trap "" USR1; source "$1"; cage grep SigIgn /proc/self/status' - "$LAB_SOURCE/lab.bash")
	[[ "$ignored" == *[2367abef]?? ]]
	assert_says "$ignored"
	# not by way of a shell, which would set its own mask
	run caged grep SigBlk /proc/self/status
	assert_says "SigBlk:	0000000000000000"
}

@test "with a terminal the agent is in its foreground" {
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS= PARA_LOG_LEVEL=error run script -qec "'$SECURE_INIT' -- python3 -c \"
import os
print('FOREGROUND', os.tcgetpgrp(0) == os.getpgrp())\"" /dev/null
	assert_says "FOREGROUND True"
}

@test "the set-up has a deadline, and says what it was at" {
	local seconds
	silent_dns
	for seconds in 1 4 12; do # a slow machine is not so far after one
		PARA_SETUP_TIMEOUT=$seconds CAGE_RESOLV=$LAB/resolv.silent run caged echo AGENT-RAN
		assert_status 109
		refute_says AGENT-RAN
		[[ $output != *"while looking up"* ]] || break
	done
	assert_says "the set-up took longer than $seconds s (PARA_SETUP_TIMEOUT), while looking up the allowed names"
	run in_cage iptables -S OUTPUT
	assert_says "-P OUTPUT DROP"
}

@test "PID 1 gives back what the set-up needed, and makes no system call while idle" {
	rm -f "$LAB/out"
	caged sleep 1000 > "$LAB/out" 2>&1 3>&- &
	local job=$! pid
	lab_wait_for grep -q proved "$LAB/out"
	lab_wait_for pgrep -x -f "sleep 1000"
	pid=$(pgrep -f "^$SECURE_INIT -- sleep 1000" | head -1)
	idle_calls "$pid"
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")" -le 1024 ]
	[ "$(grep -vc '^rt_sigtimedwait\|^--- SIGCONT\|^strace' "$LAB/strace")" -eq 0 ] || { cat "$LAB/strace"; return 1; }
	[ "$(grep -c rt_sigtimedwait "$LAB/strace")" -le 1 ]
	kill "$pid"
	wait $job || true
}
