# secure-init: one static program. `make` builds it, `make demo` shows it at work, `make test` proves it.
#
# make            build/secure-init (musl, static-pie)
# make ARCH=arm64 the same for the other architecture, by Debian's cross compiler: build/arm64/secure-init
# make demo       the main job in throw-away namespaces beside a pretend internet (as root)
# make test       all tests (as root): units and fuzz seeds under sanitizers, static analysis, behaviour
# make faults     every system call, allocation and netlink answer of a start made to fail (as root; docs/faults.md)
# make sbom       build/secure-init.spdx.json: what is in it, by version, source and hash
# make audit      whether Debian has security updates for what is in it; fails if so
# make bench      the figures of docs/benchmarks.md, docs/init.md, docs/containers.md (as root, about twenty minutes)
# make bench-datapath    those of the data path alone (about six minutes)
# make plots      docs/img/ from the tables of docs/benchmarks.md and docs/init.md
# make trials     the guard under load for some minutes: records that move, kills, mutated packets, tunnels (as root)
# make soak MINUTES=60    an agent's work for as long, and what each process holds meanwhile (as root)
# make fuzz MINUTES=1     each fuzzer for as long
# make format     the one style of .clang-format
# make clean

VERSION   := 0.1.0
CA_BUNDLE := /etc/ssl/certs/ca-certificates.crt

# amd64 or arm64. The machine's own is built right below build/, another one in a folder of its own.
NATIVE := $(shell dpkg --print-architecture)
ARCH   := $(NATIVE)
CROSS  := $(filter-out $(NATIVE),$(ARCH))
OUT    := build$(CROSS:%=/%)
DEPS   := build/deps-musl$(CROSS:%=-%)

# The rooms. Everything but main.c and version.c is linked into the unit tests too.
SOURCES := $(wildcard init/*.c fw/*.c verify/*.c guard/*.c guard/*/*.c util/*.c)

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wcast-align -Wpointer-arith -Wundef -Wwrite-strings -Werror
LIBMNL   := $(shell awk '$$1 == "libmnl" { print $$2; exit }' deps/pins)
COMMON   := -std=c11 -D_GNU_SOURCE -I. -DVERSION='"$(VERSION)"' -DLIBMNL_VERSION='"$(LIBMNL)"' -DCA_BUNDLE='"$(CA_BUNDLE)"' $(WARNINGS)
HARDEN   := -fstack-protector-strong -ftrivial-auto-var-init=zero -fno-strict-aliasing
RELEASE  := -Os -g0 -fPIE -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=. $(HARDEN)
LIBS     := -lcurl -lmbedtls -lmbedx509 -lmbedcrypto -lcares -ljansson -lmnl

all: $(OUT)/secure-init

# Where the static libraries are, built on first use. The files hold the folder's name.
$(DEPS) build/deps-glibc: build/deps-%: deps/pins deps/build deps/fetch deps/shim.c | $(OUT)/packages
	@deps/build $(subst -, ,$*) > $@.part && mv $@.part $@

$(CA_BUNDLE): | $(OUT)/packages ;

$(OUT)/packages: deps/packages
	@mkdir -p $(@D)
	@deps/install build $(CROSS:%=cross-%) && touch $@

# deps/relro.c does before main() what musl leaves out.
RELEASE_OBJECTS := $(SOURCES:%.c=$(OUT)/release/%.o) $(OUT)/release/fw/embed.o $(OUT)/release/deps/relro.o

$(OUT)/secure-init: $(RELEASE_OBJECTS)
	@echo "  CC $@"; $$(cat $(DEPS))/bin/cc -Wl,--gc-sections -s -o $@ $^ -L$$(cat $(DEPS))/lib $(LIBS)

$(OUT)/release/%.o: %.c Makefile $(DEPS)
	@mkdir -p $(@D)
	@echo "  CC $@"; $$(cat $(DEPS))/bin/cc $(COMMON) $(RELEASE) -isystem $$(cat $(DEPS))/include -MMD -MP -c -o $@ $<

$(OUT)/release/fw/embed.o: fw/embed.S fw/presets.txt Makefile $(DEPS) $(CA_BUNDLE)
	@mkdir -p $(@D)
	@echo "  CC $@"; $$(cat $(DEPS))/bin/cc $(COMMON) -c -o $@ $<

include tests/faults.mk

# what the tests see a destination with, in the lab and in any image
build/try: tests/lab/try.c build/deps-musl
	@echo "  CC $@"; $$(cat build/deps-musl)/bin/cc -std=c11 -D_GNU_SOURCE -Os -s -Wall -Wextra -Werror -o $@ $<

demo: build/secure-init build/try
	@deps/install test
	@tests/demo

trials: build/secure-init build/try
	@deps/install test trials
	@tests/guard/trials

soak: build/secure-init
	@deps/install test
	@tests/soak $(MINUTES)

bench: build/secure-init
	@deps/install test bench containers
	@unshare --net --mount --propagation private -- bash bench/startup.sh
	@python3 bench/init.py build/secure-init
	@bench/containers.sh
	@bench/dns.sh
	@$(MAKE) bench-datapath

bench-datapath: build/secure-init build/try
	@deps/install test bench
	@unshare --net --mount --propagation private -- bash bench/datapath.sh

plots:
	@python3 bench/plot.py

sbom: $(OUT)/secure-init.spdx.json

$(OUT)/secure-init.spdx.json: $(OUT)/secure-init deps/sbom deps/sbom.awk deps/pins docs/licences.md
	@CA_BUNDLE=$(CA_BUNDLE) deps/sbom $< $(VERSION) $(ARCH) > $@ && echo "  SBOM $@"

audit:
	@deps/audit

# arm64.bats's program is built here, since the tests have no network to fetch its libraries from.
test: build/secure-init build/try build/deps-glibc $(FAULTS)
	@deps/install test
	@deps/install containers || echo "the container tests use the engines that are there"
	@$(MAKE) ARCH=arm64
	@tests/run

mutants: build/secure-init build/try build/deps-glibc
	@deps/install test
	@tests/run mutants

# for tests/mutants, which builds the program with one file changed
print-release-flags:
	@printf '%s\n' "$(subst ",\",$(COMMON)) $(RELEASE)"

print-objects:
	@echo $(RELEASE_OBJECTS)

print-libraries:
	@echo $(LIBS)

include tests/unit.mk

clean:
	rm -rf build

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

-include $(shell find build -name '*.d' 2>/dev/null)

.PHONY: all demo mutants trials soak bench bench-datapath plots sbom audit test clean format print-release-flags print-objects print-libraries
.DELETE_ON_ERROR:
