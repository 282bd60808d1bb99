# tlsunset: one Makefile, no recursion. `make help` lists the targets; SAN=1 builds with ASan and UBSan in build-san/.
ifeq ($(origin CC),default)
CC = gcc
endif
PKGS = libpcap libndpi libcjson libcrypto sqlite3 zlib libzstd
PREFIX ?= /usr/local
VERSION = 0.1.0

B := build$(if $(SAN),-san)$(if $(TSAN),-tsan)$(if $(COV),-cov)$(if $(findstring clang,$(CC)),-clang)
OUT := $(if $(filter build,$(B)),tlsunset,$(B)/tlsunset)
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wstrict-prototypes \
       -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wundef -Wwrite-strings $(if $(WERROR),-Werror)
HARDEN = -fstack-protector-strong -fPIE $(if $(SAN)$(TSAN)$(COV),,-D_FORTIFY_SOURCE=2)
comma := ,
SANFLAGS = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer) \
           $(if $(TSAN),-fsanitize=thread) $(if $(COV),--coverage)
# Libraries' headers are not ours to warn about.
INCS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
CPPFLAGS += -I. -D_GNU_SOURCE -DTLSUNSET_VERSION='"$(VERSION)"' -DTLSUNSET_DATADIR='"$(PREFIX)/share/tlsunset"' $(INCS)
CFLAGS ?= -O3 -g
# The program is optimized as a whole, which the tests' own programs need not be: objects hold both kinds of code. LTO= links faster.
LTO := $(if $(findstring clang,$(CC))$(SAN)$(TSAN)$(COV),,-flto=auto)
PARTS = $(if $(LTO),-fno-lto)
ALLFLAGS = -std=c11 $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS) -MMD -MP
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm

