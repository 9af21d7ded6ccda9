/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/macro.h"

/*
 * A directory of the test's own, as cmocka's state; its path is absolute and without links. It is in
 * TMPDIR, which check.sh makes for each program: in /tmp itself, other processes make files, too.
 */
static inline int temporary_make(void **state)
{
	const char *parent = getenv("TMPDIR");
	char made[PATH_MAX];

	assert_true(snprintf(made, sizeof(made), "%s/ipvs-node-test-XXXXXX",
			     parent ? parent : "/tmp") < PATH_MAX);
	assert_non_null(mkdtemp(made));
	*state = realpath(made, NULL);
	assert_non_null(*state);
	return 0;
}

static inline int temporary_remove_one(const char *path, UNUSED const struct stat *st,
				       UNUSED int type, UNUSED struct FTW *ftw)
{
	return remove(path);
}

static inline int temporary_remove(void **state)
{
	nftw(*state, temporary_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

/* "DIRECTORY/NAME" in one of a few buffers, which the next calls use again. */
static inline const char *in_directory(const char *directory, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int next;
	char path[PATH_MAX];

	/* The directory may lie in one of the buffers itself. */
	assert_true(snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX);
	return strcpy(paths[next++ % ARRAY_SIZE(paths)], path);
}

/* Written in place, made where it is not there. */
static inline void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	assert_int_equal(fclose(file), 0);
}
