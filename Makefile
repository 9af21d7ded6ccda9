# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            both programs (build/ipvs-preflight, build/ipvs-agent) and their manual pages
# make check      every test, all set-up included; make demo: the main job in a guest
# make help       the other targets
#
# V=1 shows the commands; CFLAGS, LDFLAGS, DESTDIR, PREFIX and the other paths can be given.
# SANITIZE=1 builds with the address and undefined-behaviour sanitizers, WERROR=1 stops at warnings.

.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/ipvs-node
DATADIR    ?= $(PREFIX)/share/ipvs-node
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/vendor-completions
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
NETWORKDIR ?= $(PREFIX)/lib/systemd/network
SYSCTLDIR  ?= $(PREFIX)/lib/sysctl.d
NMDIR      ?= $(PREFIX)/lib/NetworkManager/conf.d
BUILD      ?= build
# By one name whoever gives it, as what depends on what is known by names.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
CLANG      ?= clang
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n')

# Firewall policies in the preflight, and source NAT and filters of the agent need libnftables;
# NFTABLES=0 builds without.
NFTABLES ?= 1

# STATIC=1, by `make static`: libraries from Debian's archives where there are some, otherwise from
# its sources (packaging/static/libs.sh). There is no libnftables among them. The linker warns of lookups
# of names in the libraries: the programs make none.
ifdef STATIC
override NFTABLES   := 0
override PKG_CONFIG := PKG_CONFIG_PATH=$(abspath $(BUILD)-libs)/lib/pkgconfig $(PKG_CONFIG) --static
endif

libs_common    := libsystemd
libs_preflight := libkmod libnl-genl-3.0 libnl-3.0 jansson libcap $(if $(filter 1,$(NFTABLES)),libnftables)
libs_agent     := libnl-genl-3.0 libnl-route-3.0 libnl-3.0 jansson $(if $(STATIC),libmicrohttpd)
# The agent loads libnftables and libmicrohttpd itself where a state needs them.
libs_all       := $(sort $(libs_common) $(libs_preflight) $(libs_agent) libmicrohttpd)

# Ours, apart from CFLAGS, so that `make CFLAGS=…` keeps them. WERROR=1 is what CI sets.
warnings := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wundef $(if $(WERROR),-Werror)
comma := ,
sanitize := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
harden   := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
own_cflags = -std=gnu11 -D_GNU_SOURCE -I. -DVERSION='"$(VERSION)"' -DHAVE_NFTABLES=$(NFTABLES) \
             $(if $(STATIC),-DSTATIC_BUILD) $(warnings) $(harden) $(sanitize) $(pkg_cflags) -MMD -MP
own_ldflags = $(sanitize) $(if $(STATIC),-static-pie -s -Wl$(comma)--gc-sections,-pie) -Wl,-z,relro,-z,now -Wl,--as-needed

# These goals build nothing themselves: they set up first, then call make again.
ifneq ($(filter-out help setup clean distclean check check-% demo deb rpm bundle bench fuzz sanitized static format lint-clang-format lint-shellcheck image,$(or $(MAKECMDGOALS),all)),)
pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(libs_all))
ifneq ($(.SHELLSTATUS),0)
$(error missing libraries, see above; as root: make setup)
endif
endif

src_common    := $(wildcard common/*.c)
src_preflight := $(filter-out preflight/main.c,$(wildcard preflight/*.c))
src_agent     := $(filter-out agent/main.c,$(wildcard agent/*.c agent/*/*.c agent/*/*/*.c))
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

programs := $(patsubst %/main.c,$(BUILD)/ipvs-%,$(wildcard preflight/main.c agent/main.c))
mans     := $(patsubst packaging/man/%.scd,$(BUILD)/man/%,$(wildcard packaging/man/*.scd))

.PHONY: all
all: $(programs) $(mans)

# Other flags, other objects: rewritten only when they change.
compile = $(CC) $(own_cflags) $(CPPFLAGS) $(CFLAGS)
.PHONY: FORCE
$(BUILD)/flags: FORCE
	@$(shell mkdir -p $(@D))$(file >$@.new,$(compile))cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(compile) -c -o $@ $<

$(BUILD)/libcommon.a: $(call obj,$(src_common))
$(BUILD)/libpreflight.a: $(call obj,$(src_preflight))
$(BUILD)/libagent.a: $(call obj,$(src_agent))
$(BUILD)/%.a:
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))
link = $(Q)$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(call pkg_libs,$(1)) $(LDLIBS)

$(BUILD)/ipvs-preflight: $(BUILD)/obj/preflight/main.o $(BUILD)/libpreflight.a $(BUILD)/libcommon.a
	$(say) LD $@
	$(call link,$(libs_preflight) $(libs_common))

$(BUILD)/ipvs-agent: $(BUILD)/obj/agent/main.o $(BUILD)/libagent.a $(BUILD)/libcommon.a
	$(say) LD $@
	$(call link,$(libs_agent) $(libs_common))

$(BUILD)/man/%: packaging/man/%.scd
	$(say) MAN $@
	@mkdir -p $(@D)
	$(Q)scdoc <$< >$@

# --- installation ----------------------------------------------------------------------------

docs     := $(wildcard docs/*.md docs/*.svg)
examples := $(wildcard examples/*)
units    := $(wildcard packaging/systemd/*.service)

# The documents keep their folders, by which they link to each other; what only the sources have is no link.
.PHONY: install
install: all
	$(Q)install -d $(addprefix $(DESTDIR),$(SBINDIR) $(UNITDIR) $(SYSUSERSDIR) $(SYSCTLDIR) $(NETWORKDIR) $(NMDIR) $(DOCDIR)/docs $(DOCDIR)/examples /etc/ipvs-node)
	$(Q)$(if $(programs),install -m 755 -t $(DESTDIR)$(SBINDIR) $(programs))
	$(Q)install -m 644 -t $(DESTDIR)$(UNITDIR) $(units)
	$(Q)[ -e $(DESTDIR)/etc/ipvs-node/agent.conf ] || install -m 644 -t $(DESTDIR)/etc/ipvs-node packaging/agent.conf
	$(Q)sed -i 's,/usr/sbin/ipvs-,$(SBINDIR)/ipvs-,' $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(units)))
	$(Q)install -m 644 -t $(DESTDIR)$(SYSUSERSDIR) $(wildcard packaging/sysusers.d/*.conf)
	$(Q)install -m 644 -t $(DESTDIR)$(SYSCTLDIR) $(wildcard packaging/sysctl.d/*.conf)
	$(Q)install -m 644 -t $(DESTDIR)$(NETWORKDIR) $(wildcard packaging/networkd/*.network)
	$(Q)install -m 644 -t $(DESTDIR)$(NMDIR) $(wildcard packaging/NetworkManager/*.conf)
	$(Q)for man in $(mans); do \
		install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${man##*.} $$man || exit; done
	$(Q)install -D -m 644 -t $(DESTDIR)$(DATADIR) packaging/schema/state.schema.json
	$(Q)install -D -m 644 packaging/completions/ipvs-agent.bash $(DESTDIR)$(BASHDIR)/ipvs-agent
	$(Q)install -m 644 packaging/completions/ipvs-agent.bash $(DESTDIR)$(BASHDIR)/ipvs-preflight
	$(Q)install -D -m 644 -t $(DESTDIR)$(ZSHDIR) packaging/completions/_ipvs-agent
	$(Q)install -m 644 -t $(DESTDIR)$(DOCDIR) LICENSE README.md
	$(Q)sed -i -E 's,\[([^]]*)\]\((CONTRIBUTING\.md|packaging/[^)]*)\),`\1`,' $(DESTDIR)$(DOCDIR)/README.md
	$(Q)install -m 644 -t $(DESTDIR)$(DOCDIR)/docs $(docs)
	$(Q)cp -r $(examples) $(DESTDIR)$(DOCDIR)/examples/
	$(Q)chmod -R u=rwX,go=rX $(DESTDIR)$(DOCDIR)/examples

# --- packages ----------------------------------------------------------------------------------

sources_of_package := Makefile LICENSE README.md \
  $(filter-out $(addprefix packaging/,rpm% deb% bundle% static%),\
    $(shell find common preflight agent packaging docs examples -type f))
deb    := $(BUILD)/deb/ipvs-node_$(VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
rpm    := $(BUILD)/rpm/ipvs-node-$(VERSION)-1.$(shell uname -m).rpm
bundle := $(BUILD)/bundle/ipvs-node-$(VERSION)-$(shell . /etc/os-release && echo $$ID$$VERSION_ID)-$(shell uname -m).run

.PHONY: deb rpm bundle static programs
deb: $(deb)
rpm: $(rpm)
bundle: $(bundle)
$(deb): $(sources_of_package) packaging/deb.sh $(wildcard packaging/debian/* packaging/debian/source/*)
	$(Q)tests/setup.sh build package
	$(say) DEB $@
	$(Q)packaging/deb.sh $(VERSION) $(@D)
$(rpm): $(sources_of_package) packaging/rpm.sh $(wildcard packaging/rpm/*)
	$(Q)tests/setup.sh build bundle
	$(say) RPM $@
	$(Q)packaging/rpm.sh $(VERSION) $(@D)
$(bundle): $(deb) $(rpm) $(wildcard packaging/bundle/* packaging/static/*)
	$(Q)$(MAKE) --no-print-directory static
	$(Q)rm -rf $(@D)
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/static STATIC=1 DESTDIR=$(abspath $(@D)/static) install
	$(say) BUNDLE $@
	$(Q)packaging/bundle/bundle.sh $(VERSION) $(deb) $(rpm) $(@D)/static $(BUILD)/static-libs $@
	$(Q)rm -rf $(@D)/static

programs: $(programs)
static:
	$(Q)tests/setup.sh build package bundle
	$(Q)packaging/static/libs.sh $(BUILD)/static-libs
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/static STATIC=1 programs

# The image of a container: the static programs alone.
.PHONY: image
image: static
	$(say) IMAGE $(BUILD)/oci/ipvs-node-$(VERSION).oci.tar
	$(Q)packaging/oci/image.sh $(BUILD)/static $(VERSION) $(BUILD)/oci/ipvs-node-$(VERSION).oci.tar

# --- tests -----------------------------------------------------------------------------------

unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
fuzzers    := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
own_libs   := $(BUILD)/libagent.a $(BUILD)/libpreflight.a $(BUILD)/libcommon.a

.PHONY: unit-programs fuzz-programs
unit-programs: $(unit_tests)
fuzz-programs: $(fuzzers)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(own_libs)
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,cmocka $(libs_all))

# What fuzz targets share; a target that asks for the answers of a kernel has them in place of one.
$(BUILD)/libfuzzing.a: $(call obj,$(addprefix tests/fuzz/,netlink_answers.c scratch.c))

# A fuzz target with a main() that feeds it the files of a corpus; `make fuzz` links libFuzzer.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/libfuzzing.a $(own_libs)
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,$(libs_all))

# Guided by coverage, FUZZ_SECONDS for each target; what is found and what is new stays in build/libfuzzer.
FUZZ_SECONDS ?= 60
fuzz_build   := $(BUILD)/libfuzzer
.PHONY: fuzz fuzz-libfuzzer
fuzz:
	$(Q)$(MAKE) --no-print-directory BUILD=$(fuzz_build) SANITIZE=1 CC=$(CLANG) \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzz-libfuzzer
	$(Q)for target in $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)); do \
		mkdir -p $(fuzz_build)/corpus/$$target && \
		$(fuzz_build)/libfuzzer/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-artifact_prefix=$(fuzz_build)/$$target- \
			$(fuzz_build)/corpus/$$target $$(ls -d tests/fuzz/corpus/$$target) || exit; done
fuzz-libfuzzer: $(patsubst $(BUILD)/fuzz/%,$(BUILD)/libfuzzer/%,$(fuzzers))
$(BUILD)/libfuzzer/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libfuzzing.a $(own_libs)
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,$(libs_all)) -fsanitize=fuzzer

# What the tests run: everything again, with sanitizers.
.PHONY: sanitized
sanitized:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitized SANITIZE=1 all unit-programs fuzz-programs

.PHONY: setup check check-full check-quick check-kernels check-build check-lint check-unit check-fuzz check-docs check-packages check-vm demo
setup:
	$(Q)tests/setup.sh $(PARTS)
check:
	$(Q)tests/check.sh
check-full:
	$(Q)FULL=1 tests/check.sh
check-build check-lint check-unit check-fuzz check-docs check-packages check-quick: check-%:
	$(Q)tests/check.sh $*
check-vm:
	$(Q)tests/check.sh build vm
check-kernels:
	$(Q)tests/setup.sh && tests/vm/kernels.sh
demo:
	$(Q)tests/vm/demo.sh

# What `make bench` runs in the guest beside the agent.
.PHONY: bench-programs bench
bench-programs: $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libcommon.a
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,$(libs_common))
bench:
	$(Q)tests/bench/bench.sh

# What a guest's cases run beside the programs; a boot's prepare.sh takes it from there.
$(BUILD)/vm-programs/%: $(BUILD)/obj/tests/vm/programs/%.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,$(libs_common))

# The scripts take these from the environment.
export BUILD WERROR V NFTABLES

# --- style -----------------------------------------------------------------------------------

c_files    = $(shell find common preflight agent tests -name '*.[ch]' | LC_ALL=C sort)
sh_files   = .ci/run $(shell find tests packaging examples -name '*.sh' -o -name '*.bash' | LC_ALL=C sort)
# A kernel module is compiled with the kernel's headers, which are not here.
tidy       = $(patsubst %.c,$(BUILD)/lint/%.tidy,$(filter-out tests/vm/boots/%,$(filter %.c,$(c_files))))
lint_flags = $(filter-out -MMD -MP $(warnings),$(own_cflags))

.PHONY: format lint lint-clang-format lint-clang-tidy lint-cppcheck lint-shellcheck
format:
	$(Q)clang-format -i $(c_files)

lint: lint-clang-format lint-clang-tidy lint-cppcheck lint-shellcheck

lint-clang-format:
	$(Q)clang-format --dry-run -Werror $(c_files)

lint-clang-tidy: $(tidy)

# Headers are seen through the files that include them.
$(BUILD)/lint/%.tidy: %.c .clang-tidy $(filter %.h,$(c_files))
	$(say) TIDY $<
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(lint_flags) 2>$@.log >$@.out || { cat $@.out $@.log; exit 1; }
	@touch $@

lint-cppcheck:
	$(Q)cppcheck --quiet --std=c11 --language=c --platform=unix64 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability --suppressions-list=.cppcheck-suppressions \
		-j $$(nproc) -I. -D_GNU_SOURCE -DHAVE_NFTABLES=1 -DVERSION='""' \
		common preflight agent tests

lint-shellcheck:
	$(Q)shellcheck --shell=bash --external-sources $(sh_files)

# --- the rest --------------------------------------------------------------------------------

.PHONY: help clean distclean
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@printf '%s\n' 'make setup      install what is missing (as root), or say how; PARTS="build package" for' \
		'                make deb alone, others: bundle, test, guest' \
		'make check-quick  build, lint of what changed, unit tests, the most telling cases in one guest' \
		'make check-vm   build, then the cases on a real kernel; also check-build, -lint, -unit,' \
		'                -fuzz, -docs, -packages' \
		'make check-kernels  the guests on four kernels (KERNELS=, BOOTS=), and docs/kernels.md' \
		'make check-full     check with nothing shortened, check-kernels and what takes long' \
		'make bench      what keeping a table costs, beside the kernel, ipvsadm and keepalived' \
		'make fuzz       the fuzz targets with libFuzzer, FUZZ_SECONDS=60 each' \
		'make lint       clang-format, clang-tidy, cppcheck, shellcheck' \
		'make format     clang-format, in place' \
		'make sanitized  the programs and tests with sanitizers, in build/sanitized' \
		'make install    to DESTDIR' \
		'make deb        the Debian package, in build/deb; make rpm: the RPM, in build/rpm' \
		'make bundle     one file that installs it without a network, in build/bundle' \
		'make static     programs that need no library of the machine, in build/static' \
		'make image      an OCI image of these, in build/oci' \
		'make clean      what was compiled; make distclean: guest images too'

clean:
	$(Q)$(if $(wildcard $(BUILD)),find $(BUILD) -mindepth 1 -maxdepth 1 ! -name vm ! -name 'static-libs*' -exec rm -rf {} +)
	$(Q)rm -rf $(BUILD)/vm/out
distclean:
	$(Q)rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
