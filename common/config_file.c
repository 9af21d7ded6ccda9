/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/printable.h"

enum { CONFIG_MAX = 1024 * 1024 };

static const char blanks[] = " \t";

static int refuse_unknown_name(const char *name, struct err *err)
{
	const char *near = option_nearest_in_file(name);
	char names[640] = "";
	size_t used = 0;

	if (near)
		return err_set(err, EINVAL, "unknown option '%.60s'; did you mean '%s'?",
			       name, near);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		size_t length = strlen(option_rows[i].name);

		if (!option_rows[i].from_file || used + length + 3 > sizeof(names))
			continue;
		if (used > 0)
			used = (size_t)(stpcpy(names + used, ", ") - names);
		used = (size_t)(stpcpy(names + used, option_rows[i].name) - names);
	}
	return err_set(err, EINVAL, "unknown option '%.60s'; there are %s", name, names);
}

static int check_name(const char *name, const struct option_row **row, struct err *err)
{
	if (name[0] == '[')
		return err_set(err, EINVAL,
			       "a heading in brackets: this file has no sections");
	if (name[0] == '-')
		return err_set(err, EINVAL, "'%.60s': options have no dashes here: %.60s",
			       name, name + strspn(name, "-"));
	if (name[0] == '\0')
		return err_set(err, EINVAL, "an option's name is missing before '='");
	*row = option_find(name);
	if (!*row)
		return refuse_unknown_name(name, err);
	if (!(*row)->from_file)
		return err_set(err, EINVAL, "'%s' is an option of the command line only",
			       name);
	return 0;
}

static int check_value(const struct option_row *row, const char *value, struct err *err)
{
	if (!row->argument && value)
		return err_set(
			err, EINVAL,
			"%s: takes no value: write the name alone, or no such line",
			row->name);
	if (!row->argument)
		return 0;
	if (!value || value[0] == '\0')
		return err_set(err, EINVAL, "%s: needs a value: %s = %s", row->name,
			       row->name, row->argument);
	if (value[0] == '"' || value[0] == '\'')
		return err_set(err, EINVAL,
			       "%s: quotes do not belong here: write the value alone",
			       row->name);
	if (strcmp(row->argument, "PATH") == 0 && value[0] != '/')
		return err_set(err, EINVAL,
			       "%s: '%.200s' is a relative path: write it from / on",
			       row->name, value);
	return 0;
}

static int check_repeated(const struct given_options *lines, const struct option_row *row,
			  struct err *err)
{
	const struct given_option *first = given_options_find(lines, row);

	if (!first || row->repeats)
		return 0;
	return err_set(err, EINVAL, "%s: given twice, first on line %u", row->name,
		       first->line);
}

static int check_characters(const char *line, size_t length, struct err *err)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if (byte == '\r' && i + 1 == length)
			return err_set(
				err, EINVAL,
				"the line ends with CR LF: save the file with LF alone");
		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return err_set(err, EINVAL, "the control character 0x%02x", byte);
	}
	return 0;
}

/* Ends the line where its comment begins, and then where its last blanks do. */
static void cut_comment(char *line)
{
	size_t length;

	for (char *at = strchr(line, '#'); at; at = strchr(at + 1, '#')) {
		if (at == line || strchr(blanks, at[-1])) {
			*at = '\0';
			break;
		}
	}
	length = strlen(line);
	while (length > 0 && strchr(blanks, line[length - 1]))
		line[--length] = '\0';
}

/* A line that is neither empty nor a comment, in two: "NAME" and "VALUE" or NULL. */
static int split_line(char *line, const char **value, struct err *err)
{
	char *end = line + strcspn(line, " \t=");
	char *equals = end + strspn(end, blanks);

	*value = NULL;
	if (*equals == '=') {
		*value = equals + 1 + strspn(equals + 1, blanks);
	} else if (*equals != '\0') {
		*end = '\0';
		return err_set(err, EINVAL, "'=' is missing: %.60s = %.200s", line,
			       equals);
	}
	*end = '\0';
	return 0;
}

static int parse_line(char *line, size_t length, unsigned int number,
		      struct given_options *lines, struct err *err)
{
	const struct option_row *row;
	const char *value;
	int r;

	r = check_characters(line, length, err);
	if (r < 0)
		return r;
	cut_comment(line);
	line += strspn(line, blanks);
	if (line[0] == '\0')
		return 0;
	r = split_line(line, &value, err);
	if (r == 0)
		r = check_name(line, &row, err);
	if (r == 0)
		r = check_value(row, value, err);
	if (r == 0)
		r = check_repeated(lines, row, err);
	if (r < 0)
		return r;
	return given_options_add(lines, row, value, number) < 0
		       ? err_errno(err, ENOMEM, "options")
		       : 0;
}

int config_file_parse(char *text, size_t length, const char *path,
		      struct given_options *lines, struct err *err)
{
	char *end = text + length;
	unsigned int number = 0;

	for (char *line = text; line < end;) {
		char *feed = memchr(line, '\n', (size_t)(end - line));
		char *stop = feed ? feed : end;
		int r;

		*stop = '\0';
		r = parse_line(line, (size_t)(stop - line), ++number, lines, err);
		if (r < 0) {
			err_prefix(err, "%s:%u", path, number);
			if (err)
				printable_make(err->text);
			return r;
		}
		line = stop + 1;
	}
	return 0;
}

/*
 * As sudo and sshd do with theirs: who may write the file directs what reads it as
 * root.
 */
static int check_trust(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(
			err, EPERM,
			"%s: belongs to user %u, who could direct this program by it: "
			"chown root %s",
			path, st.st_uid, path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(
			err, EPERM,
			"%s: its group or others may write it, who could direct this "
			"program by it: chmod go-w %s",
			path, path);
	return 0;
}

static int read_trusted(const char *path, bool must_exist, char **text, size_t *length,
			struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	r = check_trust(fd, path, err);
	if (r < 0)
		return r;
	r = file_read_descriptor(fd, CONFIG_MAX, text, length);
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}

int config_file_read(const struct given_options *given, const char *default_path,
		     struct config_file *config, struct err *err)
{
	const struct given_option *named =
		given_options_find(given, &option_rows[OPTION_CONFIG]);
	const char *path = named ? named->value : default_path;
	size_t length;
	int r;

	if (!path || (named && strcmp(path, "none") == 0))
		return 0;
	r = read_trusted(path, named, &config->text, &length, err);
	if (r == -ENOENT && !named)
		return 0;
	if (r < 0)
		return r;
	config->path = path;
	return config_file_parse(config->text, length, path, &config->lines, err);
}

static uint64_t add_to_fingerprint(uint64_t sum, const char *text)
{
	/* FNV-1a; the NUL ends each text. */
	for (;; text++) {
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3U;
		if (!*text)
			return sum;
	}
}

uint64_t config_file_fingerprint(const struct config_file *config, unsigned int commands)
{
	uint64_t sum = 0xcbf29ce484222325U;

	for (size_t i = 0; i < config->lines.count; i++) {
		const struct given_option *line = &config->lines.items[i];

		if (!(line->row->from_file & commands))
			continue;
		sum = add_to_fingerprint(sum, line->row->name);
		sum = add_to_fingerprint(sum, line->value ? line->value : "");
	}
	return sum;
}

void config_file_clear(struct config_file *config)
{
	given_options_clear(&config->lines);
	free(config->text);
	*config = (struct config_file){ 0 };
}
