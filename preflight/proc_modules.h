/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What /proc/modules says of one module (kernel/module/procfs.c: m_show). */
enum proc_module_state {
	PROC_MODULE_ABSENT,
	PROC_MODULE_LIVE,
	PROC_MODULE_LOADING,
	PROC_MODULE_UNLOADING,
};

/*
 * Looks the module up in the text of /proc/modules. Whole names only, '-' and '_' being one; a
 * line with fewer fields or an unknown state says nothing and is passed over.
 */
enum proc_module_state proc_modules_find(const char *text, const char *name);
