/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/printable.h"

/* The header promises a negative result. */
static int negative(int code)
{
	return code > 0 ? -code : -EIO;
}

int(err_set)(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return negative(code);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	/* The text can contain names that others chose (files, links). */
	printable_make(err->text);
	return negative(code);
}

int(err_errno)(struct err *err, int code, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	if (!err)
		return negative(code);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(code));
	printable_make(err->text);
	return negative(code);
}

int(err_prefix)(struct err *err, const char *fmt, ...)
{
	char rest[sizeof(err->text)];
	size_t used;
	va_list ap;

	if (!err)
		return -EIO;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", rest);
	printable_make(err->text);
	return negative(err->code);
}
