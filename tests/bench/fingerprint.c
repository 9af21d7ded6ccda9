/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints how many services and destinations /proc/net/ip_vs shows, and one number that is the same
 * for the same table in whatever order: the sum of the hashes of all entries, a destination's with
 * its service's. What connections count is left out. Sorting 100,000 lines under emulation would
 * take longer than most of what the bench measures.
 */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A destination's first four columns: ->, address and port, forwarding method, weight. */
enum { DESTINATION_COLUMNS = 4, HEADER_LINES = 3 };

static uint64_t hash_text(uint64_t seed, const char *text)
{
	for (; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 1099511628211ULL;
	return seed ^ seed >> 32;
}

/* Of the line's first columns, however wide the space between them is. */
static uint64_t hash_line(uint64_t seed, char *line, int columns)
{
	char *rest, *word = strtok_r(line, " \n", &rest);

	for (int i = 0; i < columns && word; i++) {
		seed = hash_text(seed, word) * 31;
		word = strtok_r(NULL, " \n", &rest);
	}
	return seed;
}

int main(void)
{
	const uint64_t seed = 14695981039346656037ULL;
	FILE *file = fopen("/proc/net/ip_vs", "re");
	uint64_t entries = 0, sum = 0, service = 0;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		err(1, "/proc/net/ip_vs");
	for (int i = 0; getline(&line, &room, file) > 0; i++) {
		if (i < HEADER_LINES)
			continue;
		if (line[0] == ' ') {
			sum += hash_line(service, line, DESTINATION_COLUMNS);
		} else {
			service = hash_line(seed, line, 100);
			sum += service;
		}
		entries++;
	}
	if (ferror(file))
		err(1, "/proc/net/ip_vs");
	printf("%" PRIu64 " %016" PRIx64 "\n", entries, sum);
	free(line);
	fclose(file);
	return 0;
}
