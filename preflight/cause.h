/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "preflight/system.h"

/*
 * Why nothing can be loaded on a machine without this kernel's module tree: no
 * lib/modules, or no tree of this kernel in it. False if the tree is there.
 */
bool cause_no_tree(const struct system *system, char *text, size_t size);

/*
 * Why the kernel refused a module, as text. code is the positive errno, file the module's
 * own or NULL. Several causes share EPERM; the machine's files show which one it is.
 */
void cause_of_refusal(const struct system *system, const char *module, const char *file,
		      int code, char *text, size_t size);

/* Why libkmod ignored a module: the place of the `blacklist` line. */
void cause_of_blacklist(const struct system *system, const char *module, char *text,
			size_t size);
