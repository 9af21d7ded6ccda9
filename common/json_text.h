/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/macro.h"

/*
 * A cursor over JSON text that hands out one value after another, so that a long array needs the
 * memory of one element only. What stands between the values (commas, colons, brackets of the
 * outer levels) is the caller's to take; what is within them is jansson's.
 */
struct json_text {
	const char *start;
	size_t length;
	size_t position; /* bytes taken */
	size_t line;	 /* of position, from 1 */
	size_t column;	 /* characters of that line before position */
	bool takes_nul; /* \u0000 in a text, where that ends for whoever uses C's functions */
};

/* Where and why the text is no JSON; line and column count from 1. */
struct json_fault {
	size_t line;
	size_t column;
	char text[200];
};

void json_text_init(struct json_text *text, const char *start, size_t length);

/* Skips white space; the next byte, or -1 at the end. Takes nothing. */
int json_text_peek(struct json_text *text);

/* Takes the next character where it is c, white space before it too. */
bool json_text_take(struct json_text *text, char c);

/* Takes what stands before position, whatever it is; position is not behind the end. */
void json_text_skip(struct json_text *text, size_t position);

/*
 * Takes one value without a look at what it is: where the text is no JSON, anything, but never more
 * than there is. False at the end of the text.
 */
bool json_text_pass(struct json_text *text);

/* Takes one value; the caller owns it. -EINVAL with the fault filled, -ENOMEM. */
int json_text_value(struct json_text *text, json_t **value,
		    struct json_fault *fault) MUST_CHECK;

/* Fills the fault for the cursor's place: "',' or '}' expected, found 'x'". Returns -EINVAL. */
int json_text_expected(struct json_text *text, const char *what,
		       struct json_fault *fault);

DEFINE_CLEANUP(json_cleanup, json_t *, json_decref)
#define cleanup_json CLEANUP(json_cleanup)
