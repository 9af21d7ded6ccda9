/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/native.h"

/* A long array of services in several slices, read at once. */

enum slices_outcome {
	SLICES_READ = 0, /* up to and with its ']' */
	SLICES_NONE =
		1, /* nothing was read: it is short, or words of problems are wanted */
};

/*
 * Reads the elements of an array whose '[' has been taken, and that is not empty. -ECANCELED
 * where there is any problem in it, -ENOMEM.
 */
int slices_read(struct native *native, const struct place *services) MUST_CHECK;
