# As an init: the same scenarios through tini, dumb-init, catatonit and secure-init, as PID 1 of a pid namespace (docs/init.md).
# "native": what an emulator of another processor cannot show; arm64.bats runs the rest a second time. Signals in quick
# succession are of it: QEMU 7.2 itself ends by SIGSEGV, under a program that does nothing but sigwait() too.
bats_require_minimum_version 1.5.0
load common

setup_file() { export LAB=$(mktemp -d); }
teardown_file() { rm -rf "$LAB"; }

setup() {
	common_setup
	export PARA_NETWORK_ISOLATION=false PARA_LOG_LEVEL=error
	unset PARA_ALLOWED_DOMAINS
	rm -f "$LAB/out"
}

INITS="tini dumb-init catatonit secure-init"

# init NAME OPTIONS COMMAND...: the command under this init, as PID 1; takes the place of the (sub)shell that calls it
init() {
	local name=$1 options=$2
	shift 2
	case $name in
	tini | catatonit) set -- $name $options -- "$@" ;;
	dumb-init) set -- dumb-init $options "$@" ;;
	secure-init) set -- "$SECURE_INIT" $options -- "$@" ;;
	esac
	exec unshare --pid --fork --kill-child --mount-proc -- "$@"
}

# The init's pid, as seen from here: the child of the unshare that runs as job $1.
init_pid() {
	lab_wait_for pgrep -P "$1"
	pgrep -P "$1"
}

# An agent that notes every signal that it gets, and ends at SIGTERM with status 9. Of those that wait, the lowest is the first.
RECORDER='
import signal, sys
every = set(range(1, 65)) - {9, 17, 19, 32, 33}
signal.pthread_sigmask(signal.SIG_SETMASK, every)
print("ready", flush=True)
while True:
    number = signal.sigwait(every)
    print(int(number), flush=True)
    if number == signal.SIGTERM: sys.exit(9)'

record() { # NAME OPTIONS: starts the recorder; sets job and pid
	rm -f "$LAB/out" # the one before says "ready" too
	init "$1" "$2" python3 -c "$RECORDER" > "$LAB/out" 2>&1 3>&- &
	job=$!
	lab_wait_for grep -q ready "$LAB/out"
	pid=$(init_pid $job)
}

@test "exit statuses: the agent's, and 128 + its signal" {
	local name
	for name in $INITS; do
		for code in 0 1 42 255; do
			run init $name "" sh -c "exit $code"
			assert_status $code
		done
		run init $name "" sh -c 'kill -TERM $$'
		assert_status 143
	done
}

# bats test_tags=native
@test "every signal that tini passes on, we pass on; 34 and the real-time ones too" {
	local name number
	declare -A seen
	passed() { [ "$(grep -cx 64 "$LAB/out")" -eq "$1" ]; }
	for name in tini catatonit secure-init; do
		record $name ""
		for number in {1..16} 18 20 {23..31} {34..64}; do
			case $number in 9 | 15 | 17) continue ;; esac
			kill -$number "$pid"
			# a SIGTSTP takes away a SIGCONT that still waits (signal(7)): until 64, which is taken last, was passed on
			[ $number -ne 18 ] || { kill -64 "$pid" && lab_wait_for passed 1; }
		done
		lab_wait_for passed 2
		kill -TERM "$pid"
		wait $job || true
		seen[$name]=$(sort -nu "$LAB/out" | tr '\n' ' ')
	done
	echo "tini: ${seen[tini]}"
	echo "ours: ${seen[secure-init]}"
	for number in ${seen[tini]} ${seen[catatonit]}; do
		grep -qw "$number" <<< "${seen[secure-init]}"
	done
	for number in 34 35 50 64; do grep -qw $number <<< "${seen[secure-init]}"; done
}

