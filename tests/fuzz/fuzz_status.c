/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as status.json: refused, or printed as text and as JSON, with nothing that steers a terminal. */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "common/log.h"
#include "common/printable.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the command prints; the caller frees it. */
static char *print(bool json, int *status)
{
	const struct options options = { .run_directory = scratch_directory(),
					 .json = json };
	FILE *before = stdout;
	char *text = NULL;
	size_t length;

	stdout = open_memstream(&text, &length);
	REQUIRE(stdout);
	*status = status_main(&options);
	REQUIRE(fclose(stdout) == 0);
	stdout = before;
	return text;
}

static void require_lines(char *text)
{
	for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
		char *copy = strdup(line);

		REQUIRE(copy);
		printable_make(copy);
		REQUIRE(strcmp(copy, line) == 0);
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int status, status_of_json;
	char *text, *json;

	log_set_level(LOG_EMERG);
	scratch_write("status.json", data, size);
	text = print(false, &status);
	json = print(true, &status_of_json);
	REQUIRE(status == status_of_json);
	require_lines(text);
	free(text);
	free(json);
	return 0;
}
