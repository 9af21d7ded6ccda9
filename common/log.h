/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <syslog.h>

#include "common/macro.h"

/*
 * Messages go to the journal with structured fields if stderr is connected to it
 * (JOURNAL_STREAM, systemd.exec(5)), else to stderr as "PROGRAM: text". Levels are those
 * of syslog(3), LOG_ERR to LOG_DEBUG; the default is LOG_INFO. Texts and values are made
 * printable (printable.h).
 */

struct log_field {
	const char *name;  /* upper case, as journal fields are: "IPVS_SERVICE" */
	const char *value; /* NULL: the field is omitted */
};

/* program is borrowed for the life of the process (a string literal). */
void log_init(const char *program);
void log_set_level(int level);
int log_get_level(void);

/* "error", "warning", "notice", "info" or "debug"; -EINVAL for anything else. */
int log_level_from_name(const char *name, int *level) MUST_CHECK;

void log_write(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Logs one event with its MESSAGE_ID (32 hexadecimal digits, common/message_id.h) and
 * fields. On stderr only the text appears.
 */
void log_event(int level, const char *message_id, const struct log_field *fields,
	       size_t n, const char *fmt, ...) PRINTF_LIKE(5, 6);

#define log_error(...)	 log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)
