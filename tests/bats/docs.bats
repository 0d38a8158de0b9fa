# What the documents show is what happens: every console example and every example of settings in docs/policy.md.
bats_require_minimum_version 1.5.0
load common

POLICY_MD=$BATS_TEST_DIRNAME/../../docs/policy.md

setup() {
	common_setup
	lab_clean
	say_nothing
}

@test "every console example prints what it shows" {
	python3 - "$POLICY_MD" "$LAB" <<'PY'
import re, sys
n = 0
for block in re.findall(r"```console\n\$ (.*?)```", open(sys.argv[1]).read(), re.S):
    command, _, output = block.partition("\n")
    if output:  # one without shows what to type
        open(f"{sys.argv[2]}/example.{n}", "w").write(command.replace("secure-init", '"$SECURE_INIT"'))
        open(f"{sys.argv[2]}/shown.{n}", "w").write(output)
        n += 1
assert n >= 3, n
PY
	local example
	for example in "$LAB"/example.*; do
		echo "# $(cat "$example")"
		cage env SECURE_INIT="$SECURE_INIT" sh "$example" > "$LAB/printed" || true
		diff "$LAB/shown.${example##*.}" "$LAB/printed"
	done
}

@test "every example of settings is accepted, and each variable of the documents is known" {
	local settings n=0
	while read -r settings; do
		run env $settings "$SECURE_INIT" --check
		assert_status 0
		refute_says "not a variable"
		n=$((n + 1))
	done < <(sed -n '/^## Examples/,$p' "$POLICY_MD" | grep -o '`PARA_[^`]*`' | tr -d '`')
	[ $n -ge 6 ]
	local variable
	for variable in $(grep -ohE 'PARA_[A-Z_]+' "$BATS_TEST_DIRNAME"/../../docs/*.md "$BATS_TEST_DIRNAME"/../../README.md | sort -u); do
		run env "$variable=" "$SECURE_INIT" --check
		refute_says "not a variable"
	done
}

@test "every entry of docs/entries.md is one, and the error shown there is the one that is printed" {
	local entries=$BATS_TEST_DIRNAME/../../docs/entries.md entry n=0
	while read -r entry; do
		PARA_ALLOWED_DOMAINS=$entry run "$SECURE_INIT" --check
		assert_status 0
		n=$((n + 1))
	done < <(sed -n '/^| entry/,/^$/p' "$entries" | cut -d'|' -f2 | grep -o '`[^`]*`' | tr -d '`')
	[ $n -ge 10 ]
	PARA_ALLOWED_DOMAINS=github.com,https://github.com/ run -101 "$SECURE_INIT" --check
	[ "$output" = "$(grep '^secure-init: PARA_ALLOWED_DOMAINS: entry 2' "$entries")
secure-init: Container will not start to prevent insecure operation" ] || [ "$output" = "$(grep '^secure-init: PARA_ALLOWED_DOMAINS: entry 2' "$entries")" ]
}

@test "the threat model names each attack, each that it names exists, and what is open is said to be" {
	python3 - "$BATS_TEST_DIRNAME" <<'PY'
import os, re, sys
sys.path.insert(0, os.path.join(sys.argv[1], "../attacks"))
sys.dont_write_bytecode = True
from tools import ATTACKS
import kernel, packets, sockets, names, places, processes, exhaust
text = open(os.path.join(sys.argv[1], "../../docs/threat-model.md")).read()
tried, limits = text.split("## What is tried")[1].split("## What is not stopped")
cells = [row.split(" | ")[-1] for row in tried.splitlines() if row.startswith("| ") and not row.startswith(("| ---", "| attempt"))]
assert len(cells) >= 30
named = {word for cell in cells for word in re.findall(r"`([^`]*)`", cell)}
wrong = [word for word in named if word not in ATTACKS and not os.path.exists(os.path.join(sys.argv[1], word))]
in_limits = set(re.findall(r"`([^`]*)`", limits))
wrong += ["not named: " + name for name in ATTACKS if name not in named | in_limits]
rows = [line.split("#")[0].split() for line in open(os.path.join(sys.argv[1], "../attacks/expected"))]
for row in filter(None, rows):
    name = row[0].rsplit(":", 1)[-1]
    assert name in ATTACKS, name
    if any("open" in outcome.split("|") for outcome in row[2:]) and name not in in_limits:
        wrong.append("open, and not said: " + name)
table = {row[0].rsplit(":", 1)[-1] for row in rows if row}
wrong += ["without an outcome: " + name for name, f in ATTACKS.items() if name not in table and f.__module__ != "exhaust" and name != "dns-tunnel"]
if wrong:
    sys.exit("\n".join(wrong))
PY
}
