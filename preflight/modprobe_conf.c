/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Used for messages and for settings of modprobe.d itself: libkmod reads and obeys the
 * files, but does not say which file a line came from.
 */
#include "preflight/modprobe_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "preflight/module_name.h"

/* libkmod.c: default_config_paths of version 30, and paths that later versions add. */
const char *const modprobe_conf_directories[] = {
	"etc/modprobe.d",     "run/modprobe.d", "usr/local/lib/modprobe.d",
	"usr/lib/modprobe.d", "lib/modprobe.d", NULL,
};

int modprobe_conf_is_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* --- the files --- */

void modprobe_conf_files_clear(struct modprobe_conf_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].name);
		free(files->items[i].path);
	}
	free(files->items);
	*files = (struct modprobe_conf_files){ 0 };
}

static bool has_name(const struct modprobe_conf_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->items[i].name, name) == 0)
			return true;
	}
	return false;
}

static int add_file(const struct system *system, struct modprobe_conf_files *files,
		    const char *directory, const char *name)
{
	struct modprobe_conf_file file = { .name = strdup(name) };
	char path[SYSTEM_PATH];

	file.path = strdup(system_path(system, path, "%s/%s", directory, name));
	if (!file.name || !file.path ||
	    ARRAY_MAKE_ROOM(files->items, files->count, files->room) < 0) {
		free(file.name);
		free(file.path);
		return -ENOMEM;
	}
	files->items[files->count++] = file;
	return 0;
}

static int add_directory(const struct system *system, struct modprobe_conf_files *files,
			 const char *directory)
{
	struct dirent **entries = NULL;
	char path[SYSTEM_PATH];
	int count = scandir(system_path(system, path, "%s", directory), &entries,
			    modprobe_conf_is_file, alphasort);
	int r = 0;

	for (int i = 0; i < count; i++) {
		if (r == 0 && !has_name(files, entries[i]->d_name))
			r = add_file(system, files, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct modprobe_conf_file *)a)->name,
		      ((const struct modprobe_conf_file *)b)->name);
}

int modprobe_conf_files_list(const struct system *system,
			     struct modprobe_conf_files *files)
{
	int r = 0;

	for (const char *const *entry = modprobe_conf_directories; r == 0 && *entry;
	     entry++)
		r = add_directory(system, files, *entry);
	if (files->count > 0)
		qsort(files->items, files->count, sizeof(files->items[0]), compare_files);
	return r;
}

/* --- their lines --- */

struct conf_line {
	char *text; /* without its newline; owned */
	int number; /* of its first line in the file */
};

/* A line that ends with a backslash continues (libkmod-util.c: freadline_wrapped). */
static bool next_line(FILE *file, struct conf_line *line, int *read)
{
	cleanup_free char *part = NULL;
	size_t room = 0, used = 0;
	ssize_t n;

	line->number = *read + 1;
	free(line->text);
	line->text = NULL;
	while ((n = getline(&part, &room, file)) >= 0) {
		bool goes_on;
		char *grown;

		(*read)++;
		n -= n > 0 && part[n - 1] == '\n';
		goes_on = n > 0 && part[n - 1] == '\\';
		n -= goes_on;
		grown = realloc(line->text, used + (size_t)n + 1);
		if (!grown)
			return false;
		line->text = grown;
		memcpy(line->text + used, part, (size_t)n);
		used += (size_t)n;
		line->text[used] = '\0';
		if (!goes_on)
			return true;
	}
	return line->text != NULL;
}

/* The text after `WORD MODULE`, which may be ""; NULL for any other line. */
static char *line_says(char *line, const char *word, const char *module)
{
	static char nothing[] = "";
	static const char blanks[] = " \t";
	char *rest = line + strspn(line, blanks);
	const char *first = strsep(&rest, blanks);
	const char *second;

	if (strcmp(first, word) != 0 || !rest)
		return NULL;
	rest += strspn(rest, blanks);
	second = strsep(&rest, blanks);
	if (!module_name_equal(second, module))
		return NULL;
	return rest ? rest : nothing;
}

typedef bool (*line_taker)(char *rest, const char *path, int number, void *context);

/* Calls take for each line `WORD MODULE …` until it returns true; whether it did. */
static bool find_line(const struct system *system, const char *word, const char *module,
		      line_taker take, void *context)
{
	struct modprobe_conf_files files CLEANUP(modprobe_conf_files_clear) = { 0 };
	bool found = false;

	if (modprobe_conf_files_list(system, &files) < 0)
		return false;
	for (size_t i = 0; !found && i < files.count; i++) {
		cleanup_file FILE *file = fopen(files.items[i].path, "re");
		struct conf_line line = { NULL, 0 };
		int read = 0;

		while (file && !found && next_line(file, &line, &read)) {
			char *rest = line_says(line.text, word, module);

			found = rest &&
				take(rest, files.items[i].path, line.number, context);
		}
		free(line.text);
	}
	return found;
}

struct place {
	char *text;
	size_t size;
};

static bool take_place(char *rest UNUSED, const char *path, int number, void *context)
{
	const struct place *place = context;

	snprintf(place->text, place->size, "%s:%d", path, number);
	return true;
}

bool modprobe_conf_find(const struct system *system, const char *word, const char *module,
			char *place, size_t size)
{
	struct place found = { place, size };

	return find_line(system, word, module, take_place, &found);
}

static bool list_names(char *list, const char *module)
{
	const char *name;

	while ((name = strsep(&list, ","))) {
		if (module_name_equal(name, module))
			return true;
	}
	return false;
}

bool modprobe_conf_cmdline_names(const struct system *system, const char *key,
				 const char *module)
{
	cleanup_free char *line = NULL;
	size_t length = strlen(key);
	char *rest, *word;

	if (system_read(system, "proc/cmdline", &line) < 0)
		return false;
	rest = line;
	while ((word = strsep(&rest, " \n"))) {
		if (strncmp(word, key, length) == 0 && word[length] == '=' &&
		    list_names(word + length + 1, module))
			return true;
	}
	return false;
}

/* --- the options of a module --- */

struct option_search {
	const char *parameter;
	struct modprobe_conf_option *option;
	bool found;
};

static bool take_option(char *rest, const char *path, int number, void *context)
{
	struct option_search *search = context;
	struct modprobe_conf_option *option = search->option;
	size_t length = strlen(search->parameter);
	const char *word;

	while ((word = strsep(&rest, " \t"))) {
		if (strncmp(word, search->parameter, length) != 0 || word[length] != '=')
			continue;
		snprintf(option->value, sizeof(option->value), "%s", word + length + 1);
		snprintf(option->place, sizeof(option->place), "%s:%d", path, number);
		search->found = true;
	}
	return false;
}

/* MODULE.PARAMETER=VALUE; libkmod appends these to the options of modprobe.d. */
static void take_cmdline_option(const struct system *system, const char *module,
				struct option_search *search)
{
	cleanup_free char *line = NULL;
	char *rest, *word, *dot;

	if (system_read(system, "proc/cmdline", &line) < 0)
		return;
	rest = line;
	while ((word = strsep(&rest, " \n"))) {
		dot = strchr(word, '.');
		if (!dot)
			continue;
		*dot = '\0';
		if (module_name_equal(word, module) &&
		    strncmp(dot + 1, search->parameter, strlen(search->parameter)) == 0)
			take_option(dot + 1, "the kernel's command line", 0, search);
	}
}

bool modprobe_conf_option(const struct system *system, const char *module,
			  const char *parameter, struct modprobe_conf_option *option)
{
	struct option_search search = { .parameter = parameter, .option = option };

	find_line(system, "options", module, take_option, &search);
	if (system->root[0] == '\0')
		take_cmdline_option(system, module, &search);
	/* The command line has no line numbers. */
	if (search.found && strncmp(option->place, "the kernel", 10) == 0)
		option->place[strcspn(option->place, ":")] = '\0';
	return search.found;
}
