# Faults at every step of a start (docs/faults.md).
#
# make faults                all of them (as root; a long while); EVERY=20 a 20th; KINDS=error,netlink some kinds

EVERY := 1
KINDS :=

FAULTS := build/faults/inject build/faults/agent build/faults/secure-init

build/faults/inject: tests/faults/inject.c tests/faults/netlink.c tests/faults/tracer.h
	@mkdir -p $(@D)
	@echo "  CC $@"; gcc -O2 $(filter-out -I.,$(COMMON)) -o $@ $(filter %.c,$^)

build/faults/agent: tests/faults/agent.c
	@mkdir -p $(@D)
	@echo "  CC $@"; gcc -O2 $(COMMON) -static -o $@ $^

# The program as it is released, but for its allocations.
build/faults/secure-init: tests/faults/alloc.c $(RELEASE_OBJECTS)
	@mkdir -p $(@D)
	@echo "  CC $@"; $$(cat $(DEPS))/bin/cc $(COMMON) $(RELEASE) -Wl,--gc-sections -s \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=fork -o $@ $^ -L$$(cat $(DEPS))/lib $(LIBS)

faults: $(FAULTS) build/secure-init
	@deps/install test
	@tests/faults/run $(EVERY) $(KINDS)

.PHONY: faults