# bats test_tags=native
@test "many at once: none is lost, a real-time one not even when it comes a hundred times" {
	rm -f "$LAB/out"
	init secure-init "" python3 -c "
import signal, sys
every = {1, 2, 10, 12, 15, 28, 40}
signal.pthread_sigmask(signal.SIG_SETMASK, every)
print('ready', flush=True)
while True:
    number = signal.sigwait(every)
    print(int(number), flush=True)
    if number == 15: sys.exit(9)" > "$LAB/out" 2>&1 3>&- &
	local job=$! pid number
	lab_wait_for grep -q ready "$LAB/out"
	pid=$(init_pid $job)
	kill -STOP "$pid"
	for number in 1 2 10 12 28; do kill -$number "$pid"; done
	for number in {1..100}; do kill -40 "$pid"; done
	kill -CONT "$pid"
	hundred() { [ "$(grep -cx 40 "$LAB/out")" -ge 100 ]; }
	lab_wait_for hundred
	kill -TERM "$pid"
	wait $job && code=0 || code=$?
	[ $code -eq 9 ]
	for number in 1 2 10 12 28; do [ "$(grep -cx $number "$LAB/out")" -eq 1 ]; done
	[ "$(grep -cx 40 "$LAB/out")" -eq 100 ]
}

# bats test_tags=native
@test "a real-time signal's value arrives with it, in order" {
	rm -f "$LAB/out"
	init secure-init "" python3 -c "
import signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, {40, 15})
print('ready', flush=True)
import ctypes
libc = ctypes.CDLL(None)
info, mask = (ctypes.c_int * 32)(), (ctypes.c_ulong * 16)(1 << 39 | 1 << 14)
while True:
    number = libc.sigwaitinfo(mask, info)
    print(number, info[6], flush=True) # si_value is behind number, error, code, padding, pid and uid (sigaction(2))
    if number == 15: sys.exit(9)" > "$LAB/out" 2>&1 3>&- &
	local job=$! pid number
	lab_wait_for grep -q ready "$LAB/out"
	pid=$(init_pid $job)
	python3 -c "
import ctypes, sys
for value in range(1001, 1021):
    assert ctypes.CDLL(None).sigqueue(int(sys.argv[1]), 40, ctypes.c_void_p(value)) == 0" "$pid"
	lab_wait_for grep -qx "40 1020" "$LAB/out"
	kill -TERM "$pid"
	wait $job && code=0 || code=$?
	[ $code -eq 9 ]
	[ "$(sed -n 's/^40 //p' "$LAB/out" | tr '\n' ' ')" = "$(seq -s ' ' 1001 1020) " ]
}

@test "-g, PARA_SIGNAL_GROUP and tini's variable: the whole process group gets it" {
	local how
	for how in option variable tini; do
		rm -f "$LAB/child"
		case $how in
		option) export -n PARA_SIGNAL_GROUP TINI_KILL_PROCESS_GROUP; options=-g ;;
		variable) export PARA_SIGNAL_GROUP=true; options= ;;
		tini) unset PARA_SIGNAL_GROUP; export TINI_KILL_PROCESS_GROUP=1; options= ;;
		esac
		init secure-init "$options" python3 -c "
import os, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: (os.wait(), os._exit(5)))
if os.fork() == 0:
    signal.signal(signal.SIGUSR1, lambda *_: (print('got', file=open('$LAB/child', 'w'), flush=True), os._exit(0)))
    open('$LAB/ready', 'w').close()
    time.sleep(100)
    os._exit(0)
time.sleep(200)" 3>&- &
		job=$!
		lab_wait_for test -e "$LAB/ready"
		kill -USR1 "$(init_pid $job)"
		wait $job && code=0 || code=$?
		[ "$code" -eq 5 ]
		[ "$(cat "$LAB/child")" = got ]
		rm "$LAB/ready"
		unset PARA_SIGNAL_GROUP TINI_KILL_PROCESS_GROUP
	done
}

@test "rewriting: TERM as QUIT, HUP as nothing (dumb-init's table)" {
	record secure-init "--rewrite 15:3 -r HUP:0"
	kill -HUP "$pid"
	kill -TERM "$pid"
	lab_wait_for grep -qx 3 "$LAB/out"
	kill -KILL "$pid"
	wait $job || true
	[ "$(grep -cx 1 "$LAB/out")" -eq 0 ]
	[ "$(grep -cx 15 "$LAB/out")" -eq 0 ]
	run -100 "$SECURE_INIT" --rewrite 15 -- true
	assert_says "write it as FROM:TO"
}

@test "-e: a status of the agent's becomes 0 (tini's)" {
	for name in tini secure-init; do
		run init $name "-e 143 -e 3" sh -c 'kill -TERM $$'
		assert_status 0
		run init $name "-e 143 -e 3" sh -c 'exit 3'
		assert_status 0
		run init $name "-e 143" sh -c 'exit 4'
		assert_status 4
	done
}

