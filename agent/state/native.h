/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "agent/state/reader.h"

/*
 * The native form of a document, field after field of the top level as the text has them.
 */
struct native {
	struct reader *reader;
	struct source *source;
	struct json_text *text;
	size_t seen[8]; /* by field: the line where it began, 0: not yet */
	bool slice;	/* the text is some elements of an array, each with its comma */
};

/*
 * Reads the value of a top-level field that began on that line. False where the rest of the
 * document is not to be read: broken JSON (reported), another version, memory.
 */
bool native_read_field(struct native *native, const char *name, size_t line);

/* After the last field: what is missing. */
void native_finish(struct native *native);

/*
 * Reads the elements of an array of services whose '[' has been taken, up to its ']', which is
 * taken too, or of a slice of one. False where the rest of the document is not to be read.
 */
bool native_read_elements(struct native *native, const struct place *services);

/* globals_add_sysctl() and the search for a name are linear. */
enum { SYSCTLS_MAX = 1000 };

/* The values below; place is the value's own. */
void native_read_service(struct reader *reader, const struct place *place, json_t *value);
/*
 * Fills the destinations of a service whose own fields were read before; sound says whether they
 * all were in order, and only then what depends on them is checked. Returns whether all is.
 */
bool native_read_destinations(struct reader *reader, const struct place *place,
			      json_t *value, struct service *service, bool sound);
/*
 * Fills a service's access from the values of its fields bind, overLocal, sourceNat, sourceRanges
 * and fromInside, in that order; NULL where one is absent. place is the service's. Returns whether
 * all is in order.
 */
bool native_read_exposure(struct reader *reader, const struct place *place,
			  json_t *const *values, struct service *service);
void native_read_timeouts(struct reader *reader, const struct place *place,
			  json_t *value);
void native_read_sync_daemons(struct reader *reader, const struct place *place,
			      json_t *value);
void native_read_sysctls(struct reader *reader, const struct place *place, json_t *value);
