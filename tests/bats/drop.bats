# Privileges (step 7), judged from what the agent's /proc says.
load common

status_of_agent() {
	run caged grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/self/status
	assert_status 0
}

no_capabilities() {
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do assert_says "$set:	0000000000000000"; done
	assert_says "NoNewPrivs:	1"
}

# an image with these users
users() {
	cat > "$LAB/passwd" <<-'PASSWD'
		root:x:0:0:root:/root:/bin/sh
		agent:x:1000:1000:Agent:/home/agent:/bin/sh
		toor:x:0:0:another root:/root:/bin/sh
		over:x:4294967296:4294967296:overflow:/:/bin/sh
		short:x:1001
	PASSWD
	cat > "$LAB/group" <<-'GROUP'
		root:x:0:
		agent:x:1000:
		docker:x:998:other,agent
		video:x:44:agent
		wheel:x:0:agent
		huge:x:4294967296:
	GROUP
	export CAGE_SETUP="mount --bind '$LAB/passwd' /etc/passwd; mount --bind '$LAB/group' /etc/group"
}

@test "every capability set is empty and no_new_privs is set, for root" {
	status_of_agent
	no_capabilities
	assert_says "Uid:	0	0	0	0"
}

@test "for a user by name: its uid, gid, supplementary groups, HOME and USER" {
	users
	PARA_RUN_AS=agent status_of_agent
	no_capabilities
	assert_says "Uid:	1000	1000	1000	1000"
	assert_says "Gid:	1000	1000	1000	1000"
	assert_says "Groups:	0 44 998"
	PARA_RUN_AS=agent run caged sh -c 'echo "$HOME $USER $LOGNAME"'
	assert_says "/home/agent agent agent"
}

@test "a group that is given is the only one" {
	users
	PARA_RUN_AS=agent:video status_of_agent
	assert_says "Gid:	44	44	44	44"
	[ "$(grep Groups: <<< "$output" | tr -d ' \t')" = "Groups:" ]
	PARA_RUN_AS=1000:998 status_of_agent
	assert_says "Gid:	998	998	998	998"
}

@test "a uid that the image does not know: its own group, never root's" {
	users
	PARA_RUN_AS=4242 status_of_agent
	no_capabilities
	assert_says "Uid:	4242	4242	4242	4242"
	assert_says "Gid:	4242	4242	4242	4242"
	PARA_RUN_AS=4242 run caged sh -c 'echo "home=$HOME"'
	assert_says "home=/"
}

@test "--user wins over PARA_RUN_AS" {
	users
	PARA_RUN_AS=agent SSL_CERT_FILE=$CA/ca.pem run cage "$SECURE_INIT" --user 77:78 -- grep ^Uid /proc/self/status
	assert_says "Uid:	77	77	77	77"
}

@test "specifications that others run as root are refused" {
	users
	local spec
	for spec in "" : :0 agent: 4294967295 4294967296 -1 +0 0x0 "0 " toor over short nobody-here agent:nogroup agent:huge agent:wheel agent:4294967296; do
		PARA_RUN_AS=$spec run caged echo AGENT-RAN
		[ "$status" -eq 101 ] || { echo "'$spec' gave $status: $output"; return 1; }
		refute_says AGENT-RAN
	done
	# root only where it is said
	for spec in root 0 0:0 root:root; do
		PARA_RUN_AS=$spec status_of_agent
		assert_says "Uid:	0	0	0	0"
		no_capabilities
	done
}

@test "ambient and inheritable capabilities of the start are gone (podman's --user)" {
	run nsenter --net="/run/netns/$CAGE" unshare --pid --fork --kill-child --mount --mount-proc -- \
		sh -c 'mount --bind "$1" /etc/resolv.conf; shift; exec setpriv --inh-caps +net_admin,+setpcap,+setuid,+setgid,+net_raw --ambient-caps +net_admin,+setpcap,+setuid,+setgid,+net_raw --reuid 1000 --clear-groups -- "$@"' \
		sh "$LAB/resolv.conf" "$SECURE_INIT" -- grep -E '^(Uid|Cap|NoNew)' /proc/self/status
	assert_status 0
	no_capabilities
	assert_says "Uid:	1000"
}

