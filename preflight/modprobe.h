/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "preflight/module_name.h"
#include "preflight/system.h"

/*
 * Modules through libkmod, as modprobe.d has it: aliases, options, softdeps, `install` lines, and
 * `blacklist` lines too, which systemd-modules-load obeys and modprobe does not.
 */
struct modprobe;

/* system is borrowed; release names the tree below its lib/modules. */
int modprobe_open(const struct system *system, const char *release,
		  struct modprobe **modprobe, struct err *err) MUST_CHECK;
void modprobe_close(struct modprobe *modprobe);

DEFINE_CLEANUP(cleanup_modprobe_pointer, struct modprobe *, modprobe_close)
#define cleanup_modprobe CLEANUP(cleanup_modprobe_pointer)

/*
 * The module that a name or alias stands for, loadable or built in. -ENOENT where the tree has
 * none: libkmod answers a look-up in vain with success and an empty list.
 */
int modprobe_resolve(struct modprobe *modprobe, const char *name,
		     char module[static MODULE_NAME]) MUST_CHECK;

/*
 * Loads the module of that name with what it depends on; options ("conn_tab_bits=16") may be
 * NULL. A module that is there is success, and so is an `install` line that loaded nothing: look
 * afterwards. A failure has its cause in words in err.
 */
int modprobe_load(struct modprobe *modprobe, const char *name, const char *options,
		  struct err *err) MUST_CHECK;

/*
 * What would keep the module, or one that it depends on, out: err has the cause. -EAGAIN where only a try
 * can tell, which is with an `install` line that runs something. 0 where nothing is seen: libkmod names no
 * dependencies at all where the file of one is gone.
 */
int modprobe_obstacle(struct modprobe *modprobe, const char *name,
		      struct err *err) MUST_CHECK;

/* Whether loading the one loads the other, too: a blacklist does not keep out what is depended on. */
bool modprobe_depends(struct modprobe *modprobe, const char *name, const char *other);

/* The command of the module's `install` line, or NULL; borrowed until the next call. */
const char *modprobe_install_line(struct modprobe *modprobe, const char *name);
