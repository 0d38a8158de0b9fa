# The tests that need neither privileges nor a network: units and fuzzers, both under ASan and UBSan.
#
# make unit                  every program of tests/unit, in TAP
# make fuzz-seeds            every fuzzer over its seeds only, in TAP
# make fuzz MINUTES=1        every fuzzer for so many minutes, one after another
# make unit-coverage         lines of the product that the unit tests reach
# make build/asan/secure-init    the whole program with both sanitizers, to be run like the real one

MINUTES := 1

# In an archive, so that a program holds only what it uses.
ROOMS := $(filter-out init/main.c,$(SOURCES))
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNITS := $(patsubst tests/unit/%.c,%,$(filter tests/unit/test-%,$(UNIT_SOURCES)))
FUZZERS := $(patsubst tests/fuzz/fuzz-%.c,%,$(wildcard tests/fuzz/fuzz-*.c))

SANITIZER_STATUS := 120
UNIT_ENV := ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:exitcode=$(SANITIZER_STATUS) \
	UBSAN_OPTIONS=print_stacktrace=1:exitcode=$(SANITIZER_STATUS)
SANITIZE := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# The rooms are built once for both, with what libFuzzer counts. Warnings are gcc's to give.
ROOM_FLAGS = $(filter-out $(WARNINGS),$(COMMON)) $(SANITIZE) -fsanitize=fuzzer-no-link
# Coverage wants the lines as they were written.
COVERAGE := -O0 -g --coverage -fprofile-update=single

build/asan/%.o: %.c Makefile tests/unit.mk build/deps-glibc
	@mkdir -p $(@D)
	@echo "  CLANG $@"; clang $(ROOM_FLAGS) -isystem $$(cat build/deps-glibc)/include -MMD -MP -c -o $@ $<

build/asan/%.o: %.S fw/presets.txt Makefile tests/unit.mk $(CA_BUNDLE)
	@mkdir -p $(@D)
	@echo "  CLANG $@"; clang $(ROOM_FLAGS) -c -o $@ $<

build/asan/rooms.a: $(ROOMS:%.c=build/asan/%.o) build/asan/fw/embed.o
	@echo "  AR $@"; rm -f $@; ar rcs $@ $^

build/asan/secure-init: build/asan/init/main.o build/asan/rooms.a
	@echo "  CLANG $@"; clang $(SANITIZE) -o $@ $^ -L$$(cat build/deps-glibc)/lib $(LIBS)

# The programs of tests/unit in one (units.c), since linking each took longer than running it: their mains get their names.
define UNIT_OBJECT
	@mkdir -p $(@D)
	@echo "  CC $@"; gcc $(COMMON) $(1) -isystem $$(cat build/deps-glibc)/include -MMD -MP -c -o $@ $<
	@[ $(*F) = units ] || objcopy --redefine-sym main=$(subst -,_,$(*F)) $@
endef

build/asan/tests/unit/%.o: tests/unit/%.c Makefile tests/unit.mk build/deps-glibc
	$(call UNIT_OBJECT,$(SANITIZE))

build/asan/units: $(UNIT_SOURCES:%.c=build/asan/%.o) build/asan/rooms.a
	@echo "  CLANG $@"; clang $(SANITIZE) -rdynamic -o $@ $^ -L$$(cat build/deps-glibc)/lib $(LIBS) -lcmocka

# The resolver by itself, with a pretended warden.
build/asan/resolver-lab: build/asan/tests/guard/resolver-lab.o build/asan/rooms.a
	@echo "  CLANG $@"; clang $(SANITIZE) -o $@ $^ -L$$(cat build/deps-glibc)/lib $(LIBS)

$(OUT)/resolver-lab: $(OUT)/release/tests/guard/resolver-lab.o $(filter-out $(OUT)/release/init/main.o,$(RELEASE_OBJECTS))
	@echo "  CC $@"; $$(cat $(DEPS))/bin/cc -Wl,--gc-sections -s -o $@ $^ -L$$(cat $(DEPS))/lib $(LIBS)

# For tests/mutants.
print-room-flags:
	@printf '%s\n' "$(subst ",\",$(ROOM_FLAGS))"

# A sanitizer's end comes before cmocka could say "not ok".
unit: build/asan/units
	@failed=0; for unit in $(UNITS); do \
		echo "# $$unit"; $(UNIT_ENV) CMOCKA_MESSAGE_OUTPUT=TAP build/asan/units $$unit && continue; \
		[ $$? -lt $(SANITIZER_STATUS) ] || echo "not ok - $$unit was ended by a sanitizer or a signal"; failed=1; \
	done; exit $$failed

$(FUZZERS:%=build/asan/fuzz-%): build/asan/fuzz-%: build/asan/tests/fuzz/fuzz-%.o build/asan/rooms.a
	@echo "  CLANG $@"; clang $(SANITIZE) -fsanitize=fuzzer -o $@ $^ -L$$(cat build/deps-glibc)/lib $(LIBS)

