/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/json_text.h"
#include "preflight/needs.h"
#include "preflight/preflight_report.h"

/*
 * What a state of Kubernetes objects needs of the machine: the schedulers that Services name by
 * annotation, what makes their addresses local and their connections masqueraded. Objects are looked
 * at one by one; what is wrong with them is a warning here and an error of the agent's. -ENOMEM.
 */
int cluster_needs_read(struct json_text *text, const char *path, struct needs *needs,
		       struct report *report) MUST_CHECK;
