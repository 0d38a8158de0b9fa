# The build: the same bytes wherever it is done, from the pinned files alone; and the program that comes out is hardened,
# as binutils read it. Each check of the hardening is shown a program that lacks it, and must see that.
load common

setup_file() {
	MUSL=$(cat "$ROOT/build/deps-musl")
	CACHE=$(dirname "$MUSL")
	HERE=$(mktemp -d)
	export MUSL CACHE HERE BATS_TEST_TIMEOUT=1000 # for a whole build
}

teardown_file() {
	rm -rf "$HERE"
}

setup() { :; }

# copy FOLDER: the sources as they are here, committed or not, and nothing that was built
copy() {
	mkdir -p "$1"
	git -C "$ROOT" ls-files -z --cached --others --exclude-standard ':!docs' ':!examples' |
		tar -C "$ROOT" --null --files-from=- --ignore-failed-read -c 2> /dev/null | tar -C "$1" -x
}

# --- the same bytes -------------------------------------------------------------------------------------------------

@test "a clean build in another folder, language, time zone and by another umask gives the same bytes" {
	local other="$HERE/another/folder/with-a-longer-name"
	copy "$other"
	(umask 077 && TZ=Pacific/Auckland LC_ALL=C make -s -j2 -C "$other" build/secure-init > "$HERE/other.log")
	[ "$(grep -c '\.o$' "$HERE/other.log")" -gt 50 ] # they were built, not found
	cmp "$SECURE_INIT" "$other/build/secure-init"
	# nor does the machine show in it
	run strings -n 6 "$SECURE_INIT"
	refute_says "$ROOT"
	refute_says "$CACHE"
	rm -rf "$HERE/another"
}

