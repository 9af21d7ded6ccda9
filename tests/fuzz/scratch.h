/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * A folder of this process's own, for a fuzz target whose reader takes files: in memory where the machine has
 * /dev/shm. It is made by the first call and removed when the process ends.
 */
const char *scratch_directory(void);

/* Writes a file of it; folders on its way are made. */
void scratch_write(const char *path, const void *bytes, size_t length);