SRC := $(wildcard base/*.c capture/*.c dissect/*.c report/*.c)
CLI := $(wildcard cli/*.c)
LIBOBJ := $(SRC:%.c=$(B)/%.o) $(B)/policy_files.o
POLICIES := $(sort $(wildcard report/policies/*.json))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c)) \
         $(patsubst tests/bench/%.c,$(B)/tools/%,$(wildcard tests/bench/*.c))
SCRIPTS := $(sort $(wildcard tests/check_*.sh)) tests/bench/budget.sh

# A line for each file that is made; V=1 shows the commands, -s nothing.
Q := $(if $(V),,@)
SAY := $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),@:,@echo)

.PHONY: all help demo check unit replay scripts crosscheck crosscheck-peers fuzz floods mutants oom races bench bench-study cutover lint tidy coverage install dist clean
all: $(OUT)

help:
	@sed -n 's/^#: //p' Makefile

$(OUT): $(CLI:%.c=$(B)/%.o) $(LIBOBJ)
	$(SAY) "  LD $@"
	$(Q)$(CC) $(ALLFLAGS) $(if $(LTO),$(LTO) -w) $(LDFLAGS) -o $@ $^ $(LIBS)

# The flags are in here.
$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(if $(LTO),$(LTO) -ffat-lto-objects) -c -o $@ $<

# The policies go into the program, so that it needs no installation.
$(B)/policy_files.c: report/policies $(POLICIES) report/policies/embed.sh
	@mkdir -p $(@D)
	@sh report/policies/embed.sh $(POLICIES) >$@

$(B)/policy_files.o: $(B)/policy_files.c
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(if $(LTO),$(LTO) -ffat-lto-objects) -c -o $@ $<

# One unit-test program per module, linked with everything but cli/.
$(B)/unit/%: tests/unit/%.c $(LIBOBJ)
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(PARTS) $(LDFLAGS) -o $@ $< $(LIBOBJ) $(LIBS) -lcmocka

# Helpers of the test scripts (capture writers, rewrappers); steps is timed beside the program, so it is linked like it.
$(B)/tools/steps: PARTS = $(if $(LTO),$(LTO) -w)
$(B)/tools/%: tests/tools/%.c $(LIBOBJ)
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(PARTS) $(LDFLAGS) -o $@ $< $(LIBOBJ) $(LIBS)

# The workloads and stop watches of the bench: on their own, so that they measure and judge from outside.
$(B)/tools/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(LDFLAGS) -o $@ $< -lpcap

# The program with allocations that fail when asked to: its own (tests/oom/fail.c linked in), and those of all libraries.
WRAPPED = malloc aligned_alloc calloc realloc strdup strndup
$(B)/oom/tlsunset: $(CLI:%.c=$(B)/%.o) $(LIBOBJ) tests/oom/fail.c
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) -DOOM_WRAP $(PARTS) $(LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS)

$(B)/oom/fail.so: tests/oom/fail.c
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) -fno-sanitize=all -fPIC -shared -o $@ $< -ldl

# Fuzz targets are replayed over their corpora by any compiler, and run by clang's libFuzzer with `make fuzz`.
$(B)/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIBOBJ)
	@mkdir -p $(@D)
	$(SAY) "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(ALLFLAGS) $(PARTS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(LIBOBJ) $(LIBS)

#: make            build ./tlsunset (V=1 shows the commands)
#: make demo       build it and print the report of a capture that comes with it
demo: $(OUT)
	@./$(OUT) read pcaps/demo-office-morning.pcap.gz

#: make check      every test (SAN=1: under ASan and UBSan)
check: $(OUT) unit replay scripts

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t >$(B)/unit.log 2>&1 || { cat $(B)/unit.log; exit 1; }; done
	@echo "unit: $(words $(UNIT)) programs passed"

replay: $(FUZZ:%=$(B)/replay/%)
	@set -e; for t in $(FUZZ); do $(B)/replay/$$t tests/fuzz/corpus/$$t; done

scripts: $(OUT) $(TOOLS) $(B)/oom/tlsunset
	@set -e; for t in $(SCRIPTS); do TLSUNSET=./$(OUT) TOOLS=$(B)/tools BUILT='$(CC) $(CFLAGS) $(LTO)' sh $$t; done

#: make crosscheck DIR=...   compare with tshark over a folder of captures
crosscheck: $(OUT)
	TLSUNSET=./$(OUT) sh tests/crosscheck/crosscheck.sh $(DIR)

#: make crosscheck-peers   the table of docs/peers.md: every encapsulation, read by the peers installed too
crosscheck-peers: $(OUT) $(TOOLS)
	TLSUNSET=./$(OUT) TOOLS=$(B)/tools sh tests/crosscheck/peers.sh

#: make fuzz T=fuzz_hello MINUTES=10   one fuzz target under libFuzzer, ASan and UBSan (needs clang)
MINUTES ?= 1
fuzz:
	sh tests/fuzz/run.sh '$(T)' $(MINUTES)

#: make floods     floods of millions against the default limits: memory, what is lost, the real traffic among them
floods: $(OUT) $(TOOLS)
	TLSUNSET=./$(OUT) TOOLS=$(B)/tools python3 tests/floods.py full

#: make mutants MUTANTS=100000   captures with errors in them (SAN=1: under ASan and UBSan)
MUTANTS ?= 100000
mutants: $(TOOLS)
	MUTANTS=$(MUTANTS) SEED=$(SEED) TOOLS=$(B)/tools sh tests/check_mutants.sh

#: make oom        the n-th allocation fails, for every n: the program's own, then those of its libraries too (an hour)
oom: $(OUT) $(B)/oom/tlsunset $(B)/oom/fail.so
	TLSUNSET=./$(OUT) BUILD=$(B) python3 tests/oom/oom.py own
	$(if $(SAN),,TLSUNSET=./$(OUT) BUILD=$(B) python3 tests/oom/oom.py libraries)

#: make bench-study   a million rows judged under every policy: less than 10 s and 1 GB?
bench-study: $(OUT) $(B)/tools/make_state
	TLSUNSET=./$(OUT) TOOLS=$(B)/tools sh tests/bench/study.sh

#: make TSAN=1 races      captures and workloads with several threads, under ThreadSanitizer
races: $(OUT) $(TOOLS)
	TSAN_OPTIONS=halt_on_error=1 TLSUNSET=./$(OUT) TOOLS=$(B)/tools sh tests/check_threads.sh

#: make bench      speed against the empty libpcap loop and the peers installed (BENCH_SIZE=2G BENCH_RUNS=5 BENCH_LOADS= BENCH_PEERS=)
bench: $(OUT) $(TOOLS)
	TLSUNSET=./$(OUT) TOOLS=$(B)/tools sh tests/bench/bench.sh

#: make cutover    the lab: real clients and servers, recorded, judged, then really enforced; writes docs/cutover-lab.md (LAB=folder)
LAB ?= $(B)/cutover
cutover: $(OUT)
	sh tests/cutover/fetch.sh $(LAB)
	TLSUNSET=./$(OUT) python3 tests/cutover/cutover.py $(LAB) --out docs/cutover-lab.md

#: make lint       includes point one way, banned functions, formatting of the tree, shell scripts, cppcheck
lint:
	sh tests/lint.sh

#: make tidy       clang-tidy (bugprone, cert, analyzer) over the program
tidy:
	sh tests/tidy.sh

#: make coverage   line coverage of capture/ and dissect/
coverage:
	sh tests/coverage.sh

#: make install PREFIX=/usr/local
install: $(OUT)
	install -D -m 755 $(OUT) $(DESTDIR)$(PREFIX)/bin/tlsunset
	install -d $(DESTDIR)$(PREFIX)/share/tlsunset/policies $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	for f in report/policies/*.json; do [ ! -e $$f ] || install -m 644 $$f $(DESTDIR)$(PREFIX)/share/tlsunset/policies/; done
	for s in 1 5; do for f in docs/*.$$s; do [ ! -e $$f ] || install -m 644 $$f $(DESTDIR)$(PREFIX)/share/man/man$$s/; done; done

dist:
	git archive --format=tar.gz --prefix=tlsunset-$(VERSION)/ -o tlsunset-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-* tlsunset tlsunset-*.tar.gz

-include $(shell find $(B) -name '*.d' 2>/dev/null)
