/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/last_good.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/daemon/state_copy.h"
#include "agent/state/state.h"
#include "agent/table/fingerprint.h"

static int make_path(const char *data_directory, char path[static PATH_MAX],
		     struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/last-good", data_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s", data_directory);
	return 0;
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

/* The directory is systemd's to make (StateDirectory=); an `apply` by hand makes it itself. */
static int copy(const char *data_directory, struct state_cache *state, bool is_directory,
		const char *path, struct err *err)
{
	size_t count = 0;
	struct state_file *files = state_cache_files(state, &count);

	if (mkdir(data_directory, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "%s", data_directory);
	return state_copy(files, count, is_directory, path, err);
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
	if (r == 0 && is_known && ownership->good_saved && access(path, F_OK) == 0)
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
	char path[PATH_MAX];
	int r = make_path(data_directory, path, err);

	if (r < 0)
		return r;
	ownership->good_fingerprint = 0;
	ownership->good_saved = ownership->good_left = false;
	r = state_copy_remove(path);
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}
