/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/report/reconcile_report.h"

/*
 * Prints what a reconciliation came to: failures and a refused state's problems on stderr and a
 * summary on stdout, or all of it as JSON on stdout. Returns the exit status that says the same.
 */
int report_output(const struct reconcile_report *report, bool json);
