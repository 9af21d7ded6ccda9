/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "agent/kernel/ipvs.h"
#include "agent/state/state.h"
#include "common/log.h"

int save_main(const struct options *options)
{
	cleanup_table struct table table = { 0 };
	cleanup_ipvs struct ipvs *ipvs = NULL;
	struct err err = { 0 };
	int r;

	(void)options; /* a state file is JSON in either output form */
	r = ipvs_open(&ipvs, &err);
	if (r == 0)
		r = ipvs_dump(ipvs, &table, &err);
	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	r = state_write(stdout, &table, stderr);
	if (r < 0 || fflush(stdout) != 0) {
		log_error("writing the state: %s", strerror(r < 0 ? -r : EIO));
		return EXIT_FAILED;
	}
	return r == STATE_WRITTEN_IN_PART ? EXIT_PARTLY : EXIT_DONE;
}
