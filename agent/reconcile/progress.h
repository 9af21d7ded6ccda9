/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/kernel/ipvs.h"

/*
 * How far a reconcile has come, for another thread to read, and what may interrupt it. Zeroed at the
 * start, which is: nobody looks, and nothing interrupts.
 */
struct progress {
	_Atomic size_t all; /* operations of the plan that is carried out; 0: none yet */
	struct ipvs_pursuit pursuit;
};
