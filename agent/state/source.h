/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/macro.h"

/*
 * The text of one state file, read whole before a byte of it is looked at. It is a copy in
 * anonymous memory, not a mapping of the file: a file that somebody truncates under a mapping
 * kills its reader with SIGBUS. What has been read is given back page by page.
 */
struct source {
	char *data;
	size_t length;
	size_t mapped;	 /* bytes of the mapping; 0: data is somebody else's */
	size_t released; /* bytes from the start that were given back */
};

/*
 * Reads an open regular file of at most STATE_FILE_MAX bytes, whose fstat() is known. -EFBIG,
 * -ESTALE where it changed meanwhile, or read()'s own errno.
 */
int source_read(struct source *source, int fd, const struct stat *known) MUST_CHECK;

/* The bytes before position are not looked at any more. */
void source_release(struct source *source, size_t position);

size_t source_page_size(void);

void source_clear(struct source *source);

/*
 * A number for the content, never 0: equal contents have equal ones, others practically never. Against
 * accidents, not against forgers: who writes the state needs no trick.
 */
uint64_t source_hash(const struct source *source);

/* Whether two looks at a name saw the same file with the same content, by inode and times. */
bool source_same_file(const struct stat *a, const struct stat *b);

/*
 * Whether a file that was looked at when CLOCK_REALTIME was now may have been written since without
 * a new time, where times differ by less than doubt. In microseconds.
 */
bool source_is_young(const struct stat *st, uint64_t now, uint64_t doubt);
