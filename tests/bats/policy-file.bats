# The policy file (PARA_POLICY): what may stand in it, how it goes with the environment, and who may have written it.
load common

setup() {
	common_setup
	unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS
	# /tmp, where bats has its folders, is writable by everybody, so no place for a policy
	FOLDER=$(mktemp -d /run/secure-init-test.XXXXXX)
	chmod 755 "$FOLDER"
	export PARA_POLICY=$FOLDER/policy.json PARA_RUN_AS=65534
	DOCS=$ROOT/docs
}

teardown() {
	rm -rf "$FOLDER"
}

# check [TEXT]: --check of the file, in the cage's network; first written if there is a text
check() {
	[ $# -eq 0 ] || printf '%s' "$1" > "$PARA_POLICY"
	run in_cage "$SECURE_INIT" --check
}

# opens LINE...: the last --check went well, and its plan says these
opens() {
	local line
	assert_status 0
	for line; do assert_says "$line"; done
}

# refuses TEXT MESSAGE: the file is refused by just this message, behind the file's name
refuses() {
	check "$1"
	assert_status 101
	[ "$output" = "secure-init: $PARA_POLICY:$2" ] || { printf '%s\n' "not as meant:" "$output" "$PARA_POLICY:$2"; return 1; }
}

# refuses_place PATH MESSAGE: PARA_POLICY is PATH; refused by just this message
refuses_place() {
	PARA_POLICY=$1 check
	assert_status 101
	[ "$output" = "secure-init: PARA_POLICY$2" ] || { printf '%s\n' "not as meant:" "$output" "PARA_POLICY$2"; return 1; }
}

@test "every example of the documentation is accepted, and opens what it says" {
	local example n=0
	while IFS= read -r -d '' example; do
		n=$((n + 1))
		check "$example"
		case $n in
		1) opens "api.anthropic.com:443" "registry.npmjs.org:443" "10.20.0.0/16:5432,6432" "[2001:db8::1]:443" "blocked: 10.20.99.0/24" \
			"closed: SSH" ":8080" "closed: everything else" ;;
		2) opens "open: api.anthropic.com, all ports" "open: registry.npmjs.org, all ports" "SSH (TCP port 22) to any address" ;;
		3) opens "blocked: vault.example.com:443" "blocked: 198.51.100.7" "blocked: 192.168.0.0/16" "blocked: 10.0.0.0/8:22,3389" \
			"192.168.1.50:3000" "blocked: 169.254.169.254" "open: everything else" ;;
		esac
	done < <(python3 -c '
import re, sys
for block in re.findall(r"^```json\n(.*?)^```$", open(sys.argv[1]).read(), re.M | re.S):
    sys.stdout.write(block + "\0")' "$DOCS/policy-file.md")
	[ "$n" -eq 3 ]
}

# What may stand in an object is what the error about an unknown key lists.
@test "the schema is JSON, and its keys and words are the reader's" {
	local where keys
	for where in '' allow block docker; do
		if [ "$where" = docker ]; then
			PARA_LOG_LEVEL=debug check '{"docker": {"zzzzzzzzzzzzzzzzzzzz": 1}}'
		elif [ -n "$where" ]; then
			check "{\"$where\": {\"zzzzzzzzzzzzzzzzzzzz\": 1}}"
		else
			check '{"zzzzzzzzzzzzzzzzzzzz": 1}'
		fi
		keys=$(sed -n 's/.*zzzz.*\(here may stand\|what is read here\): //p' <<< "$output")
		[ -n "$keys" ]
		python3 - "$DOCS/policy.schema.json" "$where" "$keys" <<-'PYTHON'
			import json, sys
			schema = json.load(open(sys.argv[1]))
			there = schema["properties"]
			if sys.argv[2]:
			    there = there[sys.argv[2]]
			    for one in there.get("anyOf", []):
			        if one.get("$ref") == "#/$defs/groups":
			            there = schema["$defs"]["groups"]
			    there = there["properties"]
			assert set(there) == set(sys.argv[3].split(", ")), (sorted(there), sys.argv[3])
		PYTHON
	done
	# and every word that the schema knows is understood
	while IFS= read -r example; do
		check "$example"
		assert_status 0
	done < <(python3 - "$DOCS/policy.schema.json" <<-'PYTHON'
		import json, sys
		schema = json.load(open(sys.argv[1]))
		def words(part):
		    if "$ref" in part:
		        part = schema["$defs"][part["$ref"].split("/")[-1]]
		    for one in part.get("anyOf", []):
		        yield from words(one)
		    yield from part.get("enum", [])
		for key, part in schema["properties"].items():
		    for word in words(part):
		        policy = {key: word}
		        if word == "proxy":
		            policy.update(proxy="p.example:3128", allow=[])
		        print(json.dumps(policy))
	PYTHON
	)
}

@test "having a file is wanting isolation; only a clear no says otherwise, and what is ignored is named" {
	check '{}'
	opens "open: api.anthropic.com, all ports" "open: github.com, all ports" "closed: everything else"
	check '{"isolation": false, "allow": ["a.example"]}'
	opens "everything is open" "isolation is false, so what else $PARA_POLICY says is ignored"
	check '{"isolation": "off"}'
	opens "everything is open"
	PARA_NETWORK_ISOLATION=no check '{"isolation": true}'
	opens "everything is open"
	PARA_NETWORK_ISOLATION=true check '{"isolation": false}'
	opens "closed: everything else"
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS=b.example check '{"docker": {"network_isolation": false}}'
	opens "PARA_ALLOWED_DOMAINS is ignored: 'b.example'"
}

@test "an empty list is a list: nothing is allowed, in each of the shapes" {
	local text
	for text in '{"allow": []}' '{"allow": ""}' '{"allow": {}}' '{"allow": {"ips": []}}' '{"docker": {"allowed_domains": []}}'; do
		check "$text"
		opens "closed: everything else"
		refute_says "all ports"
	done
	check '{"inbound": []}'
	opens "closed: everything else"
	refute_says "from outside"
}

@test "a string in place of a list is a comma list" {
	check '{"allow": "a.example:80,443, b.example", "inbound": "8080,8443"}'
	opens "open: a.example:80,443" "open: b.example, all ports" "open, from outside: 0.0.0.0/1:8080,8443"
}

@test "lists add up with the environment's, of everything else the environment's counts" {
	PARA_ALLOWED_DOMAINS=a.example PARA_BLOCKED_DOMAINS=10.1.0.0/16 PARA_ALLOW_INBOUND=8080 \
		check '{"allow": ["b.example"], "docker": {"allowed_domains": ["c.example"]}, "block": ["10.2.0.0/16"], "inbound": [8443]}'
	opens "open: a.example" "open: b.example" "open: c.example" "blocked: 10.1.0.0/16" "blocked: 10.2.0.0/16" ":8080" ":8443"
	PARA_ALLOWED_DOMAINS='' check '{"allow": ["b.example"]}'
	opens "open: b.example"
	refute_says "open: github.com"

	PARA_NETWORK_MODE=allowlist PARA_ALLOW_SSH=none PARA_ALLOW_DNS=none PARA_ALLOW_HOST=none PARA_PROFILE=strict \
		check '{"mode": "blocklist", "ssh": "any", "dns": "resolvers", "host": "subnet", "profile": "default", "allow": []}'
	opens "closed: everything else" "closed: SSH" "closed: DNS" "closed: the host's network"
	PARA_NETWORK_MODE=proxy PARA_PROXY=p.example:3128 check '{"proxy": "q.example:8080", "allow": []}'
	opens "p.example:3128"
	refute_says "q.example"
	# entries are an answer to what of the host's network is open; a word of the file's does not open the rest
	PARA_ALLOW_HOST=192.0.2.9 check '{"host": "subnet"}'
	opens "open: 192.0.2.9" "closed: the host's network"
	PARA_ALLOW_HOST=none check '{"host": ["192.0.2.8"]}'
	opens "closed: the host's network"
	refute_says 192.0.2.8
	PARA_ALLOW_HOST= check '{"host": ["192.0.2.8"]}'
	opens "open: 192.0.2.8" "closed: the host's network"
	check '{"host": "gateway"}'
	opens "open: the host (the gateway), both ways: $GATEWAY"
}

@test "a value that the environment overrides must be right all the same" {
	PARA_NETWORK_MODE=none PARA_ALLOWED_DOMAINS='' refuses '{"mode": "open"}' "1:10: mode is 'open'; it must be allowlist, blocklist, proxy, none or unprotected-observe"
}

