/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/macro.h"

/*
 * An error that an operator must act on: an errno and a text, no allocation. It is the last
 * parameter of the functions that set it, untouched on success, and may be NULL where the caller
 * only wants the number. Set at the origin, prefixed with the object's name on the way up, logged
 * once by whoever handles it.
 */
struct err {
	int code; /* a positive errno */
	char text[1000];
};

/* Sets code and text; returns -code, so that failing is one `return`. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set(), with ": " and the errno's own words after the text. */
int err_errno(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "PREFIX: " in front of the text; returns -err->code (-EIO where err is NULL). */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * None of them returns 0 or more, and the compiler is told: it can then see that what a function
 * sets on success alone is set where its answer was 0.
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
