/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * The modules of the running kernel. Each need is resolved, loaded if it is missing and
 * load is set, and checked afterwards. A failed load is a warning `Load-NAME` with its
 * cause; modules_judge() decides what it means. conn_tab_bits 0 keeps the kernel's
 * default.
 */
void modules_load(const struct system *system, struct needs *needs, bool load,
		  uint32_t conn_tab_bits, struct report *report);

/*
 * One finding `Module-NAME` for each need: a note if it is present, an error if it is
 * missing, "cannot tell" if nothing decided it, including the probe.
 */
void modules_judge(const struct needs *needs, struct report *report);

/* The number of needs that are certainly met. */
size_t modules_count_verified(const struct needs *needs);

/*
 * Adds one warning `StateFile` for all needs of the state that belong to it, if they are
 * more than MODULES_TOLD_ALONE. what: the predicate of the message.
 */
enum { MODULES_TOLD_ALONE = 3 };
void modules_report_many(const struct needs *needs,
			 bool (*belongs)(const struct need *need), const char *what,
			 struct report *report);

/*
 * Resolves a need to a module of the tree, its own name first. Every kernel with IPv4
 * connection tracking has the alias nf_conntrack-2 (2 is AF_INET), which replaces
 * nf_conntrack_ipv4. -ENOENT.
 */
struct modprobe;
int modules_resolve(struct modprobe *modprobe, struct need *need) MUST_CHECK;
