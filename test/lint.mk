# What is checked without running anything; included by the Makefile.
#
# Each linter is a target, so that one can be run alone; `make -k lint` shows
# the findings of all of them.

LINTERS := layers headers format tidy cppcheck shellcheck manlint text

HEADERS    := $(wildcard libcommon/*.h test/*/*.h)
C_SOURCES  := $(wildcard libcommon/*.c bin/*.c test/*/*.c)
SHELL_FILES := bootstrap .ci/run test/demo test/soak debian/smoke debian/greenlight-tools.postrm $(shell grep -lE '^\#! ?/.*sh$$' test/lib/* test/bench/* bin/* share/examples/* \
               share/greenlight/* 2>/dev/null) $(wildcard test/lib/*.bash test/bench/*.bash share/greenlight/*.bash)
CHECK_FLAGS := -std=c11 -Ilibcommon -I$(BUILD)/gen

#:lint       every linter (each is a target: layers headers format tidy cppcheck shellcheck manlint text)
lint: $(LINTERS)

# A module includes only modules before it in MODULES, and each header of a
# library only in the module that wraps it.
layers:
	@test/lib/layers $(MODULES)

headers: $(HEADERS:%=$(BUILD)/lint/%.alone)

# Each header compiles alone, so that an include line can stand anywhere.
$(BUILD)/lint/%.alone: %
	@mkdir -p $(@D)
	@printf '#include "%s"\n' $(notdir $<) | $(CC) $(CHECK_FLAGS) -Wall -Wextra -Werror -I$(<D) -MMD -MP \
	    -MF $@.d -MT $@ -fsyntax-only -x c -
	@touch $@

-include $(HEADERS:%=$(BUILD)/lint/%.alone.d)

format:
	clang-format --dry-run -Werror $(HEADERS) $(C_SOURCES)

# One file a run: clang-tidy 14 takes va_lists for uninitialised in the second.
tidy: $(C_SOURCES:%=$(BUILD)/lint/%.tidy)

$(BUILD)/lint/%.tidy: % .clang-tidy $(HEADERS) | $(DRIVERS) $(BUILD)/gen/render_html_css.h
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(CHECK_FLAGS) > $@.out 2> $@.err || { cat $@.out; grep error $@.err; exit 1; }
	@touch $@

cppcheck:
	cppcheck -q --std=c11 --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
	    --library=posix,gnu --suppress=missingIncludeSystem --suppress=variableScope \
	    --suppress=unusedStructMember --suppress=knownConditionTrueFalse --suppress=redundantContinue -j $(JOBS) -Ilibcommon $(C_SOURCES)

shellcheck:
	shellcheck $(SHELL_FILES)

manlint:
	$(if $(wildcard man/*),mandoc -Tlint -Wwarning $(wildcard man/*))

# What no tool above sees: lines that name this checkout's place on disk, work
# left for later, tests that skip themselves, files that have grown too long.
text:
	@test/lib/textlint

.PHONY: lint $(LINTERS)
