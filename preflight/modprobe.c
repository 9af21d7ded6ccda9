/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/modprobe.h"

#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "preflight/cause.h"
#include "preflight/install_line.h"
#include "preflight/modprobe_conf.h"

enum { CONF_DIRECTORIES = 8, INSTALL_LINE_USEC = 60 * 1000 * 1000 };

struct modprobe {
	const struct system *system;
	struct kmod_ctx *ctx;
	struct kmod_module
		*install_line_of; /* owns the text of modprobe_install_line() */
};

DEFINE_CLEANUP(cleanup_module_pointer, struct kmod_module *, kmod_module_unref)
#define cleanup_module CLEANUP(cleanup_module_pointer)
DEFINE_CLEANUP(cleanup_list_pointer, struct kmod_list *, kmod_module_unref_list)
#define cleanup_list CLEANUP(cleanup_list_pointer)

/* Passes libkmod's messages to our log; its information becomes debug messages. */
static void __attribute__((format(printf, 6, 0)))
log_from_kmod(void *data UNUSED, int priority, const char *file UNUSED, int line UNUSED,
	      const char *function UNUSED, const char *fmt, va_list ap)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	log_write(priority < LOG_INFO ? priority : LOG_DEBUG, "libkmod: %s", text);
}

/* For another tree, the files themselves: libkmod would follow links out of the tree. */
static int list_conf(const struct system *system, struct modprobe_conf_files *files,
		     const char ***paths)
{
	const char **list;
	size_t count = 0;

	if (modprobe_conf_files_list(system, files) < 0)
		return -ENOMEM;
	list = calloc(files->count + 1, sizeof(*list));
	for (size_t i = 0; list && i < files->count; i++) {
		if (access(files->items[i].path, F_OK) == 0)
			list[count++] = files->items[i].path;
	}
	*paths = list;
	return list ? 0 : -ENOMEM;
}

static struct kmod_ctx *new_context(const struct system *system, const char *directory)
{
	struct modprobe_conf_files files CLEANUP(modprobe_conf_files_clear) = { 0 };
	char conf[CONF_DIRECTORIES][SYSTEM_PATH];
	const char *conf_paths[CONF_DIRECTORIES + 1] = { NULL };
	const char **list = NULL;
	struct kmod_ctx *ctx = NULL;

	if (system->root[0] != '\0') {
		if (list_conf(system, &files, &list) == 0)
			ctx = kmod_new(directory, list);
		free(list);
		return ctx;
	}
	for (size_t i = 0; i < CONF_DIRECTORIES && modprobe_conf_directories[i]; i++)
		conf_paths[i] =
			system_path(system, conf[i], "%s", modprobe_conf_directories[i]);
	return kmod_new(directory, conf_paths);
}

int modprobe_open(const struct system *system, const char *release,
		  struct modprobe **modprobe, struct err *err)
{
	char directory[SYSTEM_PATH];
	struct modprobe *opened;

	opened = calloc(1, sizeof(*opened));
	if (!opened)
		return err_errno(err, ENOMEM, "libkmod");
	opened->system = system;
	opened->ctx = new_context(
		system, system_path(system, directory, "lib/modules/%s", release));
	if (!opened->ctx) {
		free(opened);
		return err_set(err, EIO, "libkmod cannot be started for %s", directory);
	}
	kmod_set_log_priority(opened->ctx,
			      log_get_level() == LOG_DEBUG ? LOG_DEBUG : LOG_WARNING);
	kmod_set_log_fn(opened->ctx, log_from_kmod, NULL);
	*modprobe = opened;
	return 0;
}

void modprobe_close(struct modprobe *modprobe)
{
	if (modprobe->install_line_of)
		kmod_module_unref(modprobe->install_line_of);
	kmod_unref(modprobe->ctx);
	free(modprobe);
}

