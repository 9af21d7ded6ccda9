/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "preflight/system.h"

/*
 * Why nothing of this kernel's tree can be loaded, for a machine without one: no lib/modules, or
 * none of this kernel. False where the tree is there.
 */
bool cause_no_tree(const struct system *system, char *text, size_t size);

/*
 * Why the kernel refused a module, in words. code is the positive errno, file the module's own
 * or NULL. Several refusals share EPERM and are told apart by looking at the machine.
 */
void cause_of_refusal(const struct system *system, const char *module, const char *file,
		      int code, char *text, size_t size);

/* Why libkmod passed over a module: the place of the `blacklist` line. */
void cause_of_blacklist(const struct system *system, const char *module, char *text,
			size_t size);
