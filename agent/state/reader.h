/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_text.h"
#include "agent/state/kube/cluster.h"
#include "agent/state/place.h"
#include "agent/state/settings.h"
#include "agent/state/source.h"
#include "agent/state/state.h"
#include "agent/state/state_file.h"
#include "agent/model/table.h"

/*
 * One reading of a state: the files so far, the table they fill, and where in them each object
 * stood, for problems that only show when all has been read (duplicates, conflicts between
 * files). The forms of a file (native, Kubernetes objects) are readers of one document
 * each and meet here.
 */

/* Where an object begins. line 0: it has not been seen. */
struct origin {
	uint32_t file; /* index into the reader's files */
	uint32_t line;
};

struct service_origin {
	struct origin at;
	uint32_t index; /* in its file's services */
};

/* The first destination of the other address family. */
struct mixed_destination {
	struct origin at;
	uint32_t service;
	uint32_t destination;
};

struct reader {
	struct table *table;
	/* NULL: the first problem ends the reading with -ECANCELED, nobody asks for its words. */
	struct state_problems *problems;
	/* Of a long array of services: how many slices may be read at once, and how many bytes
	 * they have at least. 0 or 1 slices: it is read from its beginning to its end. */
	size_t slices;
	size_t slice_bytes;
	struct state_file *files; /* owned, with their paths */
	size_t file_count;
	/* One for each of the table's services, none without problems; owned. */
	struct service_origin *origins;
	size_t origin_room;
	struct origin timeouts[3]; /* tcp, tcpFin, udp */
	struct origin daemons[SYNC_DAEMON_SLOTS];
	uint32_t daemon_index[SYNC_DAEMON_SLOTS]; /* in its file's syncDaemons */
	struct origin *sysctls; /* one for each of the table's sysctls; owned */
	struct mixed_destination mixed;
	const struct state_settings *settings; /* borrowed */
	/* What was read of a cluster, from the first of its objects on; owned. Only with problems. */
	struct cluster *cluster;
	struct origin cluster_origin; /* of that first one's document */
	/* The value being read: anchor is its place, text its bytes, line where they begin. */
	const struct place *anchor;
	const char *text;
	size_t text_length;
	size_t text_line;
	int error; /* negative errno: give up, nothing more is to be read */
};

/* Begins a file; its name is copied. */
int reader_begin_file(struct reader *reader, const char *name) MUST_CHECK;

/* The file that is being read, as messages give it. */
const char *reader_file(const struct reader *reader) MUST_CHECK;

/* A problem of the file as a whole: "FILE: text". */
void reader_file_problem(struct reader *reader, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "FILE: cannot be read: …"; notes where it is for want of descriptors or memory. */
void reader_errno_problem(struct reader *reader, int code);

/* Text that is no JSON: "FILE:LINE:COLUMN: text". */
void reader_fault(struct reader *reader, const struct json_fault *fault);

/* A wrong value: "FILE:LINE: PLACE: text"; place is anchor or below it. */
void reader_problem(struct reader *reader, const struct place *place, const char *fmt,
		    ...) PRINTF_LIKE(3, 4);

/* The same for a place that was read before: its origin is known, its text gone. */
void reader_problem_at(struct reader *reader, const struct origin *origin,
		       const struct place *place, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The origin of a place at or below anchor. */
struct origin reader_origin(const struct reader *reader, const struct place *place);

/* Adds a service, which is taken over (cleared on failure too), with its origin. */
void reader_add_service(struct reader *reader, struct service *service,
			const struct place *place);

/*
 * After the last file: services that stand twice, a sync daemon beside a destination of the
 * other family; a cluster's virtual services are made.
 */
void reader_finish(struct reader *reader);

void reader_clear(struct reader *reader);

/* Reads one document of any form that is known; document.c. */
void document_read(struct reader *reader, struct source *source);
