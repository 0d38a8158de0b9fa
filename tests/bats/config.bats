# What the environment and the command line say (step 1). No network, no privileges: --check.
# "native": what an emulator of another processor cannot show; arm64.bats runs the rest a second time.
load common
setup_file() { :; }
teardown_file() { :; }

check() {
	run "$SECURE_INIT" --check
}

@test "the documented table: isolation is off by default, and that is said loudly" {
	unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS
	run "$SECURE_INIT" -- echo AGENT-RAN
	assert_status 0
	assert_says "AGENT-RAN"
	assert_says "warning: NETWORK ISOLATION IS OFF"
}

@test "a list alone turns isolation on, also an empty one" {
	unset PARA_NETWORK_ISOLATION
	for list in "" "example.org"; do
		PARA_ALLOWED_DOMAINS=$list check
		assert_status 0
		assert_says "closed: everything else"
	done
}

@test "every spelling of true and false, in any case; anything else is an error, never off" {
	local value
	for value in true TRUE True 1 yes YES on On; do
		PARA_NETWORK_ISOLATION=$value check
		assert_says "closed: everything else"
	done
	for value in false FALSE 0 no No off OFF; do
		PARA_NETWORK_ISOLATION=$value check
		assert_status 0
		assert_says "everything is open"
	done
	for value in "" " " tru truee 2 -1 yes- enable disabled "true " null; do
		PARA_NETWORK_ISOLATION=$value check
		assert_status 101
		assert_says "PARA_NETWORK_ISOLATION is '$value'; it must be true or false"
	done
}

@test "false beside a list stays off, and the ignored list is named" {
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS=some.example,other.example run "$SECURE_INIT" -- echo AGENT-RAN
	assert_status 0
	assert_says "PARA_ALLOWED_DOMAINS is ignored: 'some.example,other.example'"
	assert_says "AGENT-RAN"
}

@test "no list: the four documented defaults and nothing else; an empty list: nothing" {
	unset PARA_ALLOWED_DOMAINS
	check
	for name in api.anthropic.com github.com api.github.com registry.npmjs.org; do
		assert_says "open: $name, all ports"
	done
	[ "$(grep -c 'all ports' <<< "$output")" -eq 4 ]
	PARA_ALLOWED_DOMAINS= check
	refute_says "all ports"
	refute_says "GitHub"
}

@test "the summary says in plain words which essential services are open" {
	check
	assert_says "open: loopback"
	assert_says "open: SSH (TCP port 22) to any address"
	assert_says "the host's network"
	assert_says "DNS"
}

@test "an entry with ports: a bare number carries on the list before it" {
	PARA_ALLOWED_DOMAINS="1.2.3.4:80,443,8000-8010,github.com,[2001:db8::1]:443 , 10.0.0.0/24:5432" check
	assert_status 0
	assert_says "open: 1.2.3.4:80,443,8000-8010"
	assert_says "open: github.com, all ports"
	assert_says "open: [2001:db8::1]:443"
	assert_says "open: 10.0.0.0/24:5432"
}

@test "case, trailing dots, blanks, empty items and duplicates are no trouble" {
	PARA_ALLOWED_DOMAINS=" GitHub.COM. ,,github.com, xn--mnchen-3ya.de,," check
	assert_status 0
	assert_says "open: github.com, all ports"
	assert_says "is there twice: once is enough"
	assert_says "open: xn--mnchen-3ya.de, all ports"
}

@test "a network with host bits set is normalised, and that is said" {
	PARA_ALLOWED_DOMAINS=10.1.2.3/8,2001:db8::1/32 check
	assert_status 0
	assert_says "entry 1, '10.1.2.3/8': read as the network 10.0.0.0/8"
	assert_says "entry 2, '2001:db8::1/32': read as the network 2001:db8::/32"
}

@test "localhost is accepted, and said to be open anyway" {
	PARA_ALLOWED_DOMAINS=localhost:3000,dev.example check
	assert_status 0
	assert_says "open: localhost:3000, as all of loopback is"
}

@test "a bad entry names itself, its position, and what would be right" {
	local bad
	while IFS='|' read -r bad why; do
		PARA_ALLOWED_DOMAINS="ok.example,$bad" check
		assert_status 101
		assert_says "PARA_ALLOWED_DOMAINS: entry 2, '"
		assert_says "$why"
	done <<-'BAD'
		https://github.com/x|not a URL
		github.com/x|not an address or network
		münchen.de|xn--
		1.2.3|not an address or network
		1.2.3.256|not an address or network
		1.2.3.4/33|not an address or network
		0.0.0.0/0|this covers every address
		::/0|this covers every address
		::ffff:1.2.3.4|an IPv4 address inside IPv6
		fe80::1%eth0|interface
		a..b|no empty label
		-a.example|does not start with '-'
		a-.example|does not end with '-'
		a b.example|separated by commas
		exa*mple.org|wildcard stands only at the front
		a.example:|a port is a number
		a.example:0|a port is a number
		a.example:65536|a port is a number
		a.example:90-80|backwards
		[2001:db8::1|[2001:db8::1]:443
		[1.2.3.4]:80|only an IPv6 address
		:443|a host is missing
		443|a port by itself
		aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example|at most 63
	BAD
	PARA_ALLOWED_DOMAINS="ok.example,$(printf 'a%.0s' {1..60}).$(printf 'b%.0s' {1..60}).$(printf 'c%.0s' {1..60}).$(printf 'd%.0s' {1..60}).eeeeeeeeee" check
	assert_status 101
	assert_says "at most 253"
}

@test "a wildcard needs the guard, and DNS" {
	PARA_ALLOWED_DOMAINS="*.example.org:443" check
	assert_status 0
	PARA_GUARD=off PARA_ALLOWED_DOMAINS="*.example.org:443" check
	assert_status 101
	assert_says "'*.example.org:443' is a wildcard, and only the guard knows what it means"
	PARA_ALLOW_DNS=none PARA_ALLOWED_DOMAINS="*.example.org:443" check
	assert_status 101
	assert_says "without DNS"
	PARA_ALLOW_INBOUND="*.example.org:443" check
	assert_status 101
	assert_says "nobody can be let in by one"
	PARA_GUARD=off PARA_DNS=filter check
	assert_status 101
	assert_says "PARA_DNS=filter needs the guard"
	PARA_GUARD=off PARA_NETWORK_MODE=unprotected-observe check
	assert_status 101
	PARA_ALLOWED_DOMAINS="*.example.org" run "$SECURE_INIT" setup
	assert_status 101
	assert_says "nothing stays behind"
}

@test "bad values of the other variables are errors, with the right form" {
	PARA_SETUP_TIMEOUT=0 check
	assert_status 101
	assert_says "PARA_SETUP_TIMEOUT is '0'; it must be a number of seconds from 1 to 3600"
	PARA_SETUP_TIMEOUT=10s check
	assert_status 101
	PARA_LOG=xml check
	assert_status 101
	assert_says "PARA_LOG is 'xml'; it must be text or json"
	PARA_LOG_LEVEL=loud check
	assert_status 101
	assert_says "PARA_LOG_LEVEL is 'loud'; it must be error, warn, info or debug"
	PARA_RUN_AS=nobody-here check
	assert_status 101
	assert_says "the user 'nobody-here' is not in /etc/passwd"
}

@test "a variable that is misspelt does not pass in silence" {
	PARA_ALLOWED_DOMAIN=github.com check
	assert_says "PARA_ALLOWED_DOMAIN is not a variable of secure-init; did you mean PARA_ALLOWED_DOMAINS?"
	PARA_POLICY_FILE=/nowhere check
	assert_status 101
	assert_says "did you mean PARA_POLICY?"
}

@test "nothing is open beside an unknown variable, unless somebody said so" {
	unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS
	PARA_STRICT=1 run "$SECURE_INIT" -s -- echo AGENT-RAN
	assert_status 101
	refute_says AGENT-RAN
	assert_says "PARA_STRICT is not a variable of secure-init, and nothing else closes the network"
	PARA_STRICT=1 PARA_NETWORK_ISOLATION=false run "$SECURE_INIT" -s -- echo AGENT-RAN
	assert_status 0
	assert_says "PARA_STRICT is not a variable of this version"
}

# bats test_tags=native
@test "a variable that stands twice with two values is an error" {
	run python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
strings = lambda *s: (ctypes.c_char_p * (len(s) + 1))(*s, None)
libc.execve(sys.argv[1].encode(), strings(b"secure-init", b"--check"),
            strings(b"PARA_NETWORK_ISOLATION=true", b"PARA_NETWORK_ISOLATION=false"))' "$SECURE_INIT"
	assert_status 101
	assert_says "PARA_NETWORK_ISOLATION is in the environment twice"
}

@test "the command line: no agent, unknown options, the agent's own options left alone" {
	run "$SECURE_INIT"
	assert_status 100
	assert_says "no command to run"
	run "$SECURE_INIT" --nonsense -- true
	assert_status 100
	assert_says "no such option: --nonsense"
	run "$SECURE_INIT" --user
	assert_status 100
	PARA_NETWORK_ISOLATION=false PARA_LOG_LEVEL=error run "$SECURE_INIT" printf '%s' --user
	assert_status 0
	[ "$output" = "--user" ]
}

@test "PARA_LOG=json gives JSON lines with the same words" {
	PARA_LOG=json PARA_NETWORK_ISOLATION='"x\' check
	assert_status 101
	python3 -c 'import json,sys; line = json.loads(sys.argv[1].splitlines()[0]); assert line["level"] == "error" and "\"x\\" in line["message"], line' "$output"
}

@test "PARA_LOG_LEVEL=error makes a silent init of it where isolation is off" {
	PARA_NETWORK_ISOLATION=false PARA_LOG_LEVEL=error run "$SECURE_INIT" -- true
	assert_status 0
	[ -z "$output" ]
}

@test "--help and --version, with the versions of the libraries" {
	run "$SECURE_INIT" --help
	assert_status 0
	assert_says "PARA_ALLOWED_DOMAINS"
	run "$SECURE_INIT" --version
	assert_status 0
	for library in libcurl mbedTLS c-ares jansson libmnl; do assert_says "$library"; done
}

@test "diagnostics go to standard error only" {
	PARA_NETWORK_ISOLATION=false run bash -c '"$1" -- echo only-this 2> /dev/null' - "$SECURE_INIT"
	[ "$output" = only-this ]
}

# bats test_tags=native
@test "the binary is static-pie, stripped, RELRO and now, with no executable stack, and small" {
	assert_good_binary "$SECURE_INIT"
}
