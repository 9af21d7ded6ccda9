/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A load is only an attempt; what counts is what the kernel has afterwards. A module that
 * is already present is never loaded, so a container without a module tree gets no
 * warning.
 */
#include "preflight/modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/notify.h"
#include "common/watchdog.h"
#include "preflight/cause.h"
#include "preflight/modprobe.h"

static const char conntrack[] = "nf_conntrack";
static const char conntrack_ipv4[] = "nf_conntrack_ipv4";
static const char conntrack_alias[] = "nf_conntrack-2";

enum { WAIT_USEC = 10 * 1000 * 1000 };
/* While a module loads, each beat of the watchdog extends the start by this. */
static const uint64_t extension_usec = 30 * 1000000ULL;

struct loader {
	const struct system *system;
	struct modprobe *modprobe; /* NULL: libkmod could not be started */
	char no_modprobe[200];	   /* the reason */
	char no_tree[500];	   /* "": the tree exists */
	char options[32];	   /* for ip_vs */
	bool load;
};

int modules_resolve(struct modprobe *modprobe, struct need *need)
{
	int r;

	r = modprobe_resolve(modprobe, need->name, need->module);
	if (r == -ENOENT && strcmp(need->name, conntrack_ipv4) == 0)
		r = modprobe_resolve(modprobe, conntrack_alias, need->module);
	return r;
}

static void use_module(const struct loader *loader, struct need *need, const char *module)
{
	if (need->module != module)
		snprintf(need->module, sizeof(need->module), "%s", module);
	need->presence = presence_look(loader->system, need->module, need->why);
}

/*
 * Without the alias (no tree, or a built-in module without the list of built-in aliases)
 * a need for nf_conntrack_ipv4 is met by an nf_conntrack that is present.
 */
static void try_merged_conntrack(const struct loader *loader, struct need *need)
{
	char why[PRESENCE_WHY];
	enum presence presence = presence_look(loader->system, conntrack, why);

	if (presence == PRESENCE_BUILTIN ||
	    (loader->no_tree[0] != '\0' && presence != PRESENCE_MISSING))
		use_module(loader, need, conntrack);
}

/* Finds the module for the need and whether it is present. */
static void resolve_need(const struct loader *loader, struct need *need)
{
	use_module(loader, need, need->name);
	if (presence_usable(need->presence) || need->presence == PRESENCE_LOADING)
		return;
	if (loader->modprobe && modules_resolve(loader->modprobe, need) == 0) {
		need->in_tree = true;
		use_module(loader, need, need->module);
		return;
	}
	need->module[0] = '\0';
	if (strcmp(need->name, conntrack_ipv4) == 0)
		try_merged_conntrack(loader, need);
}

static int refuse_load(const struct loader *loader, const struct need *need,
		       struct err *err)
{
	if (loader->no_tree[0] != '\0')
		return err_set(err, ENOENT, "%s", loader->no_tree);
	if (!loader->modprobe)
		return err_set(err, EIO, "%s", loader->no_modprobe);
	if (need->module[0] == '\0' || !need->in_tree)
		return err_set(err, ENOENT,
			       "not in this kernel's tree (%s/lib/modules/%s)",
			       loader->system->root, loader->system->release);
	return 0;
}

static void extend_start(UNUSED void *context)
{
	notify_extend_timeout(extension_usec);
}

static int load_module(const struct loader *loader, struct need *need, struct err *err)
{
	const char *options = strcmp(need->module, "ip_vs") == 0 && loader->options[0]
				      ? loader->options
				      : NULL;
	struct watchdog watchdog = { .running = false };
	const char *line;
	int r;

	r = refuse_load(loader, need, err);
	if (r < 0)
		return r;
	if (!loader->load)
		return modprobe_obstacle(loader->modprobe, need->module, err);
	if (notify_enabled())
		watchdog_start(&watchdog, extend_start, NULL);
	r = modprobe_load(loader->modprobe, need->module, options, err);
	if (r == 0)
		need->presence =
			presence_wait(loader->system, need->module, WAIT_USEC, need->why);
	watchdog_stop(&watchdog);
	if (r < 0 || need->presence != PRESENCE_MISSING)
		return r;
	line = modprobe_install_line(loader->modprobe, need->module);
	if (line)
		return err_set(err, ENOENT,
			       "the line `install %s %s` in modprobe.d loaded nothing",
			       need->module, line);
	return err_set(err, ENOENT, "libkmod reported success, but loaded nothing");
}

