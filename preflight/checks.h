/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * Checks beyond the modules that decide whether IPVS works. All checks run, whatever the
 * others found. A check that cannot decide says so.
 */
struct inspection {
	const struct system *system;
	const struct needs *needs;
	uint32_t conn_tab_bits; /* the wanted value; 0: any */
};

void checks_run(const struct inspection *inspection, struct report *report);

/* Whether a check has this name; case is ignored. */
bool checks_known(const char *name);

/* The checks; the parameter check is the stable name of their findings. */
void check_capabilities(const struct inspection *inspection, const char *check,
			struct report *report);
void check_modules_disabled(const struct inspection *inspection, const char *check,
			    struct report *report);
void check_lockdown(const struct inspection *inspection, const char *check,
		    struct report *report);
void check_modprobe_conf(const struct inspection *inspection, const char *check,
			 struct report *report);
void check_connection_table(const struct inspection *inspection, const char *check,
			    struct report *report);
void check_conntrack_table(const struct inspection *inspection, const char *check,
			   struct report *report);
void check_sysctls(const struct inspection *inspection, const char *check,
		   struct report *report);
void check_reverse_path_filter(const struct inspection *inspection, const char *check,
			       struct report *report);
void check_input_policy(const struct inspection *inspection, const char *check,
			struct report *report);
void check_forward_policy(const struct inspection *inspection, const char *check,
			  struct report *report);
void check_bridge_netfilter(const struct inspection *inspection, const char *check,
			    struct report *report);
void check_other_owners(const struct inspection *inspection, const char *check,
			struct report *report);
