/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "common/macro.h"
#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/* Prints the report like kubeadm: notes to out, warnings and errors to err. */
void output_text(const struct report *report, const char *status, FILE *out, FILE *err);

/*
 * The report as JSON with a final newline; the caller frees it. NULL: out of memory.
 * system's root decides whether it describes the running kernel or a tree.
 */
char *output_json(const struct system *system, const struct needs *needs,
		  const struct report *report, const char *status) MUST_CHECK;
