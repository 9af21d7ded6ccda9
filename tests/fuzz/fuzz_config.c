/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/option_values.h"
#include "common/config_file.h"
#include "common/printable.h"
#include "tests/fuzz/require.h"

/*
 * The options file, with the values of the agent's options. What was taken is written
 * as the simplest file that says the same, and has to be taken again, equal.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_text(const void *bytes, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

static void write_again(const struct config_file *config)
{
	cleanup_config_file struct config_file again = { 0 };
	size_t length;
	FILE *out = open_memstream(&again.text, &length);

	if (!out)
		abort();
	for (size_t i = 0; i < config->lines.count; i++) {
		const struct given_option *line = &config->lines.items[i];

		fprintf(out, "%s%s%s\n", line->row->name, line->value ? " = " : "",
			line->value ? line->value : "");
	}
	fclose(out);
	REQUIRE(config_file_parse(again.text, length, "again", &again.lines, NULL) == 0);
	REQUIRE(again.lines.count == config->lines.count);
	REQUIRE(config_file_fingerprint(&again, FOR_AGENT | FOR_PREFLIGHT) ==
		config_file_fingerprint(config, FOR_AGENT | FOR_PREFLIGHT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_config_file struct config_file config = { 0 };
	static struct options options;
	struct err err = { 0 };
	int r;

	config.text = copy_text(data, size);
	r = config_file_parse(config.text, size, "agent.conf", &config.lines, &err);
	REQUIRE(r == 0 || printable_is(err.text));
	if (r < 0)
		return 0;
	write_again(&config);
	options = (struct options){ 0 };
	r = given_options_apply(&config.lines, "agent.conf", NULL, agent_option_actions,
				FOR_AGENT, &options, &err);
	REQUIRE(r == 0 || strncmp(err.text, "agent.conf:", 11) == 0);
	if (r == 0)
		(void)!option_values_check(&options, &err);
	return 0;
}
