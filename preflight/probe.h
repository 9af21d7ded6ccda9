/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

enum probe_outcome {
	PROBE_PROVED,	   /* every scheduler and engine that was tried took a service */
	PROBE_REFUSED,	   /* the kernel refused at least one */
	PROBE_CANNOT_TELL, /* no probe could be made, or not to its end */
};

/*
 * The functional probe: a child in a network namespace of its own gives the kernel a service with
 * each scheduler and engine of the list that is known to be there, marks those that took it as
 * proven, and ends with the namespace. Nothing is tried that would make the kernel load a module
 * by itself. Bounded in time. Findings have the name `Probe`.
 */
enum probe_outcome probe_run(const struct system *system, struct needs *needs,
			     struct report *report);
