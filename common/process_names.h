/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/cleanup.h"
#include "common/macro.h"

/*
 * Names of processes that /proc hides (hidepid=, ProtectProc=), from the kernel's task
 * statistics. Needs CAP_NET_ADMIN in the initial user, PID and network namespaces.
 */
struct process_names;

enum { PROCESS_NAME = 32 }; /* with the NUL; TS_COMM_LEN */

/* The caller frees it. NULL if the kernel has no task statistics or refuses them. */
struct process_names *process_names_new(void);
void process_names_free(struct process_names *names);

/* A negative errno; -ESRCH if there is no such process. */
int process_names_get(struct process_names *names, uint32_t pid,
		      char comm[static PROCESS_NAME]) MUST_CHECK;

DEFINE_CLEANUP(process_names_free_pointer, struct process_names *, process_names_free)
#define cleanup_process_names CLEANUP(process_names_free_pointer)
