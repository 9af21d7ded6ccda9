/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/source.h"
#include "agent/state/state_file.h"
#include "agent/model/table.h"

/*
 * One file of a state, read on its own, whatever the others say, and perhaps in several slices.
 * A draft is sound or it is nothing: what is wrong is for sequential_read() to find.
 */

enum { DRAFT_SLICE_BYTES = 128 * 1024 }; /* less is not worth a thread */
enum { DRAFT_NOT_KEPT = -1 };

struct draft {
	struct state_file file;
	int directory;	  /* what name is in; borrowed */
	const char *name; /* borrowed */
	ssize_t kept; /* the index of the file that it was before, and still is; or DRAFT_NOT_KEPT */
	ssize_t known; /* likewise of the one with its path, whatever it says now */
	bool read;
	struct table table; /* sorted; its globals are the file's */
};

/*
 * Reads all drafts that are neither kept nor read, in at most so many threads, and adds their
 * number to files_read. A file whose time is younger than doubt_usec counts as young. -ESTALE where one changes under the reader or
 * has gone, -ECANCELED where there is any problem, -ENOMEM.
 */
int drafts_read(struct draft *drafts, size_t count, size_t threads, uint64_t doubt_usec,
		size_t *files_read) MUST_CHECK;

/*
 * Whether the file's bytes have this source_hash(); file.stat and file.young are then what they are
 * now. -ESTALE and -ECANCELED as for drafts_read().
 */
int draft_compare(struct draft *draft, uint64_t content, uint64_t doubt_usec,
		  bool *same) MUST_CHECK;

/* The text of a draft's file alone, in at most so many slices. -ECANCELED, -ENOMEM. */
int draft_parse(struct draft *draft, struct source *source, size_t slices,
		size_t slice_bytes) MUST_CHECK;

/* Frees what the drafts own, and their array. */
void drafts_free(struct draft *drafts, size_t count);
