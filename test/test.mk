# What the tests are built from; included by the Makefile.

TEST_PROGRAMS := $(BUILD)/test/greenlight-mock

MOCK_OBJECTS := $(patsubst test/mock/%.c,$(BUILD)/test/mock-%.o,$(wildcard test/mock/*.c))

$(BUILD)/test/mock-%.o: test/mock/%.c | $(BUILD)/test
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/test/greenlight-mock: $(MOCK_OBJECTS) $(BUILD)/libcommon.a
	$(CC) $(LINK) $(LDFLAGS) -o $@ $(MOCK_OBJECTS) $(BUILD)/libcommon.a -lmicrohttpd -lgnutls -pthread

# What gl-drain is measured beside.
BENCH_PROGRAMS := $(BUILD)/test/bench-loop

$(BUILD)/test/bench-loop: test/bench/loop.c $(BUILD)/libcommon.a | $(BUILD)/test
	$(CC) $(ALL_CFLAGS) -MF $@.d -MT $@ $(LINK) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a -lpq