@test "orphans: two thousand that end together are all reaped, by each of the four" {
	local name
	gcc -O2 -D_GNU_SOURCE -o "$LAB/inmate" "$ROOT/bench/inmate.c"
	for name in $INITS; do
		# says when they begin to end, and when none is left; something else if there were fewer
		run init $name "" "$LAB/inmate" reap 2000
		assert_status 0
		[[ "$output" =~ ^[0-9]+$'\n'[0-9]+$ ]]
	done
}

@test "whoever started it with SIGCHLD ignored: it still sees the agent end, and with what" {
	local start='import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])'
	run timeout -s KILL 20 unshare --pid --fork --kill-child --mount-proc -- python3 -c "$start" "$SECURE_INIT" -- sh -c 'true; exit 7'
	assert_status 7
	# nor does the agent inherit it
	run timeout -s KILL 20 unshare --pid --fork --kill-child --mount-proc -- python3 -c "$start" "$SECURE_INIT" -- \
		python3 -c 'import signal; print(signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)'
	assert_says True
}

# bats test_tags=native
@test "not process 1: orphans are taken in all the same, with a warning unless -s says that it is meant" {
	# whoever waited for the parent finds the orphan with its new one
	local agent='orphan=$(sh -c "sleep 100 > /dev/null & echo \$!"); ps -o ppid= -p $orphan; kill $orphan'
	PARA_LOG_LEVEL=warn run unshare --pid --fork --mount-proc sh -c '"$@"; exit $?' sh "$SECURE_INIT" -- sh -c "$agent"
	assert_says "this is not process 1"
	# the orphan's parent is secure-init (2), not the shell (1)
	grep -qE '^ *2$' <<< "$output"
	PARA_LOG_LEVEL=warn run unshare --pid --fork --mount-proc sh -c '"$@"; exit $?' sh "$SECURE_INIT" -s -- sh -c "$agent"
	refute_says "this is not process 1"
	PARA_LOG_LEVEL=warn TINI_SUBREAPER=1 run unshare --pid --fork --mount-proc sh -c '"$@"; exit $?' sh "$SECURE_INIT" -- sh -c "$agent"
	refute_says "this is not process 1"
}

@test "the end: what is left gets SIGTERM, the grace, then SIGKILL; 0 is at once, as with tini" {
	# a child of the agent that takes half a second to follow
	local agent='sh -c "trap \"sleep 0.5; echo CLEANED > '$LAB'/cleaned; exit\" TERM; echo > '$LAB'/up; while :; do sleep 0.05; done" & while [ ! -e '$LAB'/up ]; do sleep 0.02; done; exit 6'
	local name tries
	# which on a busy machine may once be longer than the two seconds that it has
	for tries in {1..5}; do
		rm -f "$LAB/up"
		run init secure-init "" sh -c "$agent"
		assert_status 6
		[ ! -e "$LAB/cleaned" ] || break
	done
	[ -e "$LAB/cleaned" ]
	rm "$LAB/cleaned" "$LAB/up"
	for name in tini catatonit secure-init; do
		PARA_KILL_GRACE=0 run init $name "" sh -c "$agent"
		assert_status 6
		[ ! -e "$LAB/cleaned" ]
		rm -f "$LAB/up"
	done
	# one that does not follow is killed when the grace is over
	local start=$SECONDS
	agent='sh -c "trap \"\" TERM; echo > '$LAB'/up; while :; do sleep 0.1; done" & while [ ! -e '$LAB'/up ]; do sleep 0.02; done; exit 6'
	PARA_KILL_GRACE=3 run init secure-init "" sh -c "$agent"
	assert_status 6
	[ $((SECONDS - start)) -ge 3 ]
	rm "$LAB/up"
}

@test "an agent that ignores SIGTERM is killed after PARA_KILL_GRACE, and only if that is set" {
	rm -f "$LAB/up" "$LAB/over"
	PARA_KILL_GRACE=1 init secure-init "" sh -c 'trap "" TERM; echo up > '"$LAB"'/up; while :; do sleep 0.1; done' 3>&- &
	local job=$! start
	lab_wait_for test -e "$LAB/up"
	start=$SECONDS
	kill -TERM "$(init_pid $job)"
	wait $job && code=0 || code=$?
	[ $code -eq 137 ]
	[ $((SECONDS - start)) -ge 1 ]
	rm "$LAB/up"
	init secure-init "" sh -c 'trap "" TERM; echo up > '"$LAB"'/up; until [ -e '"$LAB"'/over ]; do sleep 0.1; done; exit 8' 3>&- &
	job=$!
	lab_wait_for test -e "$LAB/up"
	kill -TERM "$(init_pid $job)"
	sleep 3 # more than what it leaves behind would have
	touch "$LAB/over"
	wait $job && code=0 || code=$?
	[ $code -eq 8 ]
}

