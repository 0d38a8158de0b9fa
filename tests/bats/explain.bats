# The policy explains itself: explain, plan, presets, and what it says of entries that contradict each other.
bats_require_minimum_version 1.5.0
load common

setup() {
	common_setup
	lab_clean
	say_nothing
}

unprivileged="setpriv --reuid 65534 --regid 65534 --clear-groups --"

@test "explain, without privileges: by which entry, set and rule" {
	export PARA_ALLOWED_DOMAINS=example.com:443,10.0.0.0/8 PARA_BLOCKED_DOMAINS=104.16.0.0/12
	run cage $unprivileged "$SECURE_INIT" explain example.com:443
	assert_status 0
	diff <(echo "$output") - <<-SAYS
		example.com:443
		  $EXAMPLE: allowed by the policy
		    by the entry example.com:443
		    by the set allowed-ports
		    by rule 7 of OUTPUT: -A OUTPUT -p tcp -m set --match-set allowed-ports dst,dst -j ACCEPT
		  $EXAMPLE6: allowed by the policy
		    by the entry example.com:443
		    by the set allowed-ports6
		    by rule 14 of OUTPUT: -A OUTPUT -p tcp -m set --match-set allowed-ports6 dst,dst -j ACCEPT
	SAYS
	run cage $unprivileged "$SECURE_INIT" explain 10.1.2.3:54/udp
	assert_status 0
	assert_says "by the entry 10.0.0.0/8"
	run cage $unprivileged "$SECURE_INIT" explain 10.1.2.3:53/udp
	assert_status 0
	assert_says "10.1.2.3: led to the guard"
	PARA_GUARD=off run cage $unprivileged "$SECURE_INIT" explain 10.1.2.3:53/udp
	assert_says "by the entry 10.0.0.0/8"
	PARA_ALLOWED_DOMAINS="*.com:443" run cage $unprivileged "$SECURE_INIT" explain example.com:443
	assert_status 0
	assert_says "by the entry example.com:443"
	run cage $unprivileged "$SECURE_INIT" explain registry.npmjs.org:443 example.com:80 '[2001:db8::1]:443' $EXAMPLE/icmp
	assert_status 1
	assert_says "$NPM: blocked by the policy"
	assert_says "by the entry 104.16.0.0/12"
	assert_says "by the set blocked-domains"
	assert_says "-j REJECT --reject-with tcp-reset"
	run cage $unprivileged "$SECURE_INIT" explain localhost:80 $GATEWAY:53/udp 198.51.100.1:22
	assert_status 0
	assert_says "it is this container itself"
	assert_says "$GATEWAY: led to the guard"
	assert_says "--dport 22 -j ACCEPT"
	for question in 10.0.0.0/8 example.com:80,443 a,b @npm example.com:443/nothing '*.example.com' example.com:0; do
		run cage "$SECURE_INIT" explain "$question"
		[ "$status" -eq 100 ] || [ "$status" -eq 101 ] || { echo "$question: $status $output"; return 1; }
	done
	run -100 "$SECURE_INIT" explain
	assert_says "explain what?"
	PARA_ALLOWED_DOMAINS=nowhere.lab run cage "$SECURE_INIT" explain 1.2.3.4:80
	assert_says "blocked by the policy, as far as its names are known here"
}

@test "explain, where the firewall stands: the kernel's own rules and sets are asked" {
	PARA_ALLOWED_DOMAINS=10.0.0.0/8:443 run cage "$SECURE_INIT" setup
	assert_status 0
	PARA_ALLOWED_DOMAINS=10.0.0.0/8:443 run cage "$SECURE_INIT" explain 10.1.2.3:443
	assert_status 0
	assert_says "10.1.2.3: allowed by the policy"
	assert_says "10.1.2.3: allowed by the kernel"
	# the kernel has another word than this environment's policy, and it is the kernel's that counts
	PARA_ALLOWED_DOMAINS=192.0.2.0/24 run cage "$SECURE_INIT" explain 10.1.2.3:443
	assert_status 0
	assert_says "10.1.2.3: blocked by the policy"
	assert_says "10.1.2.3: allowed by the kernel"
	in_cage ipset del allowed-ports 10.0.0.0/8,tcp:443
	PARA_ALLOWED_DOMAINS=10.0.0.0/8:443 run cage "$SECURE_INIT" explain 10.1.2.3:443
	assert_status 1
	assert_says "10.1.2.3: blocked by the kernel"
}