int modprobe_resolve(struct modprobe *modprobe, const char *name,
		     char module[static MODULE_NAME])
{
	cleanup_list struct kmod_list *list = NULL;
	cleanup_module struct kmod_module *found = NULL;
	int r;

	r = kmod_module_new_from_lookup(modprobe->ctx, name, &list);
	if (r < 0 || !list)
		return r == -ENOMEM ? r : -ENOENT;
	found = kmod_module_get_module(list);
	return module_name_copy(module, kmod_module_get_name(found));
}

struct install_outcome {
	char command[300];
	char text[80]; /* "" until an install line fails */
	char module[MODULE_NAME];
};

static int run_install(struct kmod_module *module, const char *command, void *data)
{
	struct install_outcome *outcome = data;
	const char *name = kmod_module_get_name(module);

	snprintf(outcome->command, sizeof(outcome->command), "%s", command);
	snprintf(outcome->module, sizeof(outcome->module), "%s", name);
	if (install_line_run(name, command, INSTALL_LINE_USEC, outcome->text,
			     sizeof(outcome->text)) < 0)
		return -EINVAL;
	outcome->text[0] = '\0';
	return 0;
}

/*
 * The dependency that is missing from the kernel and therefore failed; else the module.
 */
static struct kmod_module *failed_one(struct kmod_module *module)
{
	cleanup_list struct kmod_list *list = kmod_module_get_dependencies(module);
	struct kmod_list *entry;

	kmod_list_foreach (entry, list) {
		struct kmod_module *dependency = kmod_module_get_module(entry);
		int state = kmod_module_get_initstate(dependency);

		if (state != KMOD_MODULE_LIVE && state != KMOD_MODULE_BUILTIN)
			return dependency;
		kmod_module_unref(dependency);
	}
	return kmod_module_ref(module);
}

static int explain(struct modprobe *modprobe, struct kmod_module *module, int code,
		   struct err *err)
{
	cleanup_module struct kmod_module *failed = failed_one(module);
	const char *name = kmod_module_get_name(failed);
	char text[600];

	cause_of_refusal(modprobe->system, name, kmod_module_get_path(failed), code, text,
			 sizeof(text));
	if (strcmp(name, kmod_module_get_name(module)) == 0)
		return err_set(err, code, "%s", text);
	return err_set(err, code, "%s, which it depends on: %s", name, text);
}

static int refuse_blacklisted(struct modprobe *modprobe, const char *name,
			      struct err *err)
{
	char text[400];

	cause_of_blacklist(modprobe->system, name, text, sizeof(text));
	return err_set(err, EPERM, "%s", text);
}

static int install_failed(struct modprobe *modprobe,
			  const struct install_outcome *outcome, int code,
			  struct err *err)
{
	char place[300];

	if (!modprobe_conf_find(modprobe->system, "install", outcome->module, place,
				sizeof(place)))
		snprintf(place, sizeof(place), "modprobe.d");
	return err_set(err, code, "the line `install %s %s` in %s failed: %s",
		       outcome->module, outcome->command, place, outcome->text);
}

int modprobe_load(struct modprobe *modprobe, const char *name, const char *options,
		  struct err *err)
{
	cleanup_module struct kmod_module *module = NULL;
	struct install_outcome outcome = { .text = "" };
	int r;

	r = kmod_module_new_from_name(modprobe->ctx, name, &module);
	if (r < 0)
		return err_errno(err, -r, "libkmod");
	r = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, options,
					    run_install, &outcome, NULL);
	if (r == 0)
		return 0;
	if (r > 0)
		return refuse_blacklisted(modprobe, name, err);
	/* A module of a softdep may have failed, too; libkmod ignores that. */
	if (r == -EINVAL && outcome.text[0] != '\0')
		return install_failed(modprobe, &outcome, -r, err);
	return explain(modprobe, module, -r, err);
}

static bool is_blacklisted(struct modprobe *modprobe, struct kmod_module *module)
{
	struct kmod_config_iter *iter = kmod_config_get_blacklists(modprobe->ctx);
	bool found = false;

	while (iter && kmod_config_iter_next(iter))
		found = found || module_name_equal(kmod_config_iter_get_key(iter),
						   kmod_module_get_name(module));
	if (iter)
		kmod_config_iter_free_iter(iter);
	return found;
}

