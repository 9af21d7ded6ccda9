/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/macro.h"

/*
 * An error that an operator must act on: an errno and a text, without allocation. It is
 * the last parameter of a function. It is untouched on success and may be NULL if the
 * caller needs only the number. It is set where the error occurs, prefixed with the
 * object's name on the way up, and logged once, by the function that handles it.
 */
struct err {
	int code; /* a positive errno */
	char text[1000];
};

/* Sets code and text; returns -code, so that failing is one `return`. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set(), with ": " and strerror(code) after the text. */
int err_errno(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Prefixes the text with "PREFIX: "; returns -err->code (-EIO if err is NULL). */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * These functions never return 0 or more. The compiler knows that from these wrappers, so
 * it sees that outputs are set whenever the result is 0.
 */
static inline int err_negative(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}

#define err_set(...)	err_negative(err_set(__VA_ARGS__))
#define err_errno(...)	err_negative(err_errno(__VA_ARGS__))
#define err_prefix(...) err_negative(err_prefix(__VA_ARGS__))
