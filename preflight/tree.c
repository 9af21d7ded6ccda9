/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preflight/builtin.h"
#include "preflight/checks.h"
#include "preflight/modprobe.h"
#include "preflight/modules.h"

static const char tree_name[] = "ModuleTree";

/* Whether this is a kernel's directory, not only the remains of an out-of-tree build. */
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

/* Another need that can be loaded and depends on this module; NULL if there is none. */
static const struct need *brought_by(struct modprobe *modprobe, const struct needs *needs,
				     const struct need *need)
{
	for (size_t i = 0; i < needs->count; i++) {
		struct need other = needs->items[i];
		struct err err = { 0 };

		if (modules_resolve(modprobe, &other) == 0 &&
		    modprobe_depends(modprobe, other.module, need->module) &&
		    modprobe_obstacle(modprobe, other.module, &err) == 0)
			return &needs->items[i];
	}
	return NULL;
}

/*
 * Whether a module that is kept out is loaded anyway as a dependency; adds a note if so.
 */
static bool comes_along(const char *release, struct modprobe *modprobe,
			const struct needs *needs, const struct need *need,
			const struct err *err, const char *check, struct report *report)
{
	/* An `install` line also blocks the modules that depend on this one. */
	const struct need *other = brought_by(modprobe, needs, need);

	if (!other)
		return false;
	report_note(report, check, "%s: %s: %s, but comes along with %s", release,
		    need->name, err->text, other->name);
	return true;
}

/* 1 if loadable, 0 if built in, -ENOENT with its finding. */
static int look_for(const struct system *system, const char *release,
		    struct modprobe *modprobe, const struct needs *needs,
		    struct need *need, struct report *report)
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
	if (r < 0 && comes_along(release, modprobe, needs, need, &err, check, report))
		return 1;
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

static bool is_of_state(const struct need *need)
{
	return need->of_state && need->missed;
}

/* What this kernel's tree lacks of the modules that only the state needs. */
static size_t count_missed(const struct system *system, const char *release,
			   struct modprobe *modprobe, struct needs *needs)
{
	size_t count = 0;

	for (size_t i = 0; i < needs->count; i++) {
		struct need *need = &needs->items[i];

		need->missed = need->of_state &&
			       builtin_find(system, release, need->name) != BUILTIN_YES &&
			       modules_resolve(modprobe, need) < 0;
		count += need->missed;
	}
	return count;
}

static void check_release(const struct system *system, const char *release,
			  struct needs *needs, struct report *report)
{
	cleanup_modprobe struct modprobe *modprobe = NULL;
	struct err err = { 0 };
	char path[SYSTEM_PATH], what[300];
	bool many;

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
	many = count_missed(system, release, modprobe, needs) > MODULES_TOLD_ALONE;
	for (size_t i = 0; i < needs->count; i++) {
		struct need *need = &needs->items[i];
		int r = -ENOENT;

		if (!many || !need->missed)
			r = look_for(system, release, modprobe, needs, need, report);
		if (r != 1)
			need->in_tree = false;
		if (r < 0)
			need->presence = PRESENCE_MISSING;
	}
	if (many) {
		snprintf(what, sizeof(what), "are not in the tree of %s", release);
		modules_report_many(needs, is_of_state, what, report);
	}
}

void tree_check(const struct system *system, struct needs *needs, struct report *report)
{
	struct dirent **entries = NULL;
	char path[SYSTEM_PATH];
	size_t kernels = 0;
	int count;

	check_modprobe_conf(&(struct inspection){ .system = system, .needs = needs },
			    "ModprobeConf", report);
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