/*
 * Commands that are written to keep a module out. Any other command must run to show its
 * effect.
 */
static bool loads_nothing(const char *command)
{
	static const char *const commands[] = { "/bin/true",	   "/bin/false",
						"/usr/bin/true",   "/usr/bin/false",
						"/usr/sbin/false", "true",
						"false",	   ":" };

	command += strspn(command, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t length = strlen(commands[i]);

		if (strncmp(command, commands[i], length) == 0 &&
		    (command[length] == '\0' || command[length] == ' '))
			return true;
	}
	return false;
}

/*
 * Checks this module's own file and `install` line. what is the subject of the message.
 */
static int own_obstacle(struct kmod_module *module, const char *what, struct err *err)
{
	const char *name = kmod_module_get_name(module), *path;
	const char *line = kmod_module_get_install_commands(module);

	if (line && loads_nothing(line))
		return err_set(err, EINVAL, "%s has a line `install %s %s`", what, name,
			       line);
	if (line)
		return err_set(
			err, EAGAIN,
			"%s has a line `install %s %s`, and what that loads is only seen when it runs",
			what, name, line);
	path = kmod_module_get_path(module);
	if (path && access(path, F_OK) < 0)
		return err_set(err, ENOENT,
			       "%s is not there, though modules.dep names it", path);
	if (!path && kmod_module_get_initstate(module) != KMOD_MODULE_BUILTIN)
		return err_set(
			err, ENOENT,
			"an alias leads to %s, and this kernel's tree has no such module",
			name);
	return 0;
}

/* Built in, or already loaded if the tree is the running kernel's. */
static bool is_there(const struct modprobe *modprobe, struct kmod_module *module)
{
	int state = kmod_module_get_initstate(module);

	return state == KMOD_MODULE_BUILTIN ||
	       (state == KMOD_MODULE_LIVE && modprobe->system->root[0] == '\0');
}

int modprobe_obstacle(struct modprobe *modprobe, const char *name, struct err *err)
{
	cleanup_module struct kmod_module *module = NULL;
	cleanup_list struct kmod_list *list = NULL;
	struct kmod_list *entry;
	int r;

	if (kmod_module_new_from_name(modprobe->ctx, name, &module) < 0)
		return err_set(err, ENOMEM, "libkmod");
	if (is_blacklisted(modprobe, module))
		return refuse_blacklisted(modprobe, name, err);
	r = own_obstacle(module, "it", err);
	/* An `install` line replaces the dependencies, too. */
	if (r < 0)
		return r;
	list = kmod_module_get_dependencies(module);
	kmod_list_foreach (entry, list) {
		cleanup_module struct kmod_module *dependency =
			kmod_module_get_module(entry);
		char what[MODULE_NAME + 32];

		snprintf(what, sizeof(what), "%s, which it depends on,",
			 kmod_module_get_name(dependency));
		if (!is_there(modprobe, dependency))
			r = own_obstacle(dependency, what, err);
		if (r < 0)
			return r;
	}
	return 0;
}

bool modprobe_depends(struct modprobe *modprobe, const char *name, const char *other)
{
	cleanup_module struct kmod_module *module = NULL;
	cleanup_list struct kmod_list *list = NULL;
	struct kmod_list *entry;
	bool found = false;

	if (kmod_module_new_from_name(modprobe->ctx, name, &module) < 0)
		return false;
	list = kmod_module_get_dependencies(module);
	kmod_list_foreach (entry, list) {
		cleanup_module struct kmod_module *dependency =
			kmod_module_get_module(entry);

		found = found ||
			module_name_equal(kmod_module_get_name(dependency), other);
	}
	return found;
}

const char *modprobe_install_line(struct modprobe *modprobe, const char *name)
{
	if (modprobe->install_line_of)
		kmod_module_unref(modprobe->install_line_of);
	modprobe->install_line_of = NULL;
	if (kmod_module_new_from_name(modprobe->ctx, name, &modprobe->install_line_of) <
	    0)
		return NULL;
	return kmod_module_get_install_commands(modprobe->install_line_of);
}
