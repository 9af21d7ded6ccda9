/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the text file, not the index that libkmod reads: the file is part of the kernel,
 * while depmod makes the index, which is missing if a module tree was only unpacked.
 */
#include "preflight/builtin.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "preflight/module_name.h"

/*
 * "kernel/net/netfilter/ipvs/ip_vs.ko": the name is the last component without its
 * suffix.
 */
static bool line_names(const char *line, size_t length, const char *name)
{
	const char *start = memrchr(line, '/', length);
	char found[MODULE_NAME];
	size_t n;

	start = start ? start + 1 : line;
	n = length - (size_t)(start - line);
	if (n < 3 || n - 3 >= sizeof(found) || memcmp(start + n - 3, ".ko", 3) != 0)
		return false;
	memcpy(found, start, n - 3);
	found[n - 3] = '\0';
	return module_name_equal(found, name);
}

enum builtin_answer builtin_find(const struct system *system, const char *release,
				 const char *name)
{
	cleanup_free char *text = NULL;
	char path[SYSTEM_PATH];

	snprintf(path, sizeof(path), "lib/modules/%s/modules.builtin", release);
	if (system_read(system, path, &text) < 0)
		return BUILTIN_NO_LIST;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		if (line_names(line, length, name))
			return BUILTIN_YES;
		line += length;
		line += *line == '\n';
	}
	return BUILTIN_NO;
}
