# The program for arm64, on a machine that is not: how it was built and, by an emulator of the processor, that it does
# what ours does. Not isolation itself: the emulator passes on too little of netlink.
load common

setup_file() {
	set -a
	lab_up
	ARM64=$ROOT/build/arm64/secure-init
	EMULATED=$LAB/secure-init
	# one test is all tests of another file
	BATS_TEST_TIMEOUT=1000
	set +a
	[ "$(dpkg --print-architecture)" != arm64 ] || return 0
	make -s -C "$ROOT" ARCH=arm64 >&2
	printf '#!/bin/sh\nexec qemu-aarch64 "%s" "$@"\n' "$ARM64" > "$EMULATED"
	chmod +x "$EMULATED"
}

setup() {
	[ "$(dpkg --print-architecture)" != arm64 ] || skip "this machine is arm64: all other tests are of it"
	common_setup
}

# again FILE.bats: all of its tests on the emulated program, but those that an emulator cannot show
again() {
	SECURE_INIT=$EMULATED run bats --tap --filter-tags '!native' "$BATS_TEST_DIRNAME/$1" 3>&-
	assert_status 0
	assert_says "ok 10 "
}

@test "arm64: a static-pie for that processor, as good as ours" {
	assert_good_binary "$ARM64"
	assert_says "AArch64"
}

@test "arm64: names looked up, and the same plan as ours, word for word" {
	export PARA_ALLOWED_DOMAINS=api.anthropic.com,github.com,registry.npmjs.org:443,10.9.0.0/16,[2001:db8::1]:80
	CAGE_CAPS= run cage "$SECURE_INIT" --check --resolve
	assert_status 0
	local ours=$output
	CAGE_CAPS= run cage "$EMULATED" --check --resolve
	assert_status 0
	diff <(echo "$ours") <(echo "$output")
}

@test "arm64: every test of the configuration" { again config.bats; }

@test "arm64: every test of the init" { again init.bats; }
