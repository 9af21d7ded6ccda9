/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "agent/model/globals.h"

/* One of the files that a state consists of. */
struct state_file {
	char *path;	  /* as messages give it; owned */
	struct stat stat; /* as it was opened; zero: it was not read */
	/* What a cache knows of it beside its services. */
	struct globals globals;
	uint64_t content; /* source_hash() of its bytes; 0: not known */
	/* What its copy had last (agent/store/state_copy.h); 0: not known. */
	uint64_t copied;
	bool mixed; /* whether a destination is of the other family than its service */
	/* Whether it had just been written when it was read: it can have changed again without
	 * a new time. */
	bool young;
	bool dropped; /* its services were given up to make room for what it says now */
};

/* Frees what the files own, and their array. */
void state_files_free(struct state_file *files, size_t count);
