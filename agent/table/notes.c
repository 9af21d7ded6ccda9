/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/table/notes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/printable.h"

size_t notes_kept(const struct notes *notes)
{
	return MIN_OF(notes->refusal_count, (size_t)REFUSALS_KEPT);
}

int notes_refuse(struct notes *notes, const char *object, const char *fmt, ...)
{
	struct refusal refusal = { 0 };
	va_list ap;
	int r;

	if (notes->refusal_count >= REFUSALS_KEPT) {
		notes->refusal_count++;
		return 0;
	}
	refusal.object = strdup(object);
	if (!refusal.object)
		return -ENOMEM;
	if (ARRAY_MAKE_ROOM(notes->refusals, notes->refusal_count, notes->refusal_room) <
	    0) {
		free(refusal.object);
		return -ENOMEM;
	}
	va_start(ap, fmt);
	r = vasprintf(&refusal.reason, fmt, ap);
	va_end(ap);
	if (r < 0) {
		free(refusal.object);
		return -ENOMEM;
	}
	printable_make(refusal.object);
	printable_make(refusal.reason);
	notes->refusals[notes->refusal_count++] = refusal;
	return 0;
}

int notes_reserve(struct notes *notes, const struct address *address, const char *owner)
{
	cleanup_free char *copy = strdup(owner);

	if (!copy || ARRAY_MAKE_ROOM(notes->reserved, notes->reserved_count,
				     notes->reserved_room) < 0)
		return -ENOMEM;
	notes->reserved[notes->reserved_count++] =
		(struct reserved_address){ .address = *address, .owner = TAKE_PTR(copy) };
	return 0;
}

int health_check_copy(const struct health_check *from, struct health_check *to)
{
	*to = *from;
	to->space = strdup(from->space);
	to->name = strdup(from->name);
	if (to->space && to->name)
		return 0;
	health_check_clear(to);
	return -ENOMEM;
}

void health_check_clear(struct health_check *check)
{
	free(check->space);
	free(check->name);
	memset(check, 0, sizeof(*check));
}

int notes_add_health_check(struct notes *notes, const struct health_check *check)
{
	struct health_check copy;

	if (ARRAY_MAKE_ROOM(notes->health_checks, notes->health_check_count,
			    notes->health_check_room) < 0 ||
	    health_check_copy(check, &copy) < 0)
		return -ENOMEM;
	notes->health_checks[notes->health_check_count++] = copy;
	return 0;
}

void notes_clear(struct notes *notes)
{
	for (size_t i = 0; i < notes_kept(notes); i++) {
		free(notes->refusals[i].object);
		free(notes->refusals[i].reason);
	}
	for (size_t i = 0; i < notes->reserved_count; i++)
		free(notes->reserved[i].owner);
	for (size_t i = 0; i < notes->health_check_count; i++)
		health_check_clear(&notes->health_checks[i]);
	free(notes->health_checks);
	free(notes->refusals);
	free(notes->reserved);
	address_list_clear(&notes->node_addresses);
	memset(notes, 0, sizeof(*notes));
}
