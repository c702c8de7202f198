# Greenlight tools.  `make` builds into build/, `make check` runs every test,
# `make lint` every linter, `make install` takes DESTDIR and PREFIX.
# SANITIZE=address,undefined and CC=clang build in folders of their own.

VERSION  := $(shell sed -n 's/.*GL_VERSION "\(.*\)".*/\1/p' libcommon/cli.h)
PREFIX   ?= /usr/local
SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/san)$(if $(filter clang%,$(CC)),/clang)$(if $(COVERAGE),/coverage)

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fPIE
LINK     := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
ifeq ($(SANITIZE)$(COVERAGE),)
HARDEN   += -D_FORTIFY_SOURCE=2
endif
ifneq ($(SANITIZE),)
HARDEN   += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK     += -fsanitize=$(SANITIZE)
endif
ifneq ($(COVERAGE),)
HARDEN   += --coverage
LINK     += --coverage
endif
ALL_CFLAGS = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) -Ilibcommon -I$(BUILD)/gen -MMD -MP

# The modules of libcommon, lowest layer first: a module may include only those
# before it (checked by `make layers`).
MODULES := err status msg xalloc clock signals buf parse cli retry heap json json_scan jsonl filter \
           text table record result answer http exchange sandbox runner

PROGRAMS := gl-route gl-submit gl-poll gl-render gl-run

# What each program needs beyond libc; a program loads nothing else.
LIBS_gl-submit := -lcurl -ljq -lonig -lm
LIBS_gl-poll   := -lcurl
LIBS_gl-render := -lutf8proc

OBJECTS := $(MODULES:%=$(BUILD)/obj/%.o)
BINARIES := $(PROGRAMS:%=$(BUILD)/bin/%)

include test/test.mk

all: $(BINARIES) $(TEST_PROGRAMS)

$(BUILD)/obj/%.o: libcommon/%.c | $(BUILD)/obj
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: bin/%.c | $(BUILD)/obj
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/libcommon.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/obj/%.o $(BUILD)/libcommon.a | $(BUILD)/bin
	$(CC) $(LINK) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS_$*)

$(BUILD)/obj $(BUILD)/bin $(BUILD)/gen $(BUILD)/test:
	@mkdir -p $@

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/test/*.d)

clean:
	rm -rf build

.PHONY: all clean
.SECONDARY:
