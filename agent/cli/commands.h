/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"

/*
 * One file for each command: run_command.c, apply_command.c, … Each returns the exit
 * status.
 */
int run_main(const struct options *options);
int apply_main(const struct options *options);
int diff_main(const struct options *options);
int check_main(const struct options *options);
int convert_main(const struct options *options);
int list_main(const struct options *options);
int save_main(const struct options *options);
int cleanup_main(const struct options *options);
int status_main(const struct options *options);

/* Exit statuses, which people and scripts rely on. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* nothing was done; status: no daemon */
	EXIT_USAGE = 2,
	EXIT_PARTLY = 3,  /* some objects failed; status: degraded */
	EXIT_DIFFERS = 1, /* diff: there are differences */
	EXIT_TROUBLE = 2, /* diff: the difference is unknown */
};
