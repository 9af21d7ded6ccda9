/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkmod passes over a file of modprobe.d that it cannot read, blacklist and install lines included. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preflight/checks.h"
#include "preflight/modprobe_conf.h"

static void look_at_directory(const char *directory, const char *check,
			      struct report *report)
{
	cleanup_dir DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (!dir && errno == EACCES)
		report_warning(report, check,
			       "%s cannot be read: what its files say is not obeyed",
			       directory);
	while (dir && (entry = readdir(dir)))
		if (modprobe_conf_is_file(entry) &&
		    faccessat(dirfd(dir), entry->d_name, R_OK, AT_EACCESS) < 0 &&
		    errno == EACCES)
			report_warning(
				report, check,
				"%s/%s cannot be read by this user: what it says is not obeyed",
				directory, entry->d_name);
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

		/* Once more, where lib is a link to usr/lib. */
		if (strncmp(*entry, "lib/", 4) == 0 && lib_is_link(inspection->system))
			continue;
		look_at_directory(
			system_path(inspection->system, directory, "%s", *entry), check,
			report);
	}
}
