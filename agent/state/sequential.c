/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a path to a table. A file that is replaced, rewritten or removed while it is read must
 * not give a mixture of two states: all that was looked at is looked at once more at the end,
 * and where it differs everything is read again.
 */
#include "agent/state/sequential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/state/directory.h"
#include "agent/state/json_memory.h"
#include "agent/state/link_target.h"
#include "agent/state/problems.h"
#include "agent/state/reader.h"
#include "common/cleanup.h"

enum { ATTEMPTS = 5 };

static const char *kind_of(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "a directory";
	if (S_ISFIFO(st->st_mode))
		return "a FIFO";
	return "a device";
}

/*
 * Opens without waiting for a FIFO's writer. A negative descriptor is -errno, reported unless
 * it is -ENOENT.
 */
static int open_file(struct reader *reader, int directory, const char *name,
		     struct stat *st)
{
	cleanup_close int fd =
		openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int code = errno;

	if (fd >= 0 && fstat(fd, st) == 0)
		return TAKE_FD(fd);
	if (fd >= 0)
		code = errno;
	/* A socket cannot be opened. */
	if (code == ENXIO)
		reader_file_problem(reader, "is not a regular file");
	else if (code != ENOENT)
		reader_errno_problem(reader, code);
	return -code;
}

/* -ESTALE where the file changes under the reader. */
static int read_document(struct reader *reader, int fd, const struct stat *st)
{
	struct state_file *file = &reader->files[reader->file_count - 1];
	struct source source = { 0 };
	int r;

	if (!S_ISREG(st->st_mode)) {
		reader_file_problem(reader, "is not a regular file but %s", kind_of(st));
		return 0;
	}
	r = source_read(&source, fd, st);
	if (r == -ESTALE || r == -ENOMEM)
		return r;
	if (r == -EFBIG) {
		reader_file_problem(reader, "is larger than %d MiB",
				    STATE_FILE_MAX / (1024 * 1024));
		return 0;
	}
	if (r < 0) {
		reader_errno_problem(reader, -r);
		return 0;
	}
	file->content = source_hash(&source);
	document_read(reader, &source);
	source_clear(&source);
	file->stat = *st;
	return reader->error;
}

static int read_entry(struct reader *reader, struct directory *directory,
		      struct directory_entry *entry)
{
	char words[LINK_WORDS];
	cleanup_close int fd = -1;
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", directory->path, entry->name) < 0)
		return -ENOMEM;
	r = reader_begin_file(reader, path);
	free(path);
	if (r < 0)
		return r;
	fd = open_file(reader, directory->fd, entry->name, &entry->stat);
	if (fd == -ENOENT && directory_has_link(directory, entry))
		reader_file_problem(reader, "is a link to a file that does not exist%s",
				    link_target_words(reader_file(reader), words));
	else if (fd == -ENOENT)
		return -ESTALE;
	if (fd < 0)
		return reader->error;
	entry->seen = true;
	if (S_ISDIR(entry->stat.st_mode))
		return 0;
	directory->files++;
	return read_document(reader, fd, &entry->stat);
}

static int read_entries(struct reader *reader, struct directory *directory)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < directory->count; i++)
		r = read_entry(reader, directory, &directory->entries[i]);
	if (r == 0 && !directory_unchanged(directory))
		r = -ESTALE;
	if (r < 0 || directory->files > 0 || reader->problems->count > 0)
		return r;
	r = state_problems_add(reader->problems, "%s: has no *.json file",
			       directory->path);
	return r < 0 ? r : STATE_MISSING;
}

static int read_directory(struct reader *reader, const char *path, int fd)
{
	struct directory directory = { .path = path, .fd = fd };
	int r = directory_list(&directory);

	if (r == 0) {
		r = read_entries(reader, &directory);
	} else if (r == -E2BIG) {
		reader_file_problem(reader, "has more than %d state files",
				    DIRECTORY_FILES_MAX);
		r = reader->error;
	} else if (r != -ENOMEM) {
		reader_errno_problem(reader, -r);
		r = reader->error;
	}
	directory_clear(&directory);
	return r;
}

static int read_path(struct reader *reader, const char *path)
{
	char words[LINK_WORDS];
	cleanup_close int fd = -1;
	struct stat st = { 0 }, now;
	int r = reader_begin_file(reader, path);

	if (r < 0)
		return r;
	fd = open_file(reader, AT_FDCWD, path, &st);
	if (fd == -ENOENT) {
		reader_file_problem(reader, "does not exist%s",
				    link_target_words(path, words));
		return reader->error ? reader->error : STATE_MISSING;
	}
	if (fd < 0)
		return reader->error;
	if (S_ISDIR(st.st_mode))
		return read_directory(reader, path, fd);
	r = read_document(reader, fd, &st);
	if (r == 0 && S_ISREG(st.st_mode) &&
	    (stat(path, &now) < 0 || !source_same_file(&st, &now)))
		r = -ESTALE;
	return r;
}

/* The files that were read, without the directory that they are in. */
static void hand_over_files(struct reader *reader, struct state_file **files,
			    size_t *count)
{
	struct state_file *list = TAKE_PTR(reader->files);
	size_t kept = 0;

	for (size_t i = 0; i < reader->file_count; i++) {
		if (S_ISREG(list[i].stat.st_mode))
			list[kept++] = list[i];
		else
			free(list[i].path);
	}
	reader->file_count = 0;
	*files = list;
	*count = kept;
}

static int read_once(const char *path, const struct state_settings *settings,
		     struct table *table, struct state_file **files, size_t *file_count,
		     struct state_problems *problems)
{
	struct reader reader = { .table = table,
				 .problems = problems,
				 .settings = settings };
	int r = read_path(&reader, path);

	if (r == 0) {
		reader_finish(&reader);
		r = reader.error;
	}
	if (r == 0 && problems->count > 0)
		r = STATE_INVALID;
	if (r == 0 && files)
		hand_over_files(&reader, files, file_count);
	reader_clear(&reader);
	if (r != 0)
		table_clear(table);
	return r;
}

int sequential_read(const char *path, const struct state_settings *settings,
		    struct table *table, struct state_file **files, size_t *file_count,
		    struct state_problems *problems)
{
	int r = -ESTALE;

	json_memory_use();
	for (int i = 0; r == -ESTALE && i < ATTEMPTS; i++) {
		state_problems_clear(problems);
		r = read_once(path, settings, table, files, file_count, problems);
	}
	if (r == -ESTALE) {
		state_problems_clear(problems);
		r = state_problems_add(problems, "%s: changes while it is read", path);
		if (r == 0)
			r = STATE_INVALID;
	}
	if (r == STATE_OK)
		table_sort(table);
	return r;
}
