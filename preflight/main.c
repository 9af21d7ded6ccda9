/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "common/build_note.h"
#include "common/log.h"
#include "preflight/preflight_options.h"
#include "preflight/preflight.h"

int main(int argc, char **argv)
{
	cleanup_options struct preflight_options options = { 0 };
	struct err err = { .text = "out of memory" };

	log_init("ipvs-preflight");
	switch (preflight_options_parse(argc, argv, &options, &err)) {
	case OPTIONS_RUN:
		return preflight_run(&options);
	case OPTIONS_HELP:
		preflight_options_print_help();
		return EXIT_READY;
	case OPTIONS_VERSION:
		printf("ipvs-preflight %s%s\n", VERSION, BUILD_NOTE);
		return EXIT_READY;
	default:
		fprintf(stderr, "ipvs-preflight: %s; see ipvs-preflight --help\n",
			err.text);
		return EXIT_USAGE;
	}
}
