/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preflight/builtin.h"
#include "preflight/modprobe.h"
#include "preflight/modules.h"

static const char tree_name[] = "ModuleTree";

/* A directory of a kernel, and not only what an out-of-tree build left behind. */
static bool is_kernel(const struct system *system, const char *release)
{
	static const char *const files[] = { "modules.dep", "modules.builtin",
					     "modules.order" };
	char path[SYSTEM_PATH];

	for (size_t i = 0; release[0] != '.' && i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "lib/modules/%s/%s", release, files[i]);
		if (system_exists(system, path))
			return true;
	}
	return false;
}

/* 1 loadable, 0 built in, -ENOENT with its finding. */
static int look_for(const struct system *system, const char *release,
		    struct modprobe *modprobe, struct need *need, struct report *report)
{
	char check[MODULE_NAME + 8];
	struct err err = { 0 };
	int r;

	snprintf(check, sizeof(check), "Module-%s", need->name);
	if (builtin_find(system, release, need->name) == BUILTIN_YES) {
		report_note(report, check, "%s: %s: built in", release, need->name);
		return 0;
	}
	if (modules_resolve(modprobe, need) < 0) {
		report_problem(report, !need->of_state, check, ENOENT,
			       "%s: %s (%s) is not in this kernel's tree", release,
			       need->name, need->purpose);
		return -ENOENT;
	}
	if (builtin_find(system, release, need->module) == BUILTIN_YES) {
		report_note(report, check, "%s: %s: %s stands in for it: built in",
			    release, need->name, need->module);
		return 0;
	}
	r = modprobe_obstacle(modprobe, need->module, &err);
	if (r == -EAGAIN) {
		report_cannot_tell(report, check, "%s: %s (%s) is in the tree, but %s",
				   release, need->name, need->purpose, err.text);
		return 1;
	}
	if (r < 0) {
		report_problem(report, !need->of_state, check, err.code,
			       "%s: %s (%s) is in the tree, but %s", release, need->name,
			       need->purpose, err.text);
		return -ENOENT;
	}
	if (module_name_equal(need->name, need->module))
		report_note(report, check, "%s: %s: can be loaded", release, need->name);
	else
		report_note(report, check, "%s: %s: %s stands in for it: can be loaded",
			    release, need->name, need->module);
	return 1;
}

static void check_release(const struct system *system, const char *release,
			  struct needs *needs, struct report *report)
{
	cleanup_modprobe struct modprobe *modprobe = NULL;
	struct err err = { 0 };
	char path[SYSTEM_PATH];

	snprintf(path, sizeof(path), "lib/modules/%s/modules.dep.bin", release);
	if (!system_exists(system, path)) {
		report_error(report, tree_name, ENOENT,
			     "%s: %s/%s is not there: run depmod -b on the tree", release,
			     system->root, path);
		return;
	}
	if (modprobe_open(system, release, &modprobe, &err) < 0) {
		report_error(report, tree_name, err.code, "%s: %s", release, err.text);
		return;
	}
	for (size_t i = 0; i < needs->count; i++) {
		struct need *need = &needs->items[i];

		int r = look_for(system, release, modprobe, need, report);

		if (r != 1)
			need->in_tree = false;
		if (r < 0)
			need->presence = PRESENCE_MISSING;
	}
}

void tree_check(const struct system *system, struct needs *needs, struct report *report)
{
	struct dirent **entries = NULL;
	char path[SYSTEM_PATH];
	size_t kernels = 0;
	int count;

	for (size_t i = 0; i < needs->count; i++)
		needs->items[i].in_tree = true;
	system_path(system, path, "lib/modules");
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (is_kernel(system, entries[i]->d_name)) {
			check_release(system, entries[i]->d_name, needs, report);
			kernels++;
		}
		free(entries[i]);
	}
	free(entries);
	if (kernels == 0)
		report_error(report, tree_name, ENOENT, "%s holds no kernel's modules",
			     path);
}