@test "plan for iptables-restore and ipset restore: they take it, and it is what secure-init itself installs" {
	export PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=10.0.0.0/8:443,2001:db8::/32 PARA_ALLOWED_DOMAINS=10.1.0.0/16,[2001:db8::1]:80-82 \
		PARA_ALLOW_INBOUND=host,8080 PARA_GUARD=off
	run cage "$SECURE_INIT" setup
	assert_status 0
	all() { in_cage iptables -S; in_cage ip6tables -S; in_cage ipset save | sort; }
	all > "$LAB/ours"
	lab_clean
	for form in ipset iptables ip6tables; do cage "$SECURE_INIT" plan $form > "$LAB/$form.plan"; done
	in_cage ipset restore < "$LAB/ipset.plan"
	in_cage iptables-restore < "$LAB/iptables.plan"
	in_cage ip6tables-restore < "$LAB/ip6tables.plan"
	all > "$LAB/theirs"
	# ipset's own numbers for how it stores a set are not part of what it holds
	diff <(sed -E 's/ (hashsize|bucketsize|initval) [^ ]+//g' "$LAB/ours") <(sed -E 's/ (hashsize|bucketsize|initval) [^ ]+//g' "$LAB/theirs")
	[ "$(wc -l < "$LAB/ours")" -gt 40 ]
	run -100 cage "$SECURE_INIT" plan nft
}

@test "plan with names: looked up where that is asked for, else it says that they are missing" {
	export PARA_ALLOWED_DOMAINS=example.com:443
	run cage "$SECURE_INIT" plan ipset
	assert_says "# names are not looked up"
	run cage "$SECURE_INIT" --resolve plan ipset
	assert_says "add allowed-ports $EXAMPLE,tcp:443-443"
	refute_says "# names"
	run cage $unprivileged "$SECURE_INIT" plan
	assert_says "open: example.com:443"
	assert_says "ip  -A OUTPUT -j REJECT --reject-with icmp-admin-prohibited"
}

@test "presets: printed with version and reasons; each entry of each can be read; @NAME stands for them" {
	run "$SECURE_INIT" presets
	assert_status 0
	local presets=$(grep -o '^@[a-z]*' <<< "$output") preset
	for preset in @anthropic @github @npm @pypi @rust @go @debian @docker @vscode; do grep -qx $preset <<< "$presets"; done
	# a version behind each name, a reason behind each entry
	[ -z "$(grep '^@' <<< "$output" | grep -vE '^@[a-z]+ [0-9]{4}\.[0-9]{2} .+')" ]
	[ -z "$(grep '^  ' <<< "$output" | grep -vE '^  [a-z0-9.-]+:[0-9,]+ +[^ ].+')" ]
	for preset in $presets; do
		PARA_ALLOWED_DOMAINS=$preset run "$SECURE_INIT" --check
		assert_status 0
		assert_says ", of $preset"
	done
	PARA_ALLOWED_DOMAINS=@NPM,example.com run cage "$SECURE_INIT" plan
	assert_says "open: registry.npmjs.org:443, of @NPM"
	assert_says "open: example.com, all ports"
	PARA_ALLOWED_DOMAINS=@nmp run -101 "$SECURE_INIT" -- true
	assert_says "PARA_ALLOWED_DOMAINS: entry 1, '@nmp': no such preset; 'secure-init presets' prints all of them"
	PARA_ALLOWED_DOMAINS=@npm,8080 run -101 "$SECURE_INIT" -- true
	assert_says "a port by itself"
}

@test "entries that contradict each other or say nothing new are reported, and start all the same" {
	export PARA_ALLOWED_DOMAINS=10.0.0.0/8,10.1.0.0/16:443,example.com,example.com:443 PARA_BLOCKED_DOMAINS=10.2.0.0/16,$GATEWAY
	run caged true
	assert_status 0
	assert_says "'10.1.0.0/16:443' says nothing that '10.0.0.0/8' does not say already"
	assert_says "'example.com:443' says nothing that 'example.com' does not say already"
	assert_says "'10.2.0.0/16' is blocked and without effect, since '10.0.0.0/8' is allowed, which comes first"
	assert_says "'$GATEWAY' is blocked, and with it the resolver '$GATEWAY:53'"
	lab_clean
	PARA_ALLOWED_DOMAINS=10.1.0.0/16,10.0.0.0/8:443,192.0.2.1 PARA_BLOCKED_DOMAINS=10.0.0.0/7 run caged true
	assert_status 0
	refute_says "says nothing"
	refute_says "without effect"
}
