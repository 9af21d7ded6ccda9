/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

enum probe_outcome {
	PROBE_PROVED,	   /* every scheduler and engine that was tried works */
	PROBE_REFUSED,	   /* the kernel refused at least one */
	PROBE_CANNOT_TELL, /* the probe could not run, or not to its end */
};

/*
 * The functional probe: a child in its own network namespace creates a service with each
 * scheduler and engine of the list that is known to be present, marks those that worked
 * as proven, and ends, and with it the namespace. It never tries anything that would make
 * the kernel load a module. Its time is bounded. Findings have the name `Probe`.
 */
enum probe_outcome probe_run(const struct system *system, struct needs *needs,
			     struct report *report);
