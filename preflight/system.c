/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/system.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/parse.h"
#include "preflight/root_path.h"

void system_init(struct system *system, const char *root)
{
	struct utsname name;

	*system = (struct system){ .root = root };
	if (system_read_line(system, "proc/sys/kernel/osrelease", system->release,
			     sizeof(system->release)) == 0)
		return;
	if (uname(&name) == 0)
		snprintf(system->release, sizeof(system->release), "%s", name.release);
}

/*
 * Links of another tree are resolved within it, as they will be when the tree is the
 * root.
 */
const char *system_path(const struct system *system, char buffer[static SYSTEM_PATH],
			const char *fmt, ...)
{
	char path[SYSTEM_PATH];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (system->root[0] == '\0')
		snprintf(buffer, SYSTEM_PATH, "/%.*s", SYSTEM_PATH - 2, path);
	else if (root_path_resolve(system->root, path, buffer) < 0)
		/* A path that cannot be resolved does not exist. */
		snprintf(buffer, SYSTEM_PATH, "/dev/null/%.*s", SYSTEM_PATH - 12, path);
	return buffer;
}

int system_read(const struct system *system, const char *path, char **text)
{
	char full[SYSTEM_PATH];
	struct stat st;
	size_t length;

	system_path(system, full, "%s", path);
	/* Containers hide a file of /proc by mounting /dev/null over it. */
	if (stat(full, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENODATA;
	return file_read(full, SYSTEM_FILE_MAX, text, &length, NULL);
}

int system_read_line(const struct system *system, const char *path, char *line,
		     size_t size)
{
	cleanup_free char *text = NULL;
	int r;

	r = system_read(system, path, &text);
	if (r < 0 || !text)
		return r < 0 ? r : -ENODATA;
	snprintf(line, size, "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

int system_read_u64(const struct system *system, const char *path, uint64_t *value)
{
	char line[32];
	int r;

	r = system_read_line(system, path, line, sizeof(line));
	if (r < 0)
		return r;
	return parse_u64(line, 0, UINT64_MAX, value);
}

bool system_exists(const struct system *system, const char *path)
{
	char full[SYSTEM_PATH];
	struct stat st;

	return stat(system_path(system, full, "%s", path), &st) == 0;
}

bool system_is_directory(const struct system *system, const char *path)
{
	char full[SYSTEM_PATH];
	struct stat st;

	return stat(system_path(system, full, "%s", path), &st) == 0 &&
	       S_ISDIR(st.st_mode);
}
