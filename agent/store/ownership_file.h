/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/ownership.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * RUN-DIR/owned: the file that remembers struct ownership. It lives on a tmpfs, survives every
 * death of the agent and ends with the kernel whose table it describes; its header names that
 * kernel's boot and the network namespace, and a record of another one owns nothing.
 */

enum ownership_file_outcome {
	OWNERSHIP_FILE_LOADED = 0,
	OWNERSHIP_FILE_NONE = 1, /* there is no record */
	OWNERSHIP_FILE_FOREIGN =
		2, /* of another boot or network namespace: owns nothing */
	OWNERSHIP_FILE_DAMAGED =
		3, /* not by a death in the middle of writing, which is mended */
	OWNERSHIP_FILE_NEWER =
		4, /* a newer version's, with entries that this one does not know */
};

enum { OWNERSHIP_FILE_MAX = 256 * 1024 * 1024, OWNERSHIP_FILE_IDENTITY_TEXT = 96 };

/*
 * Reads the record into an empty ownership. On any outcome but OWNERSHIP_FILE_LOADED it is left empty;
 * for OWNERSHIP_FILE_FOREIGN, OWNERSHIP_FILE_DAMAGED and OWNERSHIP_FILE_NEWER err says what was found. -errno where the
 * file or the kernel's identity cannot be read.
 */
int ownership_file_load(const char *run_directory, struct ownership *ownership,
			struct err *err) MUST_CHECK;

/* Whether the file is known not to be there. */
bool ownership_file_is_missing(const char *run_directory);

/* Replaces the record; a reader sees the old or the new one whole. */
int ownership_file_write(const char *run_directory, const struct ownership *ownership,
			 struct err *err) MUST_CHECK;

/*
 * Adds what ownership says of the last good state to the record, which has all the rest: as good as
 * writing it all again, and what that costs does not grow with the table. -errno, also where the
 * record does not end with a whole line or there is no good state; it is then to be written again.
 */
int ownership_file_append_good(const char *run_directory,
			       const struct ownership *ownership,
			       struct err *err) MUST_CHECK;

/* "BOOT-ID DEVICE:INODE" of this boot and this network namespace. */
int ownership_file_identity(char identity[static OWNERSHIP_FILE_IDENTITY_TEXT],
			    struct err *err) MUST_CHECK;

/* Whether that is an identity of this boot and another network namespace. */
bool ownership_file_is_elsewhere(const char *identity) MUST_CHECK;

/*
 * -EBUSY with err set where the record has entries of this boot and another network namespace:
 * what it names is in that one's table, and it must not be replaced by another's. 0 otherwise.
 */
int ownership_file_check_namespace(const char *run_directory, struct err *err) MUST_CHECK;

/* What is said where a folder is another network namespace's. -EBUSY. */
int ownership_file_refuse_namespace(const char *run_directory, struct err *err);

/* The record's text, newly allocated, with its length. -ENOMEM. */
int ownership_file_format(const struct ownership *ownership, const char *identity,
			  char **text, size_t *length) MUST_CHECK;

/*
 * As ownership_file_load(), from memory. The text, length bytes, is changed on the way (its words are
 * ended in place).
 */
int ownership_file_parse(char *text, size_t length, const char *identity,
			 struct ownership *ownership, struct err *err) MUST_CHECK;
