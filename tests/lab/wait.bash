# Waiting for a state, by as few programs as can be: on some machines to start one takes the processor as long as the wait.

# nothing is ever written to this FIFO
NEVER=${BASH_SOURCE[0]%/*}/../../build/never
[ -p "$NEVER" ] || mkfifo "$NEVER" 2> /dev/null || [ -p "$NEVER" ]

lab_wait_for() { # COMMAND...: until it succeeds; given up after 20 s, or more where each try takes long
	local tries pause=0.02
	for ((tries = 0; tries < 210; tries++)); do
		"$@" > /dev/null 2>&1 && return
		[ $tries -lt 10 ] || pause=0.1
		read -rt $pause <> "$NEVER" || true
	done
	echo "lab: gave up waiting for: $*" >&2
	return 1
}
