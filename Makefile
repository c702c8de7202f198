# Greenlight tools.  `make help` lists the targets.  All that is built lies in
# BUILD; SANITIZE=address,undefined, COVERAGE=1 and CC=clang have folders of their own.

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
LINK     += --coverage -Wl,--wrap=_exit,--wrap=raise
endif
BASE_CFLAGS = -std=c11 $(CFLAGS) $(WARN) $(HARDEN) -Ilibcommon -I$(BUILD)/gen
ALL_CFLAGS = $(BASE_CFLAGS) -MMD -MP

# The modules of libcommon, lowest layer first: a module may include only those
# before it (checked by `make layers`).
MODULES := err status msg xalloc clock chance uuid signals buf self worker proc relay source durable parse cli sink progress retry conninfo db \
           batch claim heap json json_scan jsonb jsonl spool row filter compare text contrast screen errand paint table excerpt facts ago quote form_html \
           record atom task \
           request review entry totals render_result render_outcome render_row render_rows render_stats \
           render_task render_report render_summary render document \
           render_tap render_junit render_markdown render_github \
           render_html_summary render_html result enqueue intake verdict load \
           answer_base answer_tests answer_error answer_grade answer token http probe health forward exchange stages lease tally gate \
           outcome pick change language syscalls cgroup jail hiding sandbox installed \
           files refusal patch shape exercise tests harness steps tap_read judge trial runner crew \
           starter desk handin editor local handoff journal listener jobs front service \
           together report checkup_api checkup_queue checkup_here

SCRIPTS  := gl-localdb
PROGRAMS := gl-route gl-submit gl-poll gl-claim gl-settle gl-render gl-run gl-migrate gl-enqueue gl-drain \
            gl-edit gl-serve gl-ls gl-ack gl-retry gl-cancel gl-purge gl-stats gl-handoff gl-doctor $(SCRIPTS)

# libcurl allocates much; tools that look for misuse of memory know libc's allocator.
MALLOC := $(if $(SANITIZE)$(COVERAGE),,-lmimalloc)

# What each program needs beyond libc; a program loads nothing else.
LIBS_gl-submit := -lcurl $(MALLOC) -lm
LIBS_gl-poll   := -lcurl $(MALLOC)
LIBS_gl-render := -lutf8proc -lm
LIBS_gl-run    := -lseccomp -lm
LIBS_gl-edit   := -lutf8proc -lm
LIBS_gl-serve  := -lmicrohttpd
LIBS_gl-migrate := -lpq
LIBS_gl-claim  := -lpq
LIBS_gl-settle := -lpq
LIBS_gl-enqueue := -lpq -lm
LIBS_gl-drain  := -lcurl -lpq
LIBS_gl-ls     := -lpq -lm
LIBS_gl-ack    := -lpq
LIBS_gl-retry  := -lpq
LIBS_gl-cancel := -lpq
LIBS_gl-purge  := -lpq
LIBS_gl-stats  := -lpq
LIBS_gl-handoff := -lcurl -lpq -lutf8proc -lm
LIBS_gl-doctor := -lcurl -lpq -lutf8proc -lseccomp -lm
LIBS := $(sort $(foreach p,$(PROGRAMS),$(filter-out -lm -lmimalloc,$(LIBS_$p)))) -ljq -lonig -lm # tests compare with libjq

OBJECTS := $(MODULES:%=$(BUILD)/obj/%.o) $(if $(COVERAGE),$(BUILD)/obj/coverage_exit.o)
BINARIES := $(PROGRAMS:%=$(BUILD)/bin/%)

all: programs

include test/test.mk
include test/check.mk
include test/lint.mk

# The schema lies beside the programs as it does where they are installed.
programs: $(BINARIES) $(BUILD)/share/greenlight/sql

$(BUILD)/share/greenlight/sql:
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/sql $@

