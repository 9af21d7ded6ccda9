/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/macro.h"

/* The state files of a directory: *.json, not hidden, in the byte order of their names. */
enum { DIRECTORY_FILES_MAX = 100000 };

struct directory_entry {
	char *name;	  /* owned */
	struct stat stat; /* as it was opened; the caller's to fill */
	bool seen;	  /* whether stat is filled */
};

struct directory {
	const char *path; /* borrowed */
	int fd;		  /* borrowed */
	struct directory_entry *entries;
	size_t count;
	size_t room;
	size_t files; /* entries that are no directories; the caller's to count */
};

/* Fills the entries of a directory whose path and fd are set. -errno, -E2BIG for too many. */
int directory_list(struct directory *directory) MUST_CHECK;

/* Whether the name is there all the same: a symbolic link that points nowhere. */
bool directory_has_link(const struct directory *directory,
			const struct directory_entry *entry);

/* Whether a new listing shows the same names, each still the file that was opened. */
bool directory_unchanged(const struct directory *directory);

void directory_clear(struct directory *directory);
