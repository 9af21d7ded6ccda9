/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only for the words of a message: libkmod itself reads and obeys modprobe.d, but does not say
 * which file a line came from.
 */
#include "preflight/modprobe_conf.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "preflight/module_name.h"

/* libkmod.c: default_config_paths of version 30, and those that later versions add. */
const char *const modprobe_conf_directories[] = {
	"etc/modprobe.d",     "run/modprobe.d", "usr/local/lib/modprobe.d",
	"usr/lib/modprobe.d", "lib/modprobe.d", NULL,
};

static bool line_says(char *line, const char *word, const char *module)
{
	char *rest = line;
	const char *first = strsep(&rest, " \t");
	const char *second;

	if (strcmp(first, word) != 0 || !rest)
		return false;
	rest += strspn(rest, " \t");
	second = strsep(&rest, " \t\n");
	return module_name_equal(second, module);
}

static bool find_in_file(const char *path, const char *word, const char *module,
			 char *place, size_t size)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t room = 0;

	for (int number = 1; file && getline(&line, &room, file) >= 0; number++) {
		if (!line_says(line + strspn(line, " \t"), word, module))
			continue;
		snprintf(place, size, "%s:%d", path, number);
		return true;
	}
	return false;
}

int modprobe_conf_is_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static bool find_in_directory(const char *directory, const char *word, const char *module,
			      char *place, size_t size)
{
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, modprobe_conf_is_file, alphasort);
	bool found = false;

	for (int i = 0; i < count; i++) {
		cleanup_free char *path = NULL;

		if (!found &&
		    asprintf(&path, "%s/%s", directory, entries[i]->d_name) >= 0)
			found = find_in_file(path, word, module, place, size);
		free(entries[i]);
	}
	free(entries);
	return found;
}

bool modprobe_conf_find(const struct system *system, const char *word, const char *module,
			char *place, size_t size)
{
	for (const char *const *entry = modprobe_conf_directories; *entry; entry++) {
		char directory[SYSTEM_PATH];

		system_path(system, directory, "%s", *entry);
		if (find_in_directory(directory, word, module, place, size))
			return true;
	}
	return false;
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