@test "the libraries' cache goes by the pinned hashes: another pin, another folder; a file that does not match is not used" {
	local pins=$HERE/deps/pins new=$HERE/cache hash
	cp -R "$ROOT/deps" "$HERE/deps"
	[ "$("$HERE/deps/build" musl)" = "$MUSL" ]

	hash=$(awk '$1 == "jansson" { print $5; exit }' "$pins")
	sed -i "s/$hash/$(tr 0-9a-f 1-9a-f0 <<< "$hash")/" "$pins"
	mkdir -p "$new/files"
	cp "$CACHE"/files/*.orig.tar.* "$CACHE"/files/*.debian.tar.* "$CACHE"/files/*.deb "$new/files"
	DEPS_CACHE=$new DEBIAN_MIRROR=file:///nowhere run "$HERE/deps/build" musl
	assert_status 1
	assert_says "jansson_2.14.orig.tar.gz is not to be had from the Debian archive in use with the pinned hash"
	[ -z "$(find "$new" -name done)" ]

	cp "$ROOT/deps/pins" "$pins"
	echo >> "$new/files/jansson_2.14.orig.tar.gz"
	DEPS_CACHE=$new DEBIAN_MIRROR=file:///nowhere run "$HERE/deps/build" musl
	assert_status 1
	assert_says "jansson_2.14.orig.tar.gz is not to be had from the Debian archive in use with the pinned hash $hash"
	rm -rf "$new" "$HERE/deps"
}

# --- hardened -------------------------------------------------------------------------------------------------------

# faults FILE: what readelf shows of a program that is not as hardened as it could be, a word each
faults() {
	local headers dynamic sections
	headers=$(readelf -hlW "$1") dynamic=$(readelf -dW "$1") sections=$(readelf -SW "$1")
	grep -q 'Type: *DYN' <<< "$headers" && grep -q 'FLAGS_1.*PIE' <<< "$dynamic" || echo not-pie
	! grep -q ' INTERP ' <<< "$headers" || echo interpreter
	! grep -q '(NEEDED)' <<< "$dynamic" || echo needs-libraries
	grep -q ' GNU_RELRO ' <<< "$headers" || echo no-relro
	grep -Eq 'FLAGS\) .*BIND_NOW' <<< "$dynamic" || echo lazy
	grep -Eq ' GNU_STACK .* RW +0x' <<< "$headers" || echo executable-stack
	! grep -Eq ' (LOAD|GNU_RELRO|TLS) .* RWE ' <<< "$headers" || echo writable-code
	! grep -Eq '\(TEXTREL\)|FLAGS\) .*TEXTREL' <<< "$dynamic" || echo text-relocations
	! grep -Eq '\((RPATH|RUNPATH)\)' <<< "$dynamic" || echo search-path
	! grep -Eq ' \.(symtab|debug_[a-z]*) ' <<< "$sections" || echo not-stripped
}

# tiny OUT FLAG...: a small program by the product's compiler and flags of linking, but for these
tiny() {
	local out=$1
	shift
	printf 'int main(int argc, char *argv[]) { return argv[argc] != 0; }\n' > "$HERE/tiny.c"
	"$MUSL/bin/cc" -Os -fPIE "${STRIP--s}" "$HERE/tiny.c" -o "$HERE/$out" "$@" 2> /dev/null
}

@test "static-pie, no loader, no library, RELRO, bound at once, no code that can be written, no data that is run, stripped" {
	run faults "$SECURE_INIT"
	[ -z "$output" ] || { echo "$output"; return 1; }
}

@test "each of these checks sees a program that fails it" {
	local word flags
	tiny good
	[ -z "$(faults "$HERE/good")" ]
	printf '.section .note.GNU-stack,"",@progbits\n.text\nodd: .quad main\n' > "$HERE/odd.s"
	while read -r word flags; do
		# shellcheck disable=SC2086
		tiny "$word" $flags || { echo "$word cannot be built"; return 1; }
		faults "$HERE/$word" > "$HERE/seen"
		grep -qx "$word" "$HERE/seen" || { echo "$word is not seen, but: $(cat "$HERE/seen")"; return 1; }
	done <<- END
		not-pie -no-pie -static
		no-relro -Wl,-z,norelro
		lazy -Wl,-z,lazy
		executable-stack -z execstack
		writable-code -Wl,-N
		text-relocations $HERE/odd.s -Wl,-z,notext
		search-path -Wl,-rpath,/usr/lib
	END
	STRIP=-g tiny not-stripped
	[ "$(faults "$HERE/not-stripped")" = not-stripped ]
	# an ordinary program of the distribution's
	run faults "$(command -v readelf)"
	assert_says interpreter
	assert_says needs-libraries
}

# relocated FILE PID: "sealed" if no page that lies whole within FILE's GNU_RELRO can be written in the running process
relocated() {
	readelf -lW "$1" > "$HERE/headers"
	python3 - "$HERE/headers" "/proc/$2/maps" "$(readlink -f "$1")" <<- 'EOF'
		import re, sys
		headers, maps, path = sys.argv[1:]
		relro = re.search(r"GNU_RELRO +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+)", open(headers).read())
		first, end = int(relro[1], 16), int(relro[1], 16) + int(relro[2], 16)
		spans = [line.split() for line in open(maps) if path in line]
		base = int(spans[0][0].split("-")[0], 16)
		bad = [span for span in spans if "w" in span[1]
		       and int(span[0].split("-")[0], 16) < base + end // 4096 * 4096 and int(span[0].split("-")[1], 16) > base + first]
		print("writable" if bad else "sealed")
	EOF
}

# running PROGRAM ARGUMENT...: relocated() of it while it sleeps
running() {
	local pid
	PARA_NETWORK_ISOLATION=false "$@" > "$HERE/out" 2>&1 3>&- &
	pid=$!
	asleep() { [ "/proc/$pid/exe" -ef "$1" ] && grep -q '^State:.S' "/proc/$pid/status"; }
	lab_wait_for asleep "$1"
	relocated "$1" $pid
	kill $pid
	wait $pid || true
}

@test "what only relocation had to write cannot be written in the running program; musl alone leaves it so" {
	[ "$(running "$SECURE_INIT" -- sleep 1000)" = sealed ]
	printf '#include <unistd.h>\nint main(void) { return (int)sleep(1000); }\n' > "$HERE/tiny.c"
	"$MUSL/bin/cc" -Os -fPIE -s "$HERE/tiny.c" -o "$HERE/alone"
	[ "$(running "$HERE/alone")" = writable ]
	"$MUSL/bin/cc" -Os -fPIE -s "$HERE/tiny.c" "$ROOT/build/release/deps/relro.o" -o "$HERE/with"
	[ "$(running "$HERE/with")" = sealed ]
}

# guarded OBJECT...: how many of them call for the stack protector
guarded() { nm -A "$@" 2> /dev/null | grep -c ' U __stack_chk_fail' || true; }

@test "the stack protector is in our objects and in every library that we build" {
	local library objects n
	mapfile -t objects < <(find "$ROOT/build/release" -name '*.o')
	n=$(guarded "${objects[@]}")
	echo "$n of our ${#objects[@]} objects have a guarded function"
	[ "$n" -gt $((${#objects[@]} / 2)) ]
	for library in curl mbedtls mbedx509 mbedcrypto cares jansson; do
		[ "$(guarded "$MUSL/lib/lib$library.a")" -ge 1 ] || { echo "lib$library has none"; return 1; }
	done
	# and in the program, stripped as it is, the code that compares: on amd64 the guard lies at fs:0x28
	if [ "$(dpkg --print-architecture)" = amd64 ]; then
		[ "$(objdump -d "$SECURE_INIT" | grep -c '%fs:0x28')" -gt 200 ]
	fi
}

# probe FLAG...: a function whose array another one fills, compiled like the product but for these flags
probe() {
	cat > "$HERE/probe.c" <<- 'EOF'
		void take(char *bytes);
		char last(void);
		char last(void)
		{
			char bytes[64];

			take(bytes);
			return bytes[63];
		}
	EOF
	eval "$MUSL/bin/cc $(make -s -C "$ROOT" --no-print-directory print-release-flags) $* -w -c -o $HERE/probe.o $HERE/probe.c"
}

@test "the release's flags bring the stack protector and variables that begin at zero; without, both are seen to be missing" {
	probe
	[ "$(guarded "$HERE/probe.o")" = 1 ]
	probe -fno-stack-protector
	[ "$(guarded "$HERE/probe.o")" = 0 ]

	cat > "$HERE/main.c" <<- 'EOF'
		static __attribute__((noinline)) void dirty(void)
		{
			volatile char bytes[512];

			for (unsigned int i = 0; i < sizeof(bytes); i++)
				bytes[i] = 1;
		}
		void take(char *bytes) { __asm__ volatile("" : : "r"(bytes) : "memory"); }
		char last(void);
		int main(void)
		{
			dirty();
			return last();
		}
	EOF
	probe
	"$MUSL/bin/cc" -O1 -fPIE "$HERE/main.c" "$HERE/probe.o" -o "$HERE/zeroed"
	"$HERE/zeroed"
	probe -ftrivial-auto-var-init=uninitialized
	"$MUSL/bin/cc" -O1 -fPIE "$HERE/main.c" "$HERE/probe.o" -o "$HERE/dirty"
	run "$HERE/dirty"
	assert_status 1
}

# --- the pictures ---------------------------------------------------------------------------------------------------

@test "the pictures of the documents are those of the documents' tables" {
	python3 "$ROOT/bench/plot.py" --check
	grep -q 'docs/img/startup.svg' "$ROOT/README.md"
	# another figure would show
	mkdir -p "$HERE/plot/bench"
	cp -R "$ROOT/docs" "$HERE/plot/docs"
	cp "$ROOT/bench/plot.py" "$HERE/plot/bench/"
	sed -i 's/| 0 ms | 50 names | baseline | 20 | [0-9.]* ms/| 0 ms | 50 names | baseline | 20 | 9999.0 ms/' "$HERE/plot/docs/benchmarks.md"
	run python3 "$HERE/plot/bench/plot.py" --check
	assert_status 1
	assert_says "docs/img/startup.svg is not that of its tables"
}
