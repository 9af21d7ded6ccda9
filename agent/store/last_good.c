/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/last_good.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/store/ownership_file.h"
#include "agent/store/state_copy.h"
#include "agent/state/state.h"
#include "agent/model/fingerprint.h"
#include "common/cleanup.h"
#include "common/file.h"

static int make_path(const char *data_directory, char path[static PATH_MAX],
		     struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/last-good", data_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s", data_directory);
	return 0;
}

static int owner_path(const char *data_directory, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/last-good.namespace", data_directory);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* A folder that two network namespaces of one boot use would give each the other's state. */
static int check_owner(const char *data_directory, struct err *err)
{
	cleanup_free char *text = NULL;
	char path[PATH_MAX];
	size_t length;

	if (owner_path(data_directory, path) < 0 ||
	    file_read(path, OWNERSHIP_FILE_IDENTITY_TEXT, &text, &length, NULL) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (!ownership_file_is_elsewhere(text))
		return 0;
	return err_set(
		err, EBUSY,
		"%s belongs to another network namespace: name a folder for this one by --data-dir (or remove %s if that namespace is gone)",
		data_directory, path);
}

static int none(struct err *err, const char *path, const char *why)
{
	(void)err_set(err, ENOENT, "%s: %s", path, why);
	return LAST_GOOD_NONE;
}

static int read_table(const char *path, const struct state_settings *settings,
		      struct table *table, struct err *err)
{
	struct state_problems problems = { 0 };
	int r = state_read_with(path, settings, table, &problems);

	if (r > 0) {
		(void)err_set(err, ENOENT, "%s", problems.lines[0]);
		r = LAST_GOOD_NONE;
	}
	state_problems_clear(&problems);
	return r;
}

int last_good_read(const char *data_directory, const struct state_settings *settings,
		   const struct ownership *ownership, struct table *table, int64_t *when,
		   struct err *err)
{
	uint64_t wanted = ownership->good_fingerprint;
	char path[PATH_MAX];
	struct stat st;
	int r;

	if (make_path(data_directory, path, err) < 0)
		return LAST_GOOD_NONE;
	if (wanted != 0 && !ownership->good_saved)
		return none(err, path, "older than what was programmed last");
	if (check_owner(data_directory, err) < 0)
		return LAST_GOOD_NONE;
	if (stat(path, &st) < 0)
		return none(err, path,
			    errno == ENOENT ? "there is none yet" : strerror(errno));
	r = read_table(path, settings, table, err);
	if (r != 0)
		return r;
	if (wanted != 0 && fingerprint_table(table) != wanted) {
		table_clear(table);
		return none(err, path, "not what was programmed last");
	}
	*when = st.st_mtime;
	return LAST_GOOD_READ;
}

static int note_owner(const char *data_directory, struct err *err)
{
	char path[PATH_MAX], identity[OWNERSHIP_FILE_IDENTITY_TEXT],
		line[OWNERSHIP_FILE_IDENTITY_TEXT + 1];
	cleanup_free char *text = NULL;
	size_t length;
	int r = ownership_file_identity(identity, err);

	if (r < 0)
		return r;
	if (owner_path(data_directory, path) < 0)
		return err_errno(err, ENAMETOOLONG, "%s", data_directory);
	snprintf(line, sizeof(line), "%s\n", identity);
	if (file_read(path, OWNERSHIP_FILE_IDENTITY_TEXT, &text, &length, NULL) == 0 &&
	    strcmp(text, line) == 0)
		return 0;
	return file_replace(path, 0644, line, strlen(line), 0, err);
}

/*
 * The directory is systemd's to make (StateDirectory=); an `apply` by hand makes it itself, with the
 * same mode.
 */
static int copy(const char *data_directory, struct state_cache *state, bool is_directory,
		const char *path, struct err *err)
{
	size_t count = 0;
	struct state_file *files = state_cache_files(state, &count);

	int r;

	if (mkdir(data_directory, 0750) < 0 && errno != EEXIST)
		return err_errno(err, errno, "%s", data_directory);
	r = check_owner(data_directory, err);
	if (r == 0)
		r = note_owner(data_directory, err);
	return r < 0 ? r : state_copy(files, count, is_directory, path, err);
}

/* As the state is, a file or a directory, and that no more may read it than the state's file by now. */
static bool is_there(const char *path, struct state_cache *state, bool is_directory)
{
	size_t count = 0;
	const struct state_file *files = state_cache_files(state, &count);
	struct stat copy, source;

	if (stat(path, &copy) < 0 || S_ISDIR(copy.st_mode) != is_directory)
		return false;
	return is_directory || count == 0 || stat(files[0].path, &source) < 0 ||
	       (copy.st_mode & 0044 & ~source.st_mode) == 0;
}

int last_good_write(const char *data_directory, struct state_cache *state,
		    bool is_directory, struct ownership *ownership, bool *changed,
		    struct err *err)
{
	uint64_t fingerprint = fingerprint_table(&state->table);
	bool is_known = ownership->good_fingerprint == fingerprint;
	char path[PATH_MAX];
	bool saved;
	int r;

	r = make_path(data_directory, path, err);
	*changed |= ownership->good_left;
	ownership->good_left = false;
	if (r == 0 && is_known && ownership->good_saved &&
	    is_there(path, state, is_directory))
		return 0;
	if (r == 0)
		r = copy(data_directory, state, is_directory, path, err);
	saved = r == 0;
	*changed |= !is_known || saved != ownership->good_saved;
	ownership->good_fingerprint = fingerprint;
	ownership->good_saved = saved;
	return r == -ESTALE ? 0 : r;
}

int last_good_remove(const char *data_directory, struct ownership *ownership,
		     struct err *err)
{
	char path[PATH_MAX], owner[PATH_MAX];
	int r = make_path(data_directory, path, err);

	if (r < 0)
		return r;
	ownership->good_fingerprint = 0;
	ownership->good_saved = ownership->good_left = false;
	if (check_owner(data_directory, NULL) < 0)
		return 0;
	r = state_copy_remove(path);
	if (r == 0 && owner_path(data_directory, owner) == 0 && unlink(owner) < 0 &&
	    errno != ENOENT && errno != ENOTDIR)
		r = -errno;
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}
