/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/state_file.h"

#include <stdlib.h>

void state_files_free(struct state_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(files[i].path);
		globals_clear(&files[i].globals);
	}
	free(files);
}
