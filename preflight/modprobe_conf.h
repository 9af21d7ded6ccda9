/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "preflight/system.h"

/*
 * The folders of modprobe.d, most important first, without a leading slash.
 * NULL-terminated.
 */
extern const char *const modprobe_conf_directories[];

/* Whether this is a modprobe.d file's name; an int for scandir(). */
int modprobe_conf_is_file(const struct dirent *entry);

/*
 * The files in effect, sorted by name as libkmod reads them. Of two files with one name,
 * that of the more important folder counts. path is the file's place, with links of
 * another tree resolved within it.
 */
struct modprobe_conf_file {
	char *name, *path; /* owned */
};
struct modprobe_conf_files {
	struct modprobe_conf_file *items;
	size_t count, room;
};

/* Fills an empty list; clear it also after an error. -ENOMEM. */
int modprobe_conf_files_list(const struct system *system,
			     struct modprobe_conf_files *files) MUST_CHECK;
void modprobe_conf_files_clear(struct modprobe_conf_files *files);

/*
 * Finds the line `WORD MODULE …` of modprobe.d and writes "FILE:LINE". False if there is
 * none: libkmod then has the setting from elsewhere.
 */
bool modprobe_conf_find(const struct system *system, const char *word, const char *module,
			char *place, size_t size);

/* Whether the kernel's command line has KEY=…,MODULE,… */
bool modprobe_conf_cmdline_names(const struct system *system, const char *key,
				 const char *module);

struct modprobe_conf_option {
	char value[64];
	char place[300]; /* "FILE:LINE", "the kernel's command line" */
};

/*
 * The value that a parameter gets when the module is loaded: the last one set. False if
 * none is set.
 */
bool modprobe_conf_option(const struct system *system, const char *module,
			  const char *parameter, struct modprobe_conf_option *option);
