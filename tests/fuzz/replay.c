/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main() for a fuzz target without libFuzzer: runs it once for every file that is named, and
 * for every file of every directory that is named. It fails where there is none.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16 * 1024 * 1024 };

static int replay_file(const char *path)
{
	cleanup_free char *text = NULL;
	struct err err = { 0 };
	uint8_t *exact;
	size_t length;

	if (file_read(path, INPUT_MAX, &text, &length, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	/* Without the NUL behind it, so that the sanitizer sees a read beyond the end. */
	exact = malloc(length);
	if (!exact && length > 0)
		return -1;
	if (length > 0)
		memcpy(exact, text, length);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, length);
	free(exact);
	return 1;
}

static int replay_directory(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(dir))) {
		cleanup_free char *name = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0 ||
		    replay_file(name) < 0)
			return -1;
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int count = -1;

		if (stat(argv[i], &st) < 0)
			perror(argv[i]);
		else if (S_ISDIR(st.st_mode))
			count = replay_directory(argv[i]);
		else
			count = replay_file(argv[i]);
		if (count < 0)
			return EXIT_FAILURE;
		total += count;
	}
	printf("%d inputs\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
