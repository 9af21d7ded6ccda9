/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/ownership_file.h"
#include "common/cleanup.h"

/*
 * The record of what is ours. An input that begins with '+' is taken as the lines of a record
 * without their checksums, which are put in here: otherwise no mutation would come past them. What
 * is read is written and read again, and has to come out the same.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char identity[] = "00000000-0000-0000-0000-000000000000 4:1";

enum { CHECKSUM_SEED = 0x1f5c9d3b, CHECKSUM_ROOM = 16, HEADER_ROOM = 128 };

static size_t put_line(char *to, const char *line, size_t length, uint32_t *sum)
{
	memcpy(to, line, length);
	for (size_t i = 0; i < length; i++)
		*sum = (*sum ^ (unsigned char)line[i]) * 16777619U;
	return length + (size_t)snprintf(to + length, CHECKSUM_ROOM, " %08x\n", *sum);
}

static char *with_checksums(const char *text, size_t size, size_t *length)
{
	char *made = malloc(HEADER_ROOM + (size + 1) * (CHECKSUM_ROOM + 1));
	const char *end = text + size;
	char header[HEADER_ROOM];
	uint32_t sum = CHECKSUM_SEED;

	if (!made)
		abort();
	snprintf(header, sizeof(header), "ipvs-node-owned 1 %s", identity);
	*length = put_line(made, header, strlen(header), &sum);
	while (text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));
		const char *stop = feed ? feed : end;

		*length += put_line(made + *length, text, (size_t)(stop - text), &sum);
		text = stop + 1;
	}
	made[*length] = '\0';
	return made;
}

static char *as_it_is(const char *text, size_t size, size_t *length)
{
	char *made = malloc(size + 1);

	if (!made)
		abort();
	memcpy(made, text, size);
	made[size] = '\0';
	*length = size;
	return made;
}

static void write_and_read(const struct ownership *ownership)
{
	cleanup_ownership struct ownership read = { 0 };
	cleanup_free char *text = NULL, *again = NULL, *copy = NULL;
	size_t length, again_length;

	if (ownership_file_format(ownership, identity, &text, &length) != 0)
		abort();
	copy = as_it_is(text, length, &length);
	if (ownership_file_parse(copy, length, identity, &read, NULL) !=
	    OWNERSHIP_FILE_LOADED)
		abort();
	if (ownership_file_format(&read, identity, &again, &again_length) != 0 ||
	    again_length != length || memcmp(again, text, length) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_ownership struct ownership ownership = { 0 };
	const char *input = (const char *)data;
	cleanup_free char *text = NULL;
	size_t length;
	int r;

	if (size > 0 && input[0] == '+')
		text = with_checksums(input + 1, size - 1, &length);
	else
		text = as_it_is(input, size, &length);
	r = ownership_file_parse(text, length, identity, &ownership, NULL);
	if (r == OWNERSHIP_FILE_LOADED)
		write_and_read(&ownership);
	else if (ownership.service_count != 0 || ownership.before.sysctl_count != 0 ||
		 ownership.bound.count != 0)
		abort();
	return 0;
}
