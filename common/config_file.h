/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/given_options.h"

/*
 * An options file such as /etc/ipvs-node/agent.conf: one option on each line, as `NAME`
 * or `NAME = VALUE`, where NAME is that of the command line without its dashes. Blanks
 * around the name and the value do not count. '#' begins a comment, at the beginning of
 * a line or after a blank. A value is every other byte up to the end of its line:
 * nothing is quoted, expanded or continued. A path begins with '/'.
 */
struct config_file {
	const char *path; /* borrowed; NULL: no file was read */
	char *text;	  /* owned; the values point into it */
	struct given_options lines;
};

/*
 * Reads the options file that --config names among `given`, otherwise default_path
 * (NULL: no file). The default need not exist; config->path is then NULL. The file must
 * be a regular one, of root or of this process's user, that neither its group nor
 * others may write: it directs a privileged process. -EINVAL, -EPERM, or -errno, with
 * err naming file and line.
 */
int config_file_read(const struct given_options *given, const char *default_path,
		     struct config_file *config, struct err *err) MUST_CHECK;

/*
 * Parses `text`, which is changed and ends with a NUL beyond `length`; `path` is for
 * messages. config takes hold of neither. -EINVAL or -ENOMEM.
 */
int config_file_parse(char *text, size_t length, const char *path,
		      struct given_options *lines, struct err *err) MUST_CHECK;

/*
 * A number for those lines that any of `commands` takes from the file: equal lines have
 * equal ones, whatever blanks and comments are around them.
 */
uint64_t config_file_fingerprint(const struct config_file *config, unsigned int commands);

void config_file_clear(struct config_file *config);
#define cleanup_config_file CLEANUP(config_file_clear)
