# What the guard's processes are, seen from outside: whose, with which capabilities, behind which filter.
bats_require_minimum_version 1.5.0
load common
load guard

setup_file() { guard_lab; }

setup() { guard_setup; }

teardown() { guard_teardown; }

# has ROLE FIELD VALUE: of /proc/PID/status of the process pid
has() {
	local is
	is=$(sed -n "s/^$2:[[:space:]]*//p" "/proc/$pid/status" | tr '\t' ' ' | sed 's/ *$//')
	[ "$is" = "$3" ] || { echo "$1: $2 is '$is', not '$3'"; return 1; }
}

@test "the guard's processes: users of their own, no group besides, and no privilege but the one each needs" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	local role pid uid capabilities field
	for role in warden resolver; do
		pid=$(guard_pid $role)
		[ "$(wc -l <<< "$pid")" -eq 1 ]
		uid=65501 capabilities=0000000000000000
		# CAP_NET_ADMIN is number 12
		[ $role != warden ] || uid=65502 capabilities=0000000000001000
		has $role Uid "$uid $uid $uid $uid"
		has $role Gid "$uid $uid $uid $uid"
		has $role Groups ""
		has $role CapEff $capabilities
		has $role CapPrm $capabilities
		for field in CapInh CapBnd CapAmb; do has $role $field 0000000000000000; done
		has $role NoNewPrivs 1
	done
	has resolver Seccomp 2
}

@test "nobody looks into the guard, and it leaves no picture of itself behind" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	local role pid
	for role in warden resolver; do
		pid=$(guard_pid $role)
		# of a process that may not be dumped they belong to root, whoever it is
		[ "$(stat -c %u "/proc/$pid/mem")" -eq 0 ]
		grep -Eq '^Max core file size +0 +0 ' "/proc/$pid/limits"
		AGENT=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$pid/status") run as_agent cat "/proc/$(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status")/maps"
		[ "$status" -ne 0 ]
	done
}
