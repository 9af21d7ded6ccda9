/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as Kubernetes objects, read for a node that knows itself: refused with places, or a table that
 * can be written. The letters of the first line are what the node knows; a byte 0xff begins another file.
 */
#include <errno.h>

#include "agent/state/reader.h"
#include "common/printable.h"
#include "tests/fuzz/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int give_addresses(const void *context, struct address **addresses, size_t *count)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1", "169.254.7.7" };

	(void)context;
	*addresses = calloc(ARRAY_SIZE(texts), sizeof(**addresses));
	REQUIRE(*addresses);
	*count = ARRAY_SIZE(texts);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		REQUIRE(address_parse(texts[i], &(*addresses)[i]) == 0);
	return 0;
}

static struct state_settings take_settings(const char *letters, size_t length)
{
	struct state_settings settings = { 0 };

	if (memchr(letters, 'n', length))
		settings.node_name = "node-a";
	if (memchr(letters, 's', length))
		settings.scheduler = "wrr";
	if (memchr(letters, 'a', length))
		settings.node_addresses = give_addresses;
	if (memchr(letters, 'p', length)) {
		REQUIRE(network_parse("192.0.2.0/24", &settings.node_port_networks[0]) ==
			0);
		settings.node_port_network_count = 1;
	}
	return settings;
}

static void require_text(const char *text)
{
	char *copy = strdup(text);

	REQUIRE(copy);
	printable_make(copy);
	REQUIRE(strcmp(copy, text) == 0);
	free(copy);
}

static void require_problems(const struct state_problems *problems)
{
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++) {
		REQUIRE(strncmp(problems->lines[i], "file-", 5) == 0);
		require_text(problems->lines[i]);
	}
}

static void require_table(const struct table *table)
{
	const struct notes *notes = &table->notes;
	size_t length;
	int outcome;

	for (size_t i = 0; i < notes_kept(notes); i++) {
		require_text(notes->omissions[i].object);
		require_text(notes->omissions[i].reason);
	}
	for (size_t i = 0; i < table->service_count; i++) {
		if (table->services[i].name)
			require_text(table->services[i].name);
	}
	free(write_text(table, &length, &outcome));
}

static void read_files(struct reader *reader, const char *text, size_t length)
{
	for (int i = 0; length > 0 && !reader->error; i++) {
		const char *end = memchr(text, 0xff, length);
		struct source source = { .data = (char *)text,
					 .length = end ? (size_t)(end - text) : length };
		char name[32];

		snprintf(name, sizeof(name), "file-%d.json", i);
		REQUIRE(reader_begin_file(reader, name) == 0);
		document_read(reader, &source);
		length -= source.length + (end != NULL);
		text += source.length + (end != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
	struct state_problems problems = { 0 };
	struct state_settings settings;
	struct table table = { 0 };
	struct reader reader = { .table = &table,
				 .problems = &problems,
				 .settings = &settings };

	if (!end || size - (size_t)(end + 1 - text) == 0)
		return 0;
	settings = take_settings(text, (size_t)(end - text));
	read_files(&reader, end + 1, size - (size_t)(end + 1 - text));
	reader_finish(&reader);
	REQUIRE(reader.error == 0);
	reader_clear(&reader);
	require_problems(&problems);
	if (problems.count == 0) {
		table_sort(&table);
		require_table(&table);
	}
	table_clear(&table);
	state_problems_clear(&problems);
	return 0;
}
