# Other kernels: Debian's 6.1 in a virtual machine (tests/vm), with modules missing, and too old to let a table have
# an owner that it outlives.
load common

setup_file() {
	VM=$(mktemp -d)
	export VM
	"$BATS_TEST_DIRNAME/../vm/boot" 2>&1 < /dev/null 3>&- | tr -d '\r' > "$VM/out" || true
}

teardown_file() {
	rm -rf "$VM"
}

# block NAME [N]: what the N-th start of that name said
block() {
	run awk -v name="== $1" -v want="${2:-1}" '/^== / { on = 0 } $0 == name && ++seen == want { on = 1; found = 1 }
		/^== status/ && found { print; exit } on' "$VM/out"
	[ -n "$output" ] || { cat "$VM/out"; return 1; }
}

missing() { # NAME WORDS
	block "without $1"
	assert_says "the kernel lacks $2"
	assert_says "== status 103"
	assert_says "Container will not start to prevent insecure operation"
	refute_says AGENT-RAN
}

@test "a kernel without nf_tables, ip_set, nft_compat or one of the extensions: refused, naming it" {
	missing nf_tables "nf_tables (module nf_tables)"
	missing ip_set "ip_set with protocol 7 (module ip_set, Linux 4.20)"
	missing nft_compat "nft_compat (module nft_compat)"
	missing set "the 'set' match (module xt_set)"
	missing conntrack "the 'conntrack' match"
	missing owner "the 'owner' match (module xt_owner)"
	missing addrtype "the 'addrtype' match (module xt_addrtype)"
	missing REJECT "the IPv4 'REJECT' target (module ipt_REJECT)"
}

@test "a kernel that the guard cannot live with: refused, naming what is missing and how to do without" {
	local name
	for name in NFLOG nfnetlink_log; do
		block "without $name"
		assert_says "== status 103"
		refute_says AGENT-RAN
		assert_says "It needs the 'NFLOG' target (modules xt_NFLOG, nfnetlink_log); PARA_GUARD=off does without the guard"
	done
	for name in nft_redir nft_chain_nat; do
		block "without $name"
		assert_says "== status 103"
		refute_says AGENT-RAN
		assert_says "the kernel refused the guard's table (inet secure-init)"
		assert_says "PARA_GUARD=off does without the guard"
	done
}

@test "a kernel that knows no owners of tables: the same firewall without, verified" {
	block "with all modules"
	assert_says "Network isolation is enabled"
	assert_says "proved: IPv4 to 192.0.2.1 was refused, by our rule"
	assert_says "proved: IPv6 to 2001:db8::1 was refused, by our rule"
	refute_says "belong to this process"
	assert_says "the filter tables have no owner"
	assert_says AGENT-RAN
	assert_says BLOCKED4
	assert_says BLOCKED6
	assert_says "== status 0"
}

@test "there too, a second start in the same namespace replaces the first" {
	block "with all modules" 2
	assert_says "Network isolation is enabled"
	assert_says BLOCKED4
	assert_says "== status 0"
}
