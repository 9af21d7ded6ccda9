/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "preflight/system.h"

/* Where modprobe.d stands, most important first, without a leading slash. NULL-terminated. */
extern const char *const modprobe_conf_directories[];

/* Whether it is the name of one of modprobe.d's files; an int, as scandir() wants it. */
int modprobe_conf_is_file(const struct dirent *entry);

/*
 * Finds the line of modprobe.d that says `WORD MODULE …` and writes "FILE:LINE". False where
 * there is none: libkmod then took it from elsewhere.
 */
bool modprobe_conf_find(const struct system *system, const char *word, const char *module,
			char *place, size_t size);

/* Whether the kernel's command line has KEY=…,MODULE,… */
bool modprobe_conf_cmdline_names(const struct system *system, const char *key,
				 const char *module);
