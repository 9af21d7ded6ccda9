/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/report/reconcile_report.h"

/*
 * Prints the result of a reconcile: failures and the problems of a refused state on
 * stderr and a summary on stdout, or everything as JSON on stdout. Returns the matching
 * exit status.
 */
int report_output(const struct reconcile_report *report, bool json);
