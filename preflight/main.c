/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "common/build_note.h"
#include "common/log.h"
#include "common/notify.h"
#include "preflight/preflight_options.h"
#include "preflight/preflight.h"

int main(int argc, char **argv)
{
	cleanup_config_file struct config_file config = { 0 };
	cleanup_options struct preflight_options options = { 0 };
	struct err err = { .text = "out of memory" };

	log_init("ipvs-preflight");
	switch (preflight_options_parse(argc, argv, DEFAULT_CONFIG_PATH, &config,
					&options, &err)) {
	case OPTIONS_OK:
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
		notify_send("STATUS=%s\nERRNO=%d", err.text, err.code);
		return EXIT_USAGE;
	}
}
