# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            both programs (build/ipvs-preflight, build/ipvs-agent)
# make check      every test, all set-up included; make demo: the main job in a guest
# make help       the other targets
#
# V=1 shows the commands; CFLAGS, LDFLAGS, DESTDIR, PREFIX and the other paths can be given.

VERSION := 0.1.0

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/ipvs-node
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
BUILD      ?= build
CC         ?= cc
CLANG      ?= clang
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n')

# Firewall policies in the preflight need libnftables; NFTABLES=0 builds without.
NFTABLES ?= 1

libs_common    := libsystemd
libs_preflight := libkmod libnl-genl-3.0 libnl-3.0 jansson libcap $(if $(filter 1,$(NFTABLES)),libnftables)
libs_agent     := libnl-genl-3.0 libnl-route-3.0 libnl-3.0 jansson
libs_all       := $(sort $(libs_common) $(libs_preflight) $(libs_agent))

# Ours, apart from CFLAGS, so that `make CFLAGS=…` keeps them. WERROR=1 is what CI sets.
warnings := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wundef $(if $(WERROR),-Werror)
comma := ,
sanitize := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
harden   := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
own_cflags = -std=gnu11 -D_GNU_SOURCE -I. -DVERSION='"$(VERSION)"' -DHAVE_NFTABLES=$(NFTABLES) \
             $(warnings) $(harden) $(sanitize) $(pkg_cflags) -MMD -MP
own_ldflags = $(sanitize) -pie -Wl,-z,relro,-z,now -Wl,--as-needed

ifneq ($(filter-out help setup clean distclean check demo bench bench-% check-% lint fuzz format,$(or $(MAKECMDGOALS),all)),)
pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(libs_all))
ifneq ($(.SHELLSTATUS),0)
$(error missing libraries, see above; as root: make setup)
endif
endif

src_common    := $(wildcard common/*.c)
src_preflight := $(filter-out preflight/main.c,$(wildcard preflight/*.c))
src_agent     := $(filter-out agent/main.c,$(wildcard agent/*.c agent/table/*.c agent/state/*.c \
                   agent/kernel/*.c agent/daemon/*.c))
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

programs := $(BUILD)/ipvs-preflight $(BUILD)/ipvs-agent
mans     := $(patsubst packaging/man/%.scd,$(BUILD)/man/%,$(wildcard packaging/man/*.scd))

.PHONY: all
all: $(programs) $(mans)

$(BUILD)/obj/%.o: %.c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(own_cflags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

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

# --- tests -----------------------------------------------------------------------------------

unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.PHONY: unit-programs
unit-programs: $(unit_tests)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libagent.a $(BUILD)/libpreflight.a $(BUILD)/libcommon.a
	$(say) LD $@
	@mkdir -p $(@D)
	$(call link,cmocka $(libs_all))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
