# The only build file. Run `make help` for the targets.
VERSION      := 0.1.0
SOVERSION    := 0
MODE         ?= release
FUZZ_SECONDS ?= 60
INSTALL      ?= install
PKG_CONFIG   ?= pkg-config
comma        := ,
B   ?= build/$(MODE)$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(findstring clang,$(CC)),-clang)
Q    = $(if $(filter 1,$(V)),,@)
say  = $(if $(Q),@printf '  %-6s%s\n' $(1) $(2))
sub  = +$(Q)$(MAKE) --no-print-directory
# On all processors, unless the user has said -j.
all_j = $(if $(filter -j%,$(MAKEFLAGS))$(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

prefix      ?= /usr/local
bindir      ?= $(prefix)/bin
libdir      ?= $(prefix)/lib
includedir  ?= $(prefix)/include
datadir     ?= $(prefix)/share
mandir      ?= $(datadir)/man
pkgdatadir   = $(datadir)/describe

# raw_core: libraries without a pkg-config file, tried with the compiler.
pkg_core := openblas hdf5 zlib libjpeg libpng libwebp libwebpdemux jansson popt
pkg_test := criterion
raw_core := gif unistring
header_gif       := gif_lib.h
header_unistring := unicase.h
find_pkg = $(shell for p in $(1); do $(PKG_CONFIG) --exists $$p 2>/dev/null || echo $$p; done)
find_raw = $(shell echo 'int main(void) { return 0; }' | $(CC) $(CPPFLAGS) -include stdio.h -x c \
	-include $(header_$(1)) - $(LDFLAGS) -l$(1) -o /dev/null 2>/dev/null || echo lib$(1))

# Targets that build nothing, or that run scripts/setup, work without the libraries.
goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean help lint format dist uninstall,$(goals)),)
missing := $(strip $(call find_pkg,$(pkg_core)) $(foreach r,$(raw_core),$(call find_raw,$(r))) \
	$(shell command -v h5repack >/dev/null || echo h5repack))
missing_test := $(call find_pkg,$(pkg_test))
missing := $(strip $(missing) $(if $(filter check-% san-run valgrind-run coverage%,$(goals)),$(missing_test)))
endif
ifneq ($(filter-out check demo clean,$(goals)),)
$(if $(missing),$(error missing libraries: $(missing). Run scripts/setup to install them))
endif

opt_release := -O2
opt_debug   := -O1 -fno-omit-frame-pointer
def_release := -DNDEBUG
CFLAGS      ?= -g $(opt_$(MODE))
warn := -Wall -Wextra -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wdouble-promotion -Wimplicit-fallthrough $(if $(findstring clang,$(CC)),-Wno-pass-failed) \
	$(if $(filter 1,$(WERROR)),-Werror)
watch := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) $(if $(COVERAGE),--coverage)
cppflags := -D_POSIX_C_SOURCE=200809L -DDSC_VERSION='"$(VERSION)"' $(def_$(MODE)) -I. \
	$(shell $(PKG_CONFIG) --cflags $(pkg_core) 2>/dev/null)
# Objects serve libdescribe.a and libdescribe.so alike, hence -fPIC for all.
cflags  = -std=c11 -fopenmp -fPIC -fno-semantic-interposition -fno-common $(warn) $(CFLAGS) $(watch)
ldflags = -fopenmp $(LDFLAGS) $(watch)
ldlibs  = $(shell $(PKG_CONFIG) --libs $(pkg_core)) $(raw_core:%=-l%) -lm $(LDLIBS)

