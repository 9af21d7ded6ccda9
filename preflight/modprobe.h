/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "preflight/module_name.h"
#include "preflight/system.h"

/*
 * Modules through libkmod, with modprobe.d's aliases, options, softdeps and `install`
 * lines. `blacklist` lines are obeyed like in systemd-modules-load, and unlike in
 * modprobe.
 */
struct modprobe;

/* system is borrowed; release names the tree in its lib/modules. */
int modprobe_open(const struct system *system, const char *release,
		  struct modprobe **modprobe, struct err *err) MUST_CHECK;
void modprobe_close(struct modprobe *modprobe);

DEFINE_CLEANUP(cleanup_modprobe_pointer, struct modprobe *, modprobe_close)
#define cleanup_modprobe CLEANUP(cleanup_modprobe_pointer)

/*
 * The module, loadable or built in, of a name or alias. -ENOENT if the tree has none:
 * libkmod then returns success and an empty list.
 */
int modprobe_resolve(struct modprobe *modprobe, const char *name,
		     char module[static MODULE_NAME]) MUST_CHECK;

/*
 * Loads a module with its dependencies. options ("conn_tab_bits=16") may be NULL. A
 * module that is already loaded is a success, and so is an `install` line that loaded
 * nothing: check afterwards. On failure err has the cause.
 */
int modprobe_load(struct modprobe *modprobe, const char *name, const char *options,
		  struct err *err) MUST_CHECK;

/*
 * Whether something keeps out the module or one of its dependencies: err has the cause.
 * -EAGAIN if only loading would show it, because an `install` line runs a command. 0 if
 * nothing was found; libkmod lists no dependencies if the file of one is missing.
 */
int modprobe_obstacle(struct modprobe *modprobe, const char *name,
		      struct err *err) MUST_CHECK;

/*
 * Whether loading the first module loads the second: a blacklist does not apply to
 * dependencies.
 */
bool modprobe_depends(struct modprobe *modprobe, const char *name, const char *other);

/* The command of the module's `install` line, or NULL; borrowed until the next call. */
const char *modprobe_install_line(struct modprobe *modprobe, const char *name);