@test "-p: the parent's end ends us" {
	sh -c 'trap "" HUP; "$1" -s -p KILL -- sleep 1000 & echo $! > "$2/pid"; timeout 60 sh -c "until pgrep -x -P $! sleep; do sleep 0.02; done"' \
		sh "$SECURE_INIT" "$LAB" 3>&-
	lab_wait_for lab_ended "$(cat "$LAB/pid")"
}

@test "tini's command lines are understood" {
	run "$SECURE_INIT" -s -g -v -w -e 143 -p SIGTERM -- true
	assert_status 0
	run "$SECURE_INIT" -h
	assert_status 0
	run "$SECURE_INIT" -l
	assert_status 0
	assert_says GPL
	run "$SECURE_INIT" --version
	assert_status 0
	TINI_VERBOSITY=0 run env -u PARA_LOG_LEVEL "$SECURE_INIT" -- true
	[ -z "$output" ]
	TINI_VERBOSITY=9 run -101 env -u PARA_LOG_LEVEL "$SECURE_INIT" -- true
}

@test "PARA_PRIVILEGES=keep: nothing is dropped, as with tini; not with isolation" {
	PARA_PRIVILEGES=keep run init secure-init "" grep -E '^(CapEff|NoNewPrivs)' /proc/self/status
	assert_says "NoNewPrivs:	0"
	[ "$(grep CapEff <<< "$output")" = "$(grep CapEff /proc/self/status)" ]
	PARA_NETWORK_ISOLATION=true PARA_PRIVILEGES=keep run -101 "$SECURE_INIT" -- true
	assert_says "does not go with network isolation"
	PARA_PRIVILEGES=some run -101 "$SECURE_INIT" -- true
}

# terminal SCRIPT: an interactive bash under an init, in a real pseudo-terminal, fed by a script of tmux keys
in_terminal() { # NAME PYTHON
	${IN:-} python3 - "$1" "$SECURE_INIT" <<PY
import os, pty, select, signal, sys, time, fcntl, termios, struct
name, binary = sys.argv[1:3]
command = {"tini": ["tini", "--"], "dumb-init": ["dumb-init"], "secure-init": [binary, "--"]}[name]
pid, tty = pty.fork()
if pid == 0:
    os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "setsid", "--ctty"] + command + ["bash", "--norc", "-i"])
seen = b""
def expect(what, seconds=60):
    global seen
    end = time.time() + seconds
    while what not in seen:
        left = end - time.time()
        if left <= 0: raise SystemExit("no %r in %r" % (what, seen[-800:]))
        if select.select([tty], [], [], left)[0]:
            try: seen += os.read(tty, 4096)
            except OSError: break
    seen = seen[seen.find(what) + len(what):] if what in seen else b""
def type_(text): os.write(tty, text)
# says that it is there, and that it goes on after a stop; ^C ends it. No shell, which a ^Z does not stop while it starts a program (vfork(2))
waits = b"python3 -c \x27import signal as s; s.signal(2, s.SIG_DFL); s.signal(18, lambda *_: print(\"on-4%d\" % 2, flush=True)); "
waits += b"print(\"up-4%d\" % 2, flush=True); [s.pause() for _ in iter(int, 1)]\x27\n"
$2
PY
}

@test "an interactive bash in a terminal: ^C, ^Z and fg, window size, exit status" {
	local name
	# not through catatonit, whose agents start with SIGTSTP blocked: ^Z stops nothing there
	for name in tini secure-init; do
		in_terminal $name '
type_(b"PS1=\"pro\"\"mpt> \"\n"); expect(b"prompt> ")
type_(b"set -m; " + waits); expect(b"up-42"); type_(b"\x03"); expect(b"prompt> ")
type_(b"echo status-$?\n"); expect(b"status-130")
type_(waits); expect(b"up-42"); type_(b"\x1a"); expect(b"Stopped"); expect(b"prompt> ")
type_(b"fg\n"); expect(b"on-42"); type_(b"\x03"); expect(b"prompt> ")
type_(b"trap \"echo resized\" WINCH\n"); expect(b"prompt> ")
fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 133, 0, 0)); time.sleep(0.3)
type_(b"stty size\n"); expect(b"50 133")
type_(b"tty < /dev/tty > /dev/null && echo has-tty\n"); expect(b"has-tty")
type_(b"exit 21\n")
_, status = os.waitpid(pid, 0)
assert os.waitstatus_to_exitcode(status) == 21, status'
	done
}