$(BUILD)/obj/%.o: libcommon/%.c | $(BUILD)/obj
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: bin/%.c | $(BUILD)/obj
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: test/lib/%.c | $(BUILD)/obj
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# What runs a learner's tests inside the sandbox is part of the program: its
# text, as the inside of a C initialiser.
DRIVERS  := $(patsubst share/greenlight/drivers/%,$(BUILD)/gen/driver_%.h,$(basename $(wildcard share/greenlight/drivers/*)))

.SECONDEXPANSION:
$(DRIVERS): $(BUILD)/gen/driver_%.h: $$(wildcard share/greenlight/drivers/%.*) | $(BUILD)/gen
	od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g' > $@

$(BUILD)/obj/language.o $(BUILD)/obj/steps.o $(BUILD)/obj/harness.o: $(DRIVERS)

# So is the style of HTML pages.
$(BUILD)/gen/%_css.h: libcommon/%.css | $(BUILD)/gen
	{ od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; echo 0; } > $@

$(BUILD)/obj/render_html.o: $(BUILD)/gen/render_html_css.h

$(BUILD)/libcommon.a: $(OBJECTS) Makefile
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

$(BUILD)/bin/%: $(BUILD)/obj/%.o $(BUILD)/libcommon.a | $(BUILD)/bin
	$(CC) $(LINK) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS_$*)

# A script gets nothing but the version.
$(SCRIPTS:%=$(BUILD)/bin/%): $(BUILD)/bin/%: bin/% libcommon/cli.h | $(BUILD)/bin
	sed 's/@VERSION@/$(VERSION)/' $< > $@
	@chmod 755 $@

$(BUILD)/obj $(BUILD)/bin $(BUILD)/gen $(BUILD)/test:
	@mkdir -p $@

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/test/*.d)

# Installing: share/ lies as it is installed, and uninstall takes out exactly
# what install put there.  The drivers are inside gl-run.
bindir   := $(DESTDIR)$(PREFIX)/bin
sharedir := $(DESTDIR)$(PREFIX)/share
# Where the shells look; what lies there finds the rest as ../../greenlight.
bashdir  ?= $(PREFIX)/share/bash-completion/completions
fishdir  ?= $(PREFIX)/share/fish/vendor_completions.d
zshdir   ?= $(PREFIX)/share/zsh/site-functions
unitdir  ?= $(PREFIX)/lib/systemd/system
UNITS    := $(wildcard share/systemd/*)
PAGES    := $(wildcard man/*.[1-8])
SQL      := $(notdir $(wildcard sql/*.sql))
SHARED   := $(filter-out greenlight/drivers/% systemd/%,$(patsubst share/%,%,$(shell find share -type f 2>/dev/null | sort)))
PAGE_FILES := $(foreach p,$(PAGES),man/man$(subst .,,$(suffix $p))/$(notdir $p))

install: programs
	install -d $(bindir)
	install $(BINARIES) $(bindir)
	set -e; for page in $(PAGE_FILES); do install -D -m 644 man/$${page##*/} $(sharedir)/$$page; done
	set -e; for file in $(SQL); do install -D -m 644 sql/$$file $(sharedir)/greenlight/sql/$$file; done
	set -e; for file in $(SHARED); do \
	    if [ -x share/$$file ]; then mode=755; else mode=644; fi; \
	    install -D -m $$mode share/$$file $(sharedir)/$$file; \
	done
	install -d $(DESTDIR)$(bashdir) $(DESTDIR)$(fishdir) $(DESTDIR)$(zshdir) $(DESTDIR)$(unitdir)
	set -e; for unit in $(UNITS); do \
	    sed 's|/usr/local|$(PREFIX)|' $$unit > $(DESTDIR)$(unitdir)/$${unit##*/}; \
	done
	set -e; for program in $(PROGRAMS); do \
	    ln -sf ../../greenlight/completion.bash $(DESTDIR)$(bashdir)/$$program; \
	    ln -sf ../../greenlight/completion.fish $(DESTDIR)$(fishdir)/$$program.fish; \
	done
	printf '%s\n' '#compdef $(PROGRAMS)' '. "$${$${(%):-%x}:A:h}/../../greenlight/completion.zsh"' '_greenlight "$$@"' \
	    > $(DESTDIR)$(zshdir)/_greenlight

uninstall:
	rm -f $(PROGRAMS:%=$(bindir)/%) $(PAGE_FILES:%=$(sharedir)/%) $(SHARED:%=$(sharedir)/%) \
	    $(SQL:%=$(sharedir)/greenlight/sql/%) $(PROGRAMS:%=$(DESTDIR)$(bashdir)/%) \
	    $(PROGRAMS:%=$(DESTDIR)$(fishdir)/%.fish) $(DESTDIR)$(zshdir)/_greenlight \
	    $(UNITS:share/systemd/%=$(DESTDIR)$(unitdir)/%)
	[ ! -d $(sharedir)/greenlight ] || find $(sharedir)/greenlight -depth -type d -empty -delete

# The same commit gives the same bytes, whoever packs it and when.
DIST := greenlight-tools-$(VERSION)
dist:
	@mkdir -p $(BUILD)
	git -c tar.umask=0022 archive --format=tar --prefix=$(DIST)/ HEAD > $(BUILD)/$(DIST).tar
	xz -9 -T1 -f $(BUILD)/$(DIST).tar
	@echo $(BUILD)/$(DIST).tar.xz

# Built from what dist packs, in a folder of its own, so this tree stays as it is.
deb: dist
	rm -rf $(BUILD)/deb
	mkdir $(BUILD)/deb
	tar -C $(BUILD)/deb -xf $(BUILD)/$(DIST).tar.xz
	cd $(BUILD)/deb/$(DIST) && env -i PATH="$$PATH" HOME="$$HOME" dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning $(BUILD)/deb/*.changes
	@echo $(BUILD)/deb/*_$(VERSION)_*.deb

clean:
	rm -rf $(BUILD)

pictures: programs
	PATH="$(abspath $(BUILD))/bin:$$PATH" docs/pictures/make

# Lines such as `#:target  what it does` in the makefiles are the help.
help:
	@sed -n 's/^#://p' $(MAKEFILE_LIST)

#:all        the programs, into BUILD/bin (BUILD=build)
#:install    programs, man pages and data, below DESTDIR PREFIX (/usr/local)
#:uninstall  takes out what install put there
#:dist       a reproducible BUILD/greenlight-tools-VERSION.tar.xz of HEAD
#:deb        a Debian package of HEAD in BUILD/deb, which lintian finds nothing wrong with
#:clean      removes BUILD
#:pictures   the pictures of the README, docs/pictures/*.svg, from what the programs show

.PHONY: all programs install uninstall dist deb pictures clean help
.SECONDARY:
.DELETE_ON_ERROR:
