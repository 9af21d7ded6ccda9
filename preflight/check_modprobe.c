/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libkmod silently ignores a file of modprobe.d that it cannot read, including its
 * blacklist and install lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preflight/checks.h"
#include "preflight/modprobe_conf.h"

/* Links in another tree are resolved within it. */
static bool is_unreadable(const struct system *system, const char *entry,
			  const char *name)
{
	char path[SYSTEM_PATH];

	return faccessat(AT_FDCWD, system_path(system, path, "%s/%s", entry, name), R_OK,
			 AT_EACCESS) < 0 &&
	       errno == EACCES;
}

static void look_at_directory(const struct system *system, const char *name,
			      const char *directory, const char *check,
			      struct report *report)
{
	cleanup_dir DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (!dir && errno == EACCES)
		report_warning(report, check,
			       "%s cannot be read: its files have no effect", directory);
	while (dir && (entry = readdir(dir)))
		if (modprobe_conf_is_file(entry) &&
		    is_unreadable(system, name, entry->d_name))
			report_warning(
				report, check,
				"%s/%s cannot be read by this user: it has no effect",
				directory, entry->d_name);
}

/* A link to /dev/null is intended: it masks a file of another folder. */
static bool leads_nowhere(const struct modprobe_conf_file *file, const char *link)
{
	char target[SYSTEM_PATH];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, "/dev/null") != 0 && access(file->path, F_OK) < 0 &&
	       errno != EACCES;
}

static void look_at_links(const struct system *system, const char *directory,
			  const char *check, struct report *report)
{
	struct modprobe_conf_files files CLEANUP(modprobe_conf_files_clear) = { 0 };

	if (modprobe_conf_files_list(system, &files) < 0)
		return;
	for (size_t i = 0; i < files.count; i++) {
		cleanup_free char *link = NULL;

		if (asprintf(&link, "%s/%s", directory, files.items[i].name) >= 0 &&
		    leads_nowhere(&files.items[i], link))
			report_warning(
				report, check,
				"%s is a link to a file that does not exist (%s): it has no effect",
				link, files.items[i].path);
	}
}

static bool lib_is_link(const struct system *system)
{
	char path[SYSTEM_PATH];
	struct stat st;

	return lstat(system_path(system, path, "lib"), &st) == 0 && S_ISLNK(st.st_mode);
}

void check_modprobe_conf(const struct inspection *inspection, const char *check,
			 struct report *report)
{
	for (const char *const *entry = modprobe_conf_directories; *entry; entry++) {
		char directory[SYSTEM_PATH];

		/* The same folder again, if lib is a link to usr/lib. */
		if (strncmp(*entry, "lib/", 4) == 0 && lib_is_link(inspection->system))
			continue;
		system_path(inspection->system, directory, "%s", *entry);
		look_at_directory(inspection->system, *entry, directory, check, report);
		look_at_links(inspection->system, directory, check, report);
	}
}
