/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/cleanup.h"
#include "common/macro.h"

/*
 * Names of processes where /proc hides them (hidepid=, ProtectProc=), from the kernel's task
 * statistics. They are asked for with CAP_NET_ADMIN, in the first namespaces of users, processes
 * and networks.
 */
struct process_names;

enum { PROCESS_NAME = 32 }; /* with its end; TS_COMM_LEN */

/* To be freed; NULL where the kernel has no such statistics or does not give them. */
struct process_names *process_names_new(void);
void process_names_free(struct process_names *names);

/* A negative errno, -ESRCH where there is no such process. */
int process_names_get(struct process_names *names, uint32_t pid,
		      char comm[static PROCESS_NAME]) MUST_CHECK;

DEFINE_CLEANUP(process_names_free_pointer, struct process_names *, process_names_free)
#define cleanup_process_names CLEANUP(process_names_free_pointer)