@test "less, vim and ssh in a terminal: they draw, read keys, see ^C as theirs, and follow the window" {
	dropbearkey -t ed25519 -f "$LAB/host" > /dev/null 2>&1
	mkdir -p "$LAB/.ssh"
	ssh-keygen -q -t ed25519 -N "" -f "$LAB/.ssh/id"
	HOME=$LAB sh -c 'cp "$HOME/.ssh/id.pub" "$HOME/.ssh/authorized_keys"; chmod 700 "$HOME" "$HOME/.ssh"'
	export LAB
	# a server that knows this key alone; the user is ourselves, whose home is the lab's for the moment
	unshare --mount --net --propagation private -- sh -c 'ip link set lo up && mount --bind "$LAB" ~ && exec dropbear -F -E -s -p 127.0.0.1:2222 -r ~/host -P ~/dropbear.pid' > "$LAB/dropbear.log" 2>&1 3>&- &
	local server=$!
	lab_wait_for test -s "$LAB/dropbear.pid"
	seq 500 > "$LAB/numbers"
	# in a network of its own: who runs this file at the same time has such a server too
	IN="nsenter --net=/proc/$server/ns/net" in_terminal secure-init '
lab = os.environ["LAB"].encode()
type_(b"PS1=\"pro\"\"mpt> \"; export TERM=xterm\n"); expect(b"prompt> ")
type_(b"less " + lab + b"/numbers\n"); expect(b"20"); type_(b"G"); expect(b"500"); type_(b"F"); expect(b"Waiting for data"); type_(b"\x03"); expect(b"(END)")
type_(b"q"); expect(b"prompt> ")
type_(b"vim.tiny -u NONE " + lab + b"/written\n"); expect(b"[New"); type_(b"ihello\x1b:w\r"); expect(b"written"); type_(b":q\r"); expect(b"prompt> ")
assert open(lab + b"/written").read() == "hello\n"
type_(b"ssh -tt -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i " + lab + b"/.ssh/id -p 2222 root@127.0.0.1 \x27echo in$((20+1)); exec sh\x27\n"); expect(b"in21")
fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 99, 0, 0))
type_(b"until stty size | grep \x2741 99\x27; do sleep 0.1; done\n"); expect(b"41 99\r\n"); type_(waits); expect(b"up-42"); type_(b"\x03")
type_(b"echo still-$((6*7))\n"); expect(b"still-42"); type_(b"exit 0\n"); expect(b"prompt> ")
type_(b"exit 22\n")
_, status = os.waitpid(pid, 0)
assert os.waitstatus_to_exitcode(status) == 22, status'
	kill "$(cat "$LAB/dropbear.pid")"
	wait $server || true
}

@test "the agent is in front of its terminal; without one nothing of the kind is tried" {
	in_terminal secure-init '
type_(b"python3 -c \"import os; print(\x27front\x27, os.tcgetpgrp(0) == os.getpgrp(), os.getsid(0))\"\n"); expect(b"front True")
type_(b"exit\n"); os.waitpid(pid, 0)'
	run strace -f -qq -e trace=ioctl "$SECURE_INIT" -s -- true < /dev/null
	refute_says TIOCSCTTY
	refute_says TIOCNOTTY
}

# bats test_tags=native
@test "small: idle without a system call, and at most half a MiB" {
	init secure-init "" sleep 1000 3>&- &
	local job=$! pid
	pid=$(init_pid $job)
	lab_wait_for pgrep -x -P "$pid" sleep
	idle_calls "$pid"
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")" -le 512 ]
	[ "$(grep -vc '^rt_sigtimedwait\|^strace' "$LAB/strace")" -eq 0 ] || { cat "$LAB/strace"; return 1; }
	kill -KILL "$pid"
	wait $job || true
}
