/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What /proc/modules says about one module (kernel/module/procfs.c: m_show). */
enum proc_module_state {
	PROC_MODULE_ABSENT,
	PROC_MODULE_LIVE,
	PROC_MODULE_LOADING,
	PROC_MODULE_UNLOADING,
};

/*
 * Finds the module in the text of /proc/modules, by its whole name; '-' and '_' are
 * equal. A line with fewer fields or an unknown state is ignored.
 */
enum proc_module_state proc_modules_find(const char *text, const char *name);
