/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/json_document.h"
#include "common/json_value.h"

/*
 * Reads the number that begins at value->start, a digit or a minus sign; sets its kind, length and
 * integer. False, and a fault of the document, where it is none or does not fit in 64 bits.
 */
bool json_number_read(struct json_document *document,
		      struct json_value *value) MUST_CHECK;
