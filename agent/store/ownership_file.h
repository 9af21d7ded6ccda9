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

enum record_outcome {
	RECORD_LOADED = 0,
	RECORD_NONE = 1,    /* there is no record */
	RECORD_FOREIGN = 2, /* of another boot or network namespace: owns nothing */
	RECORD_DAMAGED = 3, /* not by a death in the middle of writing, which is mended */
	RECORD_NEWER =
		4, /* a newer version's, with entries that this one does not know */
};

enum { RECORD_MAX = 256 * 1024 * 1024, RECORD_IDENTITY_TEXT = 96 };

/*
 * Reads the record into an empty ownership. On any outcome but RECORD_LOADED it is left empty;
 * for RECORD_FOREIGN, RECORD_DAMAGED and RECORD_NEWER err says what was found. -errno where the
 * file or the kernel's identity cannot be read.
 */
int record_load(const char *run_directory, struct ownership *ownership,
		struct err *err) MUST_CHECK;

/* Whether the file is known not to be there. */
bool record_is_missing(const char *run_directory);

/* Replaces the record; a reader sees the old or the new one whole. */
int record_write(const char *run_directory, const struct ownership *ownership,
		 struct err *err) MUST_CHECK;

/*
 * Adds what ownership says of the last good state to the record, which has all the rest: as good as
 * writing it all again, and what that costs does not grow with the table. -errno, also where the
 * record does not end with a whole line or there is no good state; it is then to be written again.
 */
int record_append_good(const char *run_directory, const struct ownership *ownership,
		       struct err *err) MUST_CHECK;

/* "BOOT-ID DEVICE:INODE" of this boot and this network namespace. */
int record_identity(char identity[static RECORD_IDENTITY_TEXT],
		    struct err *err) MUST_CHECK;

/* Whether that is an identity of this boot and another network namespace. */
bool record_is_elsewhere(const char *identity) MUST_CHECK;

/*
 * -EBUSY with err set where the record has entries of this boot and another network namespace:
 * what it names is in that one's table, and it must not be replaced by another's. 0 otherwise.
 */
int record_check_namespace(const char *run_directory, struct err *err) MUST_CHECK;

/* What is said where a folder is another network namespace's. -EBUSY. */
int record_refuse_namespace(const char *run_directory, struct err *err);

/* The record's text, newly allocated, with its length. -ENOMEM. */
int record_format(const struct ownership *ownership, const char *identity, char **text,
		  size_t *length) MUST_CHECK;

/*
 * As record_load(), from memory. The text, length bytes, is changed on the way (its words are
 * ended in place).
 */
int record_parse(char *text, size_t length, const char *identity,
		 struct ownership *ownership, struct err *err) MUST_CHECK;
