/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "common/macro.h"
#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/* The report as kubeadm prints its own: what is well to out, warnings and errors to err. */
void output_text(const struct report *report, const char *status, FILE *out, FILE *err);

/*
 * The report as JSON, ended by a newline, to be freed by the caller; NULL where memory is out.
 * system's root decides whether it tells of the running kernel or of a tree.
 */
char *output_json(const struct system *system, const struct needs *needs,
		  const struct report *report, const char *status) MUST_CHECK;
