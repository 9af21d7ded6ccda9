/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/* Writing nftables' tables, and how that changes what is ours. */

/*
 * Carries out the plan's operations on tables whose result is 0, adds failures to the report, and keeps
 * new services from being sent that not everybody may use where their table could not be brought about.
 * -ENOMEM.
 */
int rulesets_write(struct snapshot *snapshot, int *results,
		   struct reconcile_report *report) MUST_CHECK;

/* The record's part, as service_ownership.h has it for services. */
void rulesets_confirm(struct snapshot *snapshot, bool *changed);
void rulesets_intend(struct snapshot *snapshot, const int *results, bool *changed);
void rulesets_note(struct snapshot *snapshot, const int *results, bool *changed);
