/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the command line asks of a command; texts are borrowed from argv (agent/options.c). */
struct options {
	/* --state, default /etc/ipvs-node/state.json */
	const char *state_path;
	/* --run-dir, default /run/ipvs-node: record, status, lock, control */
	const char *run_directory;
	char *const *operands; /* what stands behind the options */
	int operand_count;
	bool json;	  /* --output=json */
	bool dry_run;	  /* apply --dry-run */
	bool no_autoload; /* --no-autoload: no scheduler is left to the kernel's modprobe */
	bool strict_ready;    /* run --strict-ready: READY only when in sync */
	bool wait;	      /* status --wait */
	uint64_t wait_usec;   /* status --wait=TIME; UINT64_MAX without a bound */
	uint64_t resync_usec; /* run --resync, default 30 s */
};