static void tell_failed_load(const struct need *need, struct report *report)
{
	char check[MODULE_NAME + 8];

	snprintf(check, sizeof(check), "Load-%s", need->name);
	report_warning(report, check, "%s (%s) cannot be loaded: %s", need->name,
		       need->purpose, need->cause);
}

static void load_need(const struct loader *loader, struct need *need,
		      struct report *report)
{
	struct err err = { 0 };
	int r;

	resolve_need(loader, need);
	if (presence_usable(need->presence)) {
		need->load = LOAD_NOT_NEEDED;
		return;
	}
	if (need->presence == PRESENCE_LOADING || need->presence == PRESENCE_UNLOADING)
		need->presence =
			presence_wait(loader->system, need->module, WAIT_USEC, need->why);
	if (presence_usable(need->presence) || need->presence == PRESENCE_LOADING) {
		need->load = LOAD_NOT_NEEDED;
		return;
	}
	r = load_module(loader, need, &err);
	if (r < 0) {
		snprintf(need->cause, sizeof(need->cause), "%s", err.text);
		need->code = err.code;
	}
	if (!loader->load)
		return;
	need->load = r < 0 ? LOAD_FAILED : LOAD_DONE;
	if (r < 0 && !need->of_state)
		tell_failed_load(need, report);
}

static bool is_verified(const struct need *need)
{
	return presence_usable(need->presence) || need->proven ||
	       (need->presence == PRESENCE_UNKNOWN && need->load == LOAD_DONE);
}

/* A state may name a thousand unknown schedulers: more than a few share one line. */
static bool is_one_of_many(const struct need *need)
{
	return need->of_state && !is_verified(need) &&
	       (need->load == LOAD_FAILED || !need->in_tree);
}

static bool are_many(const struct needs *needs)
{
	size_t count = 0;

	for (size_t i = 0; i < needs->count; i++)
		count += is_one_of_many(&needs->items[i]);
	return count > MODULES_TOLD_ALONE;
}

/*
 * Checks again after all loads: another module may have loaded one that could not be
 * loaded itself (dependencies ignore the blacklist, and an `install` line may load
 * anything).
 */
static void look_again(const struct loader *loader, struct need *need)
{
	char module[MODULE_NAME];

	memcpy(module, need->module, sizeof(module));
	if (presence_usable(need->presence) || need->presence == PRESENCE_UNKNOWN)
		return;
	use_module(loader, need, module[0] ? module : need->name);
	if (!presence_usable(need->presence))
		memcpy(need->module, module, sizeof(module));
}

void modules_load(const struct system *system, struct needs *needs, bool do_load,
		  uint32_t conn_tab_bits, struct report *report)
{
	cleanup_modprobe struct modprobe *modprobe = NULL;
	struct loader loader = { .system = system, .load = do_load };
	struct err err = { 0 };

	if (!cause_no_tree(system, loader.no_tree, sizeof(loader.no_tree)))
		loader.no_tree[0] = '\0';
	if (modprobe_open(system, system->release, &modprobe, &err) < 0)
		snprintf(loader.no_modprobe, sizeof(loader.no_modprobe), "%.199s",
			 err.text);
	loader.modprobe = modprobe;
	if (conn_tab_bits != 0)
		snprintf(loader.options, sizeof(loader.options), "conn_tab_bits=%u",
			 conn_tab_bits);
	for (size_t i = 0; i < needs->count; i++)
		load_need(&loader, &needs->items[i], report);
	for (size_t i = 0; do_load && i < needs->count; i++)
		look_again(&loader, &needs->items[i]);
	for (size_t i = 0; i < needs->count; i++) {
		const struct need *need = &needs->items[i];

		if (need->of_state && need->load == LOAD_FAILED &&
		    !(is_one_of_many(need) && are_many(needs)))
			tell_failed_load(need, report);
	}
}

