/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * The modules of the running kernel: each need is resolved, loaded where it is not there and
 * load is set, and looked for afterwards. A failed load is a warning `Load-NAME` with its cause;
 * what it means is judged by modules_judge(). conn_tab_bits 0 leaves the kernel's default.
 */
void modules_load(const struct system *system, struct needs *needs, bool load,
		  uint32_t conn_tab_bits, struct report *report);

/*
 * One finding `Module-NAME` for each need: where it is, an error where it is not, and "cannot
 * tell" where nothing decided, the probe included.
 */
void modules_judge(const struct needs *needs, struct report *report);

/* Those that are there for certain. */
size_t modules_count_verified(const struct needs *needs);

/*
 * One warning `StateFile` for all needs of the state that belong to it: more than MODULES_TOLD_ALONE.
 * what: what is the matter with them.
 */
enum { MODULES_TOLD_ALONE = 3 };
void modules_report_many(const struct needs *needs,
			 bool (*belongs)(const struct need *need), const char *what,
			 struct report *report);

/*
 * The module that stands for a need in a tree, its own name first; nf_conntrack_ipv4 is found by
 * the alias nf_conntrack-2 in every kernel that has connection tracking of IPv4 (2 is AF_INET).
 * -ENOENT.
 */
struct modprobe;
int modules_resolve(struct modprobe *modprobe, struct need *need) MUST_CHECK;
