/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Cleanup by scope: `cleanup_free char *text = NULL;`. A cleanup variable is always
 * initialised at its declaration, to NULL or -1. TAKE_PTR and TAKE_FD (macro.h) transfer
 * ownership. A type with a free function of its own declares its cleanup next to it with
 * DEFINE_CLEANUP.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Defines NAME(T *p), which calls FREE(*p) unless *p is NULL, for use with CLEANUP. */
#define DEFINE_CLEANUP(name, type, free_function)                                        \
	static inline void name(type *p)                                                 \
	{                                                                                \
		if (*p)                                                                  \
			free_function(*p);                                               \
	}

static inline void cleanup_free_pointer(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

DEFINE_CLEANUP(cleanup_fclose, FILE *, fclose)
DEFINE_CLEANUP(cleanup_closedir, DIR *, closedir)

#define cleanup_free  CLEANUP(cleanup_free_pointer)
#define cleanup_close CLEANUP(cleanup_close_fd)
#define cleanup_file  CLEANUP(cleanup_fclose)
#define cleanup_dir   CLEANUP(cleanup_closedir)