size_t modules_count_verified(const struct needs *needs)
{
	size_t count = 0;

	for (size_t i = 0; i < needs->count; i++)
		count += is_verified(&needs->items[i]);
	return count;
}

static const char *how_it_got_there(const struct need *need)
{
	if (need->presence == PRESENCE_BUILTIN)
		return "built in";
	if (need->presence == PRESENCE_UNKNOWN)
		return need->proven ? "there: proven by the probe"
				    : "there: the kernel takes it as loaded";
	if (need->load == LOAD_FAILED)
		return "there: it came along with another module";
	return need->load == LOAD_DONE ? "loaded" : "there already";
}

static void judge_verified(const struct need *need, const char *check,
			   struct report *report)
{
	if (strcmp(need->name, need->module) == 0 || need->module[0] == '\0')
		report_note(report, check, "%s: %s", need->name, how_it_got_there(need));
	else
		report_note(report, check, "%s: %s stands in for it: %s", need->name,
			    need->module, how_it_got_there(need));
}

/* The remedy: the cause of the failed load, or that loading was not tried. */
static const char *advice(const struct need *need, char *buffer, size_t size)
{
	if (need->load == LOAD_FAILED)
		snprintf(buffer, size, "; it cannot be loaded: %s", need->cause);
	else if (need->cause[0] != '\0')
		snprintf(buffer, size, "; it could not be loaded: %s", need->cause);
	else if (need->in_tree && need->load == LOAD_NOT_TRIED)
		snprintf(buffer, size, "; it can be loaded, and --check loads nothing");
	else
		buffer[0] = '\0';
	return buffer;
}

static void judge_need(const struct need *need, struct report *report)
{
	char check[MODULE_NAME + 8], more[NEED_CAUSE + 64];

	snprintf(check, sizeof(check), "Module-%s", need->name);
	advice(need, more, sizeof(more));
	if (is_verified(need))
		judge_verified(need, check, report);
	else if (need->load == LOAD_NOT_TRIED && need->code == EAGAIN)
		report_cannot_tell(report, check,
				   "cannot tell whether %s (%s) can be loaded: %s",
				   need->name, need->purpose, need->cause);
	else if (need->presence == PRESENCE_UNKNOWN)
		report_cannot_tell(report, check,
				   "cannot tell whether %s (%s) is there: %s%s",
				   need->name, need->purpose, need->why, more);
	else
		report_problem(report, !need->of_state, check,
			       need->code ? need->code : ENOENT,
			       "%s (%s) is not there: %s%s", need->name, need->purpose,
			       need->why, more);
}

void modules_report_many(const struct needs *needs,
			 bool (*belongs)(const struct need *need), const char *what,
			 struct report *report)
{
	char names[3 * (MODULE_NAME + 2)] = "";
	size_t count = 0;

	for (size_t i = 0; i < needs->count; i++) {
		size_t used = strlen(names);

		if (!belongs(&needs->items[i]))
			continue;
		if (count++ < MODULES_TOLD_ALONE)
			snprintf(names + used, sizeof(names) - used, "%s%s",
				 used ? ", " : "", needs->items[i].name);
	}
	report_warning(
		report, "StateFile",
		"%zu modules that the state asks for %s: %s and %zu more; what needs them fails, all else is served",
		count, what, names, count - MODULES_TOLD_ALONE);
}

void modules_judge(const struct needs *needs, struct report *report)
{
	bool many = are_many(needs);

	for (size_t i = 0; i < needs->count; i++) {
		if (!many || !is_one_of_many(&needs->items[i]))
			judge_need(&needs->items[i], report);
	}
	if (many)
		modules_report_many(needs, is_one_of_many,
				    "are not there and cannot be loaded", report);
}