@test "ports go on within an item alone, not from the environment's list or the item before" {
	refuses '{"allow": ["a.example:80", "443"]}' \
		"1:28: allow: entry 1, '443': a port by itself, after no entry with ports; write HOST:PORT"
	PARA_ALLOWED_DOMAINS=a.example:80 refuses '{"allow": "443"}' \
		"1:11: allow: entry 1, '443': a port by itself, after no entry with ports; write HOST:PORT"
}

@test "an unknown key is named with its place, and with the key that was meant or all that there are" {
	refuses $'{\n\t"allow": [],\n\t"alow": []\n}' "3:2: unknown key 'alow'; did you mean 'allow'?"
	refuses '{"é": 1}' "1:2: unknown key 'é'; here may stand: isolation, mode, profile, allow, block, proxy, dns, ssh, host, inbound, guard, names, connections, bytes, networkMode, docker, version, \$schema"
	refuses '{"Allow": []}' "1:2: unknown key 'Allow'; did you mean 'allow'?"
	refuses '{"network_mode": "none"}' "1:2: unknown key 'network_mode'; did you mean 'networkMode'?"
	refuses '{"dsn": "none"}' "1:2: unknown key 'dsn'; did you mean 'dns'?"
	refuses '{"allow": {"domains": [], "ip": []}}' "1:27: unknown key 'ip'; did you mean 'ips'?"
	refuses '{"block": {"hostnames": []}}' "1:12: unknown key 'hostnames'; here may stand: domains, ips, networks"
}

@test "para's section: its other keys are passed over and said in the debug log; a misspelt one is an error" {
	PARA_LOG_LEVEL=debug check '{"docker": {"default_image": "x", "setup_script": null, "forward_env_keys": ["allowed_domains"], "allowed_domains": ["a.example"]}}'
	opens "open: a.example" "$PARA_POLICY:1:13: 'default_image' is not read; what is read here: network_isolation, allowed_domains" \
		"'setup_script' is not read" "'forward_env_keys' is not read"
	refuses '{"docker": {"domains": ["a.example"]}}' "1:12: 'docker' holds neither 'network_isolation' nor 'allowed_domains'"
	refuses '{"docker": {"allowed_domain": ["a.example"]}}' "1:13: unknown key 'allowed_domain'; did you mean 'allowed_domains'?"
	refuses '{"docker": {"network-isolation": false}}' "1:13: unknown key 'network-isolation'; did you mean 'network_isolation'?"
}

@test "a value of the wrong kind: where it is, what it is, what it must be" {
	refuses '{"isolation": 1}' "1:15: 'isolation' is a number; it must be true or false"
	refuses '{"isolation": null}' "1:15: 'isolation' is null; it must be true or false"
	refuses '{"docker": {"network_isolation": []}}' "1:34: 'network_isolation' is a list; it must be true or false"
	refuses '{"mode": true}' "1:10: 'mode' is true; it must be a string"
	refuses '{"ssh": ["any"]}' "1:9: 'ssh' is a list; it must be a string"
	refuses '{"dns": {}}' "1:9: 'dns' is an object; it must be a string"
	refuses '{"allow": 443}' "1:11: 'allow' is a number; it must be a list of strings, or an object that holds such lists"
	refuses '{"allow": {"domains": {}}}' "1:23: 'domains' is an object; it must be a list of strings"
	refuses '{"host": {}}' "1:10: 'host' is an object; it must be a list of strings"
	refuses '{"inbound": 8080}' "1:13: 'inbound' is a number; it must be a list of strings and port numbers"
	refuses '{"docker": "true"}' "1:12: 'docker' is a string; it must be an object"
	refuses '{"version": "1"}' "1:13: 'version' is a string; it must be 1"
	refuses '{"$schema": 1}' "1:13: '\$schema' is a number; it must be a string"
	refuses '["github.com"]' "1:1: the policy is a list; it must be an object"
}