# Instruction sets: a folder is built only when the compiler takes its flags.
isa_avx2   := -mavx2 -mfma
isa_avx512 := $(isa_avx2) -mavx512f -mavx512bw -mavx512vl -mavx512dq
isa_amx    := $(isa_avx512) -mamx-tile -mamx-bf16
isas := $(foreach i,avx2 avx512 amx,$(if $(wildcard core/kernels/$(i)/*.c),$(shell \
	$(CC) $(isa_$(i)) -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(i))))
cppflags += $(addprefix -DDSC_HAVE_,$(isas))

objects   = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1))))
core_obj := $(call objects,core/*.c core/*/*.c core/kernels/scalar/*.c $(isas:%=core/kernels/%/*.c))
test_obj := $(call objects,$(foreach d,support unit kernels ops layers,tests/$(d)/*.c))
stress_obj := $(call objects,tests/stress/*.c)
bench_obj  := $(call objects,tests/bench/*.c)
fuzz_obj   := $(call objects,tests/fuzz/fuzz_*.c)

# A program is built once its folder has a main.c.
name_infer := describe
name_train := describe-train
name_serve := describe-serve
programs := $(foreach p,infer train serve,$(if $(wildcard $(p)/main.c),$(p)))
bin      := $(foreach p,$(programs),$(B)/$(name_$(p)))
prog_obj := $(call objects,$(programs:%=%/*.c))
libs     := $(B)/libdescribe.a $(B)/libdescribe.so.$(VERSION)
so_links := libdescribe.so.$(SOVERSION) libdescribe.so
share    := $(patsubst data/default/%,$(B)/share/%,$(filter-out %/pictures,$(wildcard data/default/*)))
all_obj  := $(core_obj) $(prog_obj) $(test_obj) $(stress_obj) $(bench_obj) $(fuzz_obj)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all check check-san check-valgrind check-tsan fuzz bench coverage demo lint format install \
	uninstall bench-peers dist clean help FORCE $(addsuffix -run,check san valgrind tsan fuzz coverage demo)

## all: build the programs and the library
all: $(bin) $(libs) $(share)

$(foreach i,$(isas),$(eval $(B)/core/kernels/$(i)/%.o: own = $(isa_$(i))))
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(cppflags) $(CPPFLAGS) $(cflags) $(own) -MMD -MP -c -o $@ $<

# Stamps change only when their text does; then what depends on them is made again.
text_flags      = $(CC) $(cppflags) $(CPPFLAGS) $(cflags) $(ldflags) $(LDLIBS)
text_objects    = $(core_obj) $(prog_obj) $(test_obj)
text_pkgdatadir = $(pkgdatadir)
$(B)/flags $(B)/objects $(B)/pkgdatadir: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(text_$(@F)))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
data_obj := $(filter $(B)/core/describe.o $(B)/core/captioner/%,$(core_obj)) $(prog_obj)
$(data_obj): $(B)/pkgdatadir
$(data_obj): own = -DDSC_DATADIR='"$(pkgdatadir)"'

$(B)/libdescribe.a: $(core_obj) $(B)/objects
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(core_obj)

# What the public header declares is all that the shared library exports.
$(B)/libdescribe.map: core/describe.h $(B)/flags
	$(Q)$(CC) -E -P $< >$@.i && { echo '{ global:'; grep -o '\<dsc_[a-z0-9_]* *(' $@.i | \
		tr '(' ';'; echo 'local: *; };'; } >$@
$(B)/libdescribe.so.$(VERSION): $(core_obj) $(B)/libdescribe.map $(B)/objects
	$(call say,LINK,$@)
	$(Q)$(CC) -shared $(ldflags) -Wl,-soname,libdescribe.so.$(SOVERSION) \
		-Wl,--version-script,$(B)/libdescribe.map -o $@ $(core_obj) $(ldlibs)

link = $(Q)mkdir -p $(@D) && $(CC) $(ldflags) -o $@ $(filter %.o %.a,$^) $(ldlibs)
define program
$(B)/$(name_$(1)): $(call objects,$(1)/*.c) $(B)/libdescribe.a
	$$(call say,LINK,$$@)
	$$(link)
endef
$(foreach p,$(programs),$(eval $(call program,$(p))))

# The data as they are installed, the model unpacked so that its weights are read where they lie.
$(B)/share/%: data/default/%
	@mkdir -p $(@D)
	$(Q)$(if $(filter %.h5,$<),h5repack -l CONTI -f NONE,cp) $< $@

$(B)/unit: $(test_obj) $(B)/libdescribe.a
	$(call say,LINK,$@)
	$(link) $(shell $(PKG_CONFIG) --libs $(pkg_test))

# One program for each C file of these folders.
stress  := $(stress_obj:$(B)/tests/stress/%.o=$(B)/stress/%)
benches := $(bench_obj:$(B)/tests/bench/%.o=$(B)/bench/%)
fuzzers := $(fuzz_obj:$(B)/tests/fuzz/fuzz_%.o=$(B)/fuzz/%)
$(stress): $(B)/stress/%: $(B)/tests/stress/%.o $(B)/libdescribe.a ; $(link)
$(benches): $(B)/bench/%: $(B)/tests/bench/%.o $(B)/libdescribe.a ; $(link)
$(fuzzers): $(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(B)/libdescribe.a ; $(link) -fsanitize=fuzzer

## check: install what is missing, build, run the unit, command line and install tests
check:
	$(Q)$(if $(missing)$(missing_test),scripts/setup --test)
	$(sub) $(all_j) check-run
check-run: $(B)/unit all
	$(B)/unit
	tests/cli/run.sh $(B)
	+MAKE='$(MAKE)' CC='$(CC)' tests/install/run.sh $(B)

## check-san: the tests under the address, leak and undefined-behaviour sanitizers
check-san:
	$(sub) $(all_j) MODE=debug SAN=address,undefined san-run
san-run: $(B)/unit all
	scripts/run-san.sh $(B) $(if $(findstring clang,$(CC)),no-leaks)

## check-valgrind: the unit tests under valgrind (FILTER=suite/test)
check-valgrind:
	$(sub) $(all_j) MODE=debug valgrind-run
valgrind-run: $(B)/unit
	scripts/run-valgrind.sh $(B) '$(FILTER)'

## check-tsan: the thread stress programs under the thread sanitizer (clang)
check-tsan:
	$(sub) CC=clang MODE=debug SAN=thread tsan-run
tsan-run: $(stress)
	@for t in $^; do echo $$t; TSAN_OPTIONS=ignore_noninstrumented_modules=1 $$t || exit 1; done

## fuzz: every reader under libFuzzer for FUZZ_SECONDS each, past crashes first (clang)
fuzz:
	$(sub) CC=clang MODE=debug B=build/fuzz SAN=fuzzer-no-link,address,undefined $(all_j) fuzz-run
fuzz-run: $(fuzzers)
	scripts/run-fuzz.sh $(FUZZ_SECONDS) $^

## bench: time ops and kernels; JSON lines in bench.jsonl of the build folder
bench: $(benches)
	@for b in $^; do $$b || exit 1; done | tee $(B)/bench.jsonl
## bench-peers: time Keras 3 doing the same, and write the table in README.md
bench-peers: all ; scripts/bench-peers.py $(B)

## coverage: the lines of each file that the tests run
coverage:
	$(sub) MODE=debug B=build/coverage COVERAGE=1 coverage-run
coverage-run: $(B)/unit all
	@find $(B) -name '*.gcda' -delete
	$(B)/unit
	tests/cli/run.sh $(B)
	scripts/coverage.sh $(B)

## demo: install what is missing, build, and describe the pictures in data/default
demo:
	$(Q)$(if $(missing),scripts/setup)
	$(sub) $(all_j) demo-run
demo-run: all
	$(B)/describe data/default/pictures

## lint: formatting, banned functions, who includes whom
lint:
	scripts/lint.sh

## format: let clang-format rewrite every C file
format:
	scripts/lint.sh --format

# One list for install and uninstall: MODE:FILE:FOLDER.
man       := $(wildcard $(programs:%=%/*.1))
installed := $(bin:%=755:%:$(bindir)) $(man:%=644:%:$(mandir)/man1) $(share:%=644:%:$(pkgdatadir)) \
	$(libs:%=644:%:$(libdir)) 644:core/describe.h:$(includedir) \
	644:$(B)/describe.pc:$(libdir)/pkgconfig
$(B)/describe.pc: describe.pc.in FORCE
	$(Q)sed -e 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|; s|@includedir@|$(includedir)|' \
		-e 's|@version@|$(VERSION)|; s|@libs@|$(ldlibs)|' $< >$@

## install: copy programs, library, header, manual pages and data to $(DESTDIR)$(prefix)
install: all $(B)/describe.pc
	$(Q)for f in $(installed); do IFS=:; set -- $$f; \
		$(INSTALL) -D -m $$1 -t $(DESTDIR)$$3 $$2 || exit 1; done
	$(Q)for l in $(so_links); do ln -sf libdescribe.so.$(VERSION) $(DESTDIR)$(libdir)/$$l; done

## uninstall: remove what install copied
uninstall:
	$(Q)for f in $(installed); do IFS=:; set -- $$f; rm -f $(DESTDIR)$$3/$${2##*/}; done
	$(Q)rm -f $(so_links:%=$(DESTDIR)$(libdir)/%)
	$(Q)test ! -d $(DESTDIR)$(pkgdatadir) || rmdir $(DESTDIR)$(pkgdatadir)

## dist: a source archive of the last commit
dist:
	@mkdir -p build
	git archive --prefix=describe-$(VERSION)/ -o build/describe-$(VERSION).tar.gz HEAD

## clean: remove everything that was built
clean:
	rm -rf build

## help: list the targets
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' Makefile | expand -t 18
	@echo 'Settings: MODE=release|debug SAN=address,undefined|thread WERROR=1 V=1 CC= prefix= DESTDIR='

-include $(all_obj:.o=.d)