# libFuzzer's own words are many; they are shown only when something is wrong.
fuzz-seeds: $(FUZZERS:%=build/asan/fuzz-%)
	@mkdir -p build/fuzz; n=0; failed=0; echo "1..$(words $(FUZZERS))"; for fuzzer in $(FUZZERS); do \
		n=$$((n + 1)); seeds="over $$(ls tests/fuzz/seeds/$$fuzzer | wc -l) seeds"; \
		build/asan/fuzz-$$fuzzer -close_fd_mask=2 -artifact_prefix=build/fuzz/$$fuzzer- \
			tests/fuzz/seeds/$$fuzzer/* > build/fuzz/$$fuzzer.log 2>&1 && \
			{ echo "ok $$n - fuzz-$$fuzzer $$seeds"; continue; }; \
		sed 's/^/# /' build/fuzz/$$fuzzer.log; echo "not ok $$n - fuzz-$$fuzzer $$seeds"; failed=1; \
	done; exit $$failed

# What is found beyond the seeds is kept in build/fuzz/corpus, for the next run.
fuzz: $(FUZZERS:%=build/asan/fuzz-%)
	@for fuzzer in $(FUZZERS); do \
		mkdir -p build/fuzz/corpus/$$fuzzer; \
		dict=tests/fuzz/$$fuzzer.dict; [ -f $$dict ] && dict=-dict=$$dict || dict=; \
		build/asan/fuzz-$$fuzzer -close_fd_mask=2 -max_total_time=$$(( $(MINUTES) * 60 )) -timeout=10 \
			-print_final_stats=1 -artifact_prefix=build/fuzz/$$fuzzer- $$dict \
			build/fuzz/corpus/$$fuzzer tests/fuzz/seeds/$$fuzzer > build/fuzz/$$fuzzer.log 2>&1 || \
			{ grep -v '^#[0-9]' build/fuzz/$$fuzzer.log; echo "fuzz: $$fuzzer found something" >&2; exit 1; }; \
		awk -v name=$$fuzzer '/^INFO: Loaded .* modules/ { all = substr($$5, 2) } \
			/ cov: / { for (i = 1; i < NF; i++) { if ($$i == "cov:") cov = $$(i + 1); \
			if ($$i == "ft:") ft = $$(i + 1); if ($$i == "corp:") corp = $$(i + 1) } } \
			/stat::number_of_executed_units/ { runs = $$2 } /stat::average_exec_per_sec/ { speed = $$2 } \
			END { printf "  FUZZ %s: %d executions (%d/s), %d of %d edges that are linked in, %d features, corpus %s\n", \
				name, runs, speed, cov, all, ft, corp }' build/fuzz/$$fuzzer.log; \
	done

# The deps' libraries have the sanitizers in them, so the programs keep them too.
build/cov/%.o: %.c Makefile tests/unit.mk build/deps-glibc
	@mkdir -p $(@D)
	@echo "  CC $@"; gcc $(COMMON) $(COVERAGE) -isystem $$(cat build/deps-glibc)/include -MMD -MP -c -o $@ $<

build/cov/rooms.a: $(ROOMS:%.c=build/cov/%.o) build/asan/fw/embed.o
	@echo "  AR $@"; rm -f $@; ar rcs $@ $^

build/cov/tests/unit/%.o: tests/unit/%.c Makefile tests/unit.mk build/deps-glibc
	$(call UNIT_OBJECT,$(COVERAGE))

build/cov/units: $(UNIT_SOURCES:%.c=build/cov/%.o) build/cov/rooms.a
	@echo "  CC $@"; gcc $(SANITIZE) --coverage -rdynamic -o $@ $^ -L$$(cat build/deps-glibc)/lib $(LIBS) -lcmocka

# Files of which the tests reach nothing are left out: they are tested by behaviour (tests/bats).
unit-coverage: build/cov/units
	@find build/cov -name '*.gcda' -delete
	@for unit in $(UNITS); do $(UNIT_ENV) build/cov/units $$unit > build/cov/$$unit.log 2>&1 || echo "  $$unit fails"; done
	@cd build/cov && for file in $(ROOMS); do \
		[ ! -f $${file%.c}.gcda ] || gcov -n -o $${file%.c}.o ../../$$file 2>/dev/null | \
			awk -v file=$$file -F "[':% ]+" '$$1 == "File" { mine = $$2 ~ file "$$" } \
				mine && $$1 == "Lines" { if ($$3 > 0) printf "  %6.2f%% of %3d lines  %s\n", $$3, $$5, file; mine = 0 }'; \
	done

.PHONY: unit fuzz fuzz-seeds unit-coverage