@test "an item of the wrong kind is named by its number" {
	refuses $'{"allow": ["a.example",\n  443]}' "2:3: item 2 of 'allow' is a number; it must be a string"
	refuses '{"allow": {"ips": [false]}}' "1:20: item 1 of 'ips' is false; it must be a string"
	refuses '{"inbound": ["host", 80.5]}' "1:22: item 2 of 'inbound' is a number; it must be a string or a port number"
	refuses '{"block": [["10.0.0.0/8"]]}' "1:12: item 1 of 'block' is a list; it must be a string"
	refuses '{"allow": ["a.example", ""]}' "1:25: item 2 of 'allow' is empty; leave it out"
	refuses '{"inbound": ["none", 8080]}' "1:14: item 1 of 'inbound' is 'none', which stands alone: write \"inbound\": \"none\""
	refuses '{"inbound": [8080, " None "]}' "1:20: item 2 of 'inbound' is ' None ', which stands alone: write \"inbound\": \"none\""
	refuses '{"inbound": ["none,8080"]}' "1:14: inbound is 'none,8080'; it must be none by itself, or what may come in"
	refuses '{"host": ["10.0.0.1", "subnet"]}' "1:23: item 2 of 'host' is 'subnet', which stands alone: write \"host\": \"subnet\""
}

@test "a value that is not understood says where it stands" {
	refuses '{"networkMode": "disabled"}' "1:17: networkMode is 'disabled'; it must be allowlist, blocklist, proxy, none or unprotected-observe"
	refuses '{"isolation": "tru"}' "1:15: isolation is 'tru'; it must be true or false (also 1/0, yes/no, on/off)"
	refuses '{"profile": "lax"}' "1:13: profile is 'lax'; it must be default or strict"
	refuses '{"dns": "any"}' "1:9: dns is 'any'; it must be resolvers or none"
	refuses '{"ssh": ""}' "1:9: ssh is ''; it must be any, allowlist or none"
	refuses '{"proxy": "u:secret@p.example:1"}' \
		"1:11: proxy is '(not shown)'; it must be one HOST:PORT without user and password, as in proxy.example.com:3128"
	refuses '{"version": 2}' "1:13: 'version' is 2; this secure-init knows version 1 alone"
	refuses $'{"allow": {\n\t"domains": ["a.example",\n\t\t"https://b.example/"]}}' \
		"3:3: domains: entry 1, 'https://b.example/': an entry is a host, not a URL; write only the name, as in example.com:443"
	refuses '{"inbound": [65536]}' "1:14: inbound: entry 1, '65536': a port is a number from 1 to 65535, or a range such as 8000-8010"
	refuses '{"inbound": [-1]}' "1:14: inbound: entry 1, '-1': a port is a number from 1 to 65535, or a range such as 8000-8010"
}

@test "what is said twice is an error: by two keys, or by one" {
	refuses '{"mode": "none", "networkMode": "none"}' "1:33: 'networkMode' says once more what 'mode' says; leave one of the two out"
	refuses '{"docker": {"network_isolation": true}, "isolation": true}' \
		"1:54: 'isolation' says once more what 'network_isolation' says; leave one of the two out"
	check $'{"allow": [],\n"allow": ["a.example"]}'
	assert_status 101
	assert_says "$PARA_POLICY:2:7: duplicate object key near '\"allow\"'"
}

@test "what is not JSON: jansson's words, with line and column" {
	refuses $'{\n\t"allow": ["a.example",]\n}' "2:24: unexpected token near ']'"
	refuses '' "1:0: '[' or '{' expected near end of file"
	refuses '{"allow": [' "1:11: ']' expected near end of file"
	refuses '{} {}' "1:4: end of file expected near '{'"
	check '// mine
{}'
	assert_status 101
	assert_says "$PARA_POLICY:1:1: "
	printf '{"allow": ["a.example"],\n"version": 1\0}' > "$PARA_POLICY"
	check
	assert_status 101
	assert_says "$PARA_POLICY:2:13: a zero byte; the file must be text"
	printf '{"allow": ["\xff"]}' > "$PARA_POLICY"
	check
	assert_status 101
	assert_says "unable to decode byte 0xff"
	check "$(python3 -c 'print("[" * 100000)')"
	assert_status 101
	assert_says "maximum parsing depth reached"
}

@test "columns are characters, and escapes are read" {
	refuses '{"\u0061llow": ["é", 1]}' "1:17: allow: entry 1, 'é': a name with letters beyond ASCII; write its A-label, as 'idn2 NAME' prints it (xn--...)"
	check '{"\u0061llow": ["\u0061.example"]}'
	opens "open: a.example"
	refuses '{"$schema": "é€🐧", "x": 1}' "1:20: unknown key 'x'; here may stand: isolation, mode, profile, allow, block, proxy, dns, ssh, host, inbound, guard, names, connections, bytes, networkMode, docker, version, \$schema"
}

@test "a long list is read in little time, and an error at its end is found" {
	python3 -c 'import json, sys; json.dump({"allow": [f"10.{i // 250}.{i % 250}.0/24" for i in range(10000)]}, sys.stdout, indent=1)' > "$PARA_POLICY"
	run timeout 60 "$SECURE_INIT" --check
	assert_status 0
	sed -i 's/"10.39.249.0.24"/7/' "$PARA_POLICY"
	run timeout 60 "$SECURE_INIT" --check
	assert_status 101
	assert_says "$PARA_POLICY:10002:3: item 10000 of 'allow' is a number"
}

@test "at most 1 MiB" {
	{ printf '{}'; head -c $((1024 * 1024 - 2)) /dev/zero | tr '\0' ' '; } > "$PARA_POLICY"
	check
	assert_status 0
	printf ' ' >> "$PARA_POLICY"
	check
	assert_status 101
	assert_says "PARA_POLICY: $PARA_POLICY has more than 1048576 bytes"
}

@test "the file and every directory on its path must belong to root" {
	echo '{}' > "$PARA_POLICY"
	chown 1000 "$PARA_POLICY"
	refuses_place "$PARA_POLICY" ": $PARA_POLICY belongs to uid 1000, who could change or replace what is there; chown root $PARA_POLICY"
	chown 0:1000 "$PARA_POLICY"
	check
	assert_status 0
	mkdir -p "$FOLDER/his/ours"
	mv "$PARA_POLICY" "$FOLDER/his/ours/"
	chown 1000 "$FOLDER/his"
	refuses_place "$FOLDER/his/ours/policy.json" ": $FOLDER/his belongs to uid 1000, who could change or replace what is there; chown root $FOLDER/his"
}

@test "the file and every directory on its path must be writable by root alone" {
	local mode
	echo '{}' > "$PARA_POLICY"
	for mode in 0664 0646 0620 0602; do
		chmod "$mode" "$PARA_POLICY"
		refuses_place "$PARA_POLICY" ": $PARA_POLICY can be written by others than root (mode $mode), who could change or replace what is there; chmod go-w $PARA_POLICY"
	done
	chmod 444 "$PARA_POLICY"
	check
	assert_status 0
	# also a directory of which only the owners may take files away
	for mode in 0775 1777; do
		chmod "$mode" "$FOLDER"
		refuses_place "$PARA_POLICY" ": $FOLDER can be written by others than root (mode $mode), who could change or replace what is there; chmod go-w $FOLDER"
	done
	# an access control list shows in the group's bits
	chmod 755 "$FOLDER"
	if command -v setfacl && setfacl -m u:1000:rw "$PARA_POLICY"; then
		check
		assert_status 101
	fi
}

@test "no symbolic link on the path, whoever made it" {
	echo '{}' > "$PARA_POLICY"
	ln -s policy.json "$FOLDER/link.json"
	refuses_place "$FOLDER/link.json" ": $FOLDER/link.json is a symbolic link, which could lead elsewhere next time; give the path that realpath prints"
	ln -s . "$FOLDER/link"
	refuses_place "$FOLDER/link/policy.json" ": $FOLDER/link is a symbolic link, which could lead elsewhere next time; give the path that realpath prints"
	refuses_place "/proc/self/root$PARA_POLICY" ": /proc/self is a symbolic link, which could lead elsewhere next time; give the path that realpath prints"
}

@test "a regular file, and nothing is waited for" {
	refuses_place "$FOLDER" ": $FOLDER is not a regular file; name one that is"
	refuses_place / ": / is not a regular file; name one that is"
	refuses_place /dev/null ": /dev/null can be written by others than root (mode 0666), who could change or replace what is there; chmod go-w /dev/null"
	mkfifo -m 644 "$PARA_POLICY"
	run timeout 60 "$SECURE_INIT" --check
	assert_status 101
	[ "$output" = "secure-init: PARA_POLICY: $PARA_POLICY is not a regular file; name one that is" ]
}

@test "a path from the root that leads somewhere" {
	refuses_place policy.json " is 'policy.json'; it must be a path from the root, as in /etc/secure-init/policy.json"
	refuses_place "" " is ''; it must be a path from the root, as in /etc/secure-init/policy.json"
	refuses_place "$FOLDER/none.json" ": $FOLDER/none.json cannot be opened: No such file or directory"
	refuses_place "$FOLDER/none/policy.json" ": $FOLDER/none cannot be opened: No such file or directory"
	echo '{}' > "$PARA_POLICY"
	refuses_place "$PARA_POLICY/more" ": $PARA_POLICY/more cannot be opened: Not a directory"
	PARA_POLICY="/${FOLDER//\//\/\/.\/}/../${FOLDER##*/}/policy.json" check
	assert_status 0
}

@test "a user that may not read it is told so" {
	echo '{}' > "$PARA_POLICY"
	chmod 600 "$PARA_POLICY"
	cp "$SECURE_INIT" "$FOLDER/secure-init"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$FOLDER/secure-init" --check
	assert_status 101
	assert_says "PARA_POLICY: $PARA_POLICY cannot be opened: Permission denied"
	chmod 644 "$PARA_POLICY"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$FOLDER/secure-init" --check
	assert_status 0
}

@test "root is uid 0 as the user namespace has it" {
	mkdir -m 755 "$FOLDER/root" "$FOLDER/root/etc"
	mkdir -m 555 "$FOLDER/root/proc"
	cp "$SECURE_INIT" "$FOLDER/root/secure-init"
	echo '{"allow": ["a.example"]}' > "$FOLDER/root/policy.json"
	: > "$FOLDER/root/etc/resolv.conf"
	# everything belongs to the namespace's root but, at first, the file
	chown -R 100000 "$FOLDER/root"
	chown 0 "$FOLDER/root/policy.json"
	inside() {
		run python3 - "$FOLDER/root" <<-'PYTHON'
			import ctypes, os, sys
			ready, mapped = os.pipe(), os.pipe()
			child = os.fork()
			if child == 0:
			    assert ctypes.CDLL(None).unshare(0x10000000) == 0 # CLONE_NEWUSER
			    os.write(ready[1], b".")
			    os.read(mapped[0], 1)
			    os.setresuid(0, 0, 0)
			    os.chroot(sys.argv[1])
			    os.chdir("/")
			    os.execve("/secure-init", ["secure-init", "--check"], {"PARA_POLICY": "/policy.json", "PARA_RUN_AS": "65534"})
			os.read(ready[0], 1)
			with open(f"/proc/{child}/uid_map", "w") as map:
			    map.write("0 100000 65536")
			os.write(mapped[1], b".")
			sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
		PYTHON
	}
	inside
	assert_status 101
	assert_says "PARA_POLICY: /policy.json belongs to uid 65534, "
	chown 100000 "$FOLDER/root/policy.json"
	inside
	opens "open: a.example"
}

@test "a root agent could write its next policy: refused, unless the file system is read-only" {
	echo '{"allow": ["a.example"]}' > "$PARA_POLICY"
	local root
	for root in '' 0 root; do
		PARA_RUN_AS=$root
		[ -n "$root" ] || unset PARA_RUN_AS
		check
		assert_status 101
		assert_says "PARA_POLICY: the agent will be root and could write its next policy into $PARA_POLICY; mount the file read-only (-v FILE:$PARA_POLICY:ro), or let the agent be another user (PARA_RUN_AS)"
	done
	run unshare --mount --propagation private -- sh -c '
		mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" --check' - "$PARA_POLICY" "$SECURE_INIT"
	opens "open: a.example"
	# where nothing is closed there is nothing to write
	check '{"isolation": false}'
	assert_status 0
}

@test "a container that starts from a file reaches what it allows, and nothing else" {
	lab_clean
	cat > "$PARA_POLICY" <<-END
		{"profile": "strict", "allow": {"domains": ["api.anthropic.com:443"]}, "inbound": [8080, 8080, "8080"], "ssh": "none"}
	END
	run caged sh -c "echo AGENT-RAN; '$TRY' -w 20 tcp $ANTHROPIC 443; '$TRY' -w 20 tcp $ANTHROPIC 22; '$TRY' -w 20 tcp $BLOCKED 443"
	assert_says "AGENT-RAN"
	[ "$(grep -c '^open' <<< "$output")" -eq 1 ]
	[ "$(grep -c '^EHOSTUNREACH' <<< "$output")" -eq 2 ]
	echo '{"alow": []}' > "$PARA_POLICY"
	run caged echo AGENT-RAN
	assert_status 101
	refute_says AGENT-RAN
	assert_says "did you mean 'allow'?"
}
