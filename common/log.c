/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/printable.h"

enum { TEXT_SIZE = 2048, FIELDS_MAX = 16, FIELD_SIZE = 512 };

/*
 * The only mutable globals of the project: the program's name, the level, the
 * destination.
 */
static const char *log_program = "ipvs-node";
static int log_level = LOG_INFO;
static bool log_to_journal;

/*
 * JOURNAL_STREAM has device and inode of the journal's socket; stderr may have been
 * redirected since.
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

void log_init(const char *program)
{
	log_program = program;
	log_to_journal = stderr_is_journal();
}

void log_set_level(int level)
{
	log_level = level;
}

int log_get_level(void)
{
	return log_level;
}

int log_level_from_name(const char *name, int *level)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{ "error", LOG_ERR },	  { "warning", LOG_WARNING },
		{ "notice", LOG_NOTICE }, { "info", LOG_INFO },
		{ "debug", LOG_DEBUG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*level = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static void send_to_journal(int level, const char *message_id,
			    const struct log_field *fields, size_t n, const char *text)
{
	char buffers[FIELDS_MAX][FIELD_SIZE], message[TEXT_SIZE + 16];
	struct iovec iov[FIELDS_MAX + 1];
	int count = 0;

	snprintf(message, sizeof(message), "MESSAGE=%s", text);
	iov[count++] = (struct iovec){ message, strlen(message) };
	snprintf(buffers[0], FIELD_SIZE, "PRIORITY=%d", level);
	snprintf(buffers[1], FIELD_SIZE, "SYSLOG_IDENTIFIER=%s", log_program);
	snprintf(buffers[2], FIELD_SIZE, "MESSAGE_ID=%s", message_id ? message_id : "");
	for (int i = 0; i < (message_id ? 3 : 2); i++)
		iov[count++] = (struct iovec){ buffers[i], strlen(buffers[i]) };
	for (size_t i = 0; i < n && i + 3 < FIELDS_MAX; i++) {
		if (!fields[i].value)
			continue;
		snprintf(buffers[i + 3], FIELD_SIZE, "%s=%s", fields[i].name,
			 fields[i].value);
		printable_make(buffers[i + 3]);
		iov[count++] = (struct iovec){ buffers[i + 3], strlen(buffers[i + 3]) };
	}
	sd_journal_sendv(iov, count);
}

static void PRINTF_LIKE(5, 0)
	emit(int level, const char *message_id, const struct log_field *fields, size_t n,
	     const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];

	vsnprintf(text, sizeof(text), fmt, ap);
	printable_make(text);
	if (log_to_journal)
		send_to_journal(level, message_id, fields, n, text);
	else
		fprintf(stderr, "%s: %s\n", log_program, text);
}

void log_write(int level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	emit(level, NULL, NULL, 0, fmt, ap);
	va_end(ap);
}

void log_event(int level, const char *message_id, const struct log_field *fields,
	       size_t n, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	emit(level, message_id, fields, n, fmt, ap);
	va_end(ap);
}
