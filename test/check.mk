# How the tests, fuzzers and benchmarks are built and run; included by the
# Makefile.
#
# test/unit/NAME_test.c is a TAP program of its own; test/unit.bats runs them
# all, so that bats is the one place where tests are counted.

UNIT_TESTS   := $(patsubst test/unit/%.c,$(BUILD)/test/%,$(wildcard test/unit/*_test.c))
UNIT_SUPPORT := $(filter-out %_test.c,$(wildcard test/unit/*.c))
FUZZERS      := $(patsubst test/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard test/fuzz/*.c))
FUZZ_SECONDS ?= 60
FUZZ_BUILD   := $(BUILD)/fuzz/lib
JOBS         ?= $(shell echo $$(($$(nproc) + 2)))
TESTS        ?= test
QUEUE_BENCH  := enqueue drain two full snapshot scale peers list memory
BENCH        ?= route submit serial single poll waiting render run $(QUEUE_BENCH)
BATS         := bats --jobs $(JOBS) --print-output-on-failure $(if $(SANITIZE),--filter-tags '!plain')

all: tests
tests: $(TEST_PROGRAMS) $(UNIT_TESTS)

$(BUILD)/test/%_test: test/unit/%_test.c $(UNIT_SUPPORT) $(BUILD)/libcommon.a | $(BUILD)/test
	$(CC) $(ALL_CFLAGS) -MF $@.d -MT $@ $(LINK) $(LDFLAGS) -o $@ $< $(UNIT_SUPPORT) $(BUILD)/libcommon.a $(LIBS)

# What the tests find in their environment.  A sanitizer's finding is exit 99,
# which no program of ours uses.
export GL_BUILD := $(abspath $(BUILD))
export GL_SANITIZE := $(SANITIZE)
export ASAN_OPTIONS ?= exitcode=99
export UBSAN_OPTIONS ?= print_stacktrace=1

#:check      every test (TESTS='test/NAME.bats ...' for some); SANITIZE=address,undefined works
check: programs tests
	$(BATS) $(TESTS)

#:check-pooler  the tests with a database, their programs going through pgbouncer in transaction mode
check-pooler: export GL_POOLER := pgbouncer
check-pooler: programs tests
	$(BATS) --filter-tags '!direct' $(shell grep -l -e "^ *start_postgres" -e "^load lib/database" test/*.bats)

#:chaos      programs and PostgreSQL killed while a queue is drained: CHAOS_RUNS (200), CHAOS_CRASHES (20)
chaos: export CHAOS_RUNS ?= 200
chaos: export CHAOS_CRASHES ?= 20
chaos: programs tests
	$(BATS) test/chaos.bats

#:soak       gl-submit and gl-poll under load and faults, SOAK_SECONDS (120; an hour: 3600)
soak: programs tests
	test/soak

#:check-deb  the Debian package in a fresh Debian: installed, used, purged (as root, from the network)
check-deb: deb
	test/lib/check-deb $(BUILD)/deb/greenlight-tools_$(VERSION)_*.deb $(ROOT)

#:memcheck   the unit tests and some pipelines under valgrind
memcheck: programs tests
	test/lib/memcheck $(UNIT_TESTS)

#:coverage   which lines of bin and libcommon the tests reach; less than 90 % is a failure
coverage:
	+$(MAKE) --no-print-directory COVERAGE=1 BUILD=$(BUILD)/coverage CFLAGS='-O1 -g' programs tests
	find $(BUILD)/coverage -name '*.gcda' -delete
	+$(MAKE) --no-print-directory COVERAGE=1 BUILD=$(BUILD)/coverage CFLAGS='-O1 -g' check > $(BUILD)/coverage/check.log; \
	    code=$$?; test/lib/coverage $(BUILD)/coverage && exit $$code

#:fuzz       each test/fuzz/*.c for FUZZ_SECONDS (60), from test/fuzz/corpus/NAME
fuzz: $(FUZZERS:%=%.run)

$(BUILD)/fuzz/%.run: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix=$(BUILD)/fuzz/$*- $(BUILD)/fuzz/corpus/$* $(wildcard test/fuzz/corpus/$*)

$(BUILD)/fuzz/%: test/fuzz/%.c test/fuzz/fuzz.h $(FUZZ_BUILD)/libcommon.a
	clang $(filter-out -fPIE -fstack-clash-protection -D_FORTIFY_SOURCE=2,$(BASE_CFLAGS)) \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $< $(FUZZ_BUILD)/libcommon.a \
	    -Wl,--as-needed $(LIBS)

$(FUZZ_BUILD)/libcommon.a: FORCE
	@$(MAKE) --no-print-directory CC=clang SANITIZE=fuzzer-no-link,address,undefined BUILD=$(FUZZ_BUILD) $@

#:bench      runs test/bench/* and prints a table (BENCH='NAME ...' for some; sizes: see test/bench/queue)
bench: programs tests $(BENCH_PROGRAMS)
	$(if $(filter-out $(QUEUE_BENCH),$(BENCH)),test/bench/run $(filter-out $(QUEUE_BENCH),$(BENCH)))
	$(if $(filter $(QUEUE_BENCH),$(BENCH)),test/bench/queue $(filter $(QUEUE_BENCH),$(BENCH)))

#:bench-peers  installs other queues from npm into BUILD/peers, and measures gl-drain beside them
bench-peers: $(BUILD)/peers/node_modules
	$(MAKE) --no-print-directory bench BENCH=peers

$(BUILD)/peers/node_modules: $(wildcard test/bench/peers/*)
	@mkdir -p $(@D)
	cp $^ $(@D)
	npm install --prefix $(@D) --no-audit --no-fund
	@touch $@

FORCE:
.PHONY: tests check check-pooler check-deb chaos soak memcheck coverage fuzz bench bench-peers FORCE
