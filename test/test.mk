# What the tests are built from; included by the Makefile.

TEST_PROGRAMS := $(BUILD)/test/greenlight-mock

MOCK_OBJECTS := $(patsubst test/mock/%.c,$(BUILD)/test/mock-%.o,$(wildcard test/mock/*.c))

$(BUILD)/test/mock-%.o: test/mock/%.c | $(BUILD)/test
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/test/greenlight-mock: $(MOCK_OBJECTS) $(BUILD)/libcommon.a
	$(CC) $(LINK) $(LDFLAGS) -o $@ $(MOCK_OBJECTS) $(BUILD)/libcommon.a -lmicrohttpd -lgnutls -pthread
