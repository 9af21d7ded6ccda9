/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/problem_output.h"

#include <stdio.h>

void problems_print(const struct state_problems *problems)
{
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s\n", problems->lines[i]);
	if (problems->count > STATE_PROBLEMS_MAX)
		fprintf(stderr, "and %zu more\n", problems->count - STATE_PROBLEMS_MAX);
}