@test "PID 1 itself keeps nothing, is the agent's user, and cannot be looked into" {
	users
	PARA_RUN_AS=agent run caged sh -c 'grep -E "^(Uid|Cap|NoNew)" /proc/1/status; cat /proc/1/environ || echo NO-LOOK; ls /proc/1/fd || echo NO-FDS'
	no_capabilities
	assert_says "Uid:	1000"
	assert_says NO-LOOK
	assert_says NO-FDS
}

@test "the agent cannot get anything back: setuid programs, file capabilities, raw sockets, the firewall" {
	cp /usr/bin/id "$LAB/suid-id"
	chmod 4755 "$LAB/suid-id"
	cp "$(command -v python3)" "$LAB/cap-python" 2> /dev/null || true
	setcap cap_net_raw,cap_net_admin+ep "$LAB/cap-python"
	chmod 755 "$LAB"
	users
	PARA_RUN_AS=agent run caged sh -c '
		"$1/suid-id" -u
		"$1/cap-python" -c "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print(\"RAW-OPEN\")"
		iptables -F && echo FLUSHED
		ipset add allowed-domains 8.8.8.8 && echo ADDED
		true' sh "$LAB"
	assert_says 1000
	for word in RAW-OPEN FLUSHED ADDED; do refute_says "$word"; done
	run caged python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'
	assert_says "Operation not permitted"
}

@test "without isolation: the same drop, and no privilege is needed for it" {
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS= CAGE_CAPS= run caged grep -E '^(Cap|NoNew)' /proc/self/status
	assert_status 0
	no_capabilities
	PARA_NETWORK_ISOLATION=false run setpriv --reuid 1000 --clear-groups "$SECURE_INIT" -- grep -E '^(CapPrm|CapEff|NoNew)' /proc/self/status
	assert_status 0
	assert_says "CapEff:	0000000000000000"
	assert_says "NoNewPrivs:	1"
}

@test "the process that looks up names holds no capability, and can change no file" {
	silent_dns
	PARA_SETUP_TIMEOUT=60 CAGE_RESOLV=$LAB/resolv.silent caged true > "$LAB/out" 2>&1 3>&- &
	local job=$! parent child of_parent
	lab_wait_for pgrep -f "^$SECURE_INIT -- true"
	parent=$(pgrep -of "^$SECURE_INIT -- true")
	confined() { child=$(pgrep -P "$parent") && grep -q '^Seccomp:.[12]' "/proc/$child/status"; }
	lab_wait_for confined
	of_parent=$(grep CapEff "/proc/$parent/status")
	run cat "/proc/$child/status"
	kill "$parent"
	wait $job || true
	for set in CapInh CapPrm CapEff; do assert_says "$set:	0000000000000000"; done
	assert_says "NoNewPrivs:	1"
	assert_says "Seccomp:	2"
	# its parent is not confined
	[ -n "$of_parent" ] && [ "$of_parent" != "CapEff:	0000000000000000" ]
}

@test "a hostile answer that took over the process that looks up names could not write a file, nor start anything" {
	# the confinement itself, in a program of three lines around the real function
	local source=util/confine.c
	[[ ${MUTANT:-} != *confine.c ]] || source=$MUTANT
	"$(cat build/deps-musl)/bin/cc" -std=c11 -D_GNU_SOURCE -I. -o "$LAB/confined" -x c - "$source" util/caps.c util/seccomp.c util/filter.c <<-'C'
		#include <fcntl.h>
		#include <stdio.h>
		#include <unistd.h>
		#include "util/confine.h"
		int main(int argc, char **argv)
		{
			if (argc < 3 || confine_parser() != 0)
				return 1;
			dprintf(1, "write %d\n", open(argv[1], O_WRONLY | O_TRUNC));
			dprintf(1, "create %d\n", open(argv[2], O_WRONLY | O_CREAT, 0600));
			dprintf(1, "read %d\n", open(argv[1], O_RDONLY) >= 0);
			dprintf(1, "fork %d\n", fork());
			return 0;
		}
	C
	echo content > "$LAB/precious"
	run "$LAB/confined" "$LAB/precious" "$LAB/new"
	assert_says "write -1"
	assert_says "create -1"
	assert_says "read 1"
	# a call that none of it takes is its end
	[ "$status" -eq $((128 + 31)) ]
	[ "$(cat "$LAB/precious")" = content ]
}
