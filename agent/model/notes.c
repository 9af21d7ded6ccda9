/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/notes.h"

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
	return MIN_OF(notes->omission_count, (size_t)OMISSIONS_KEPT);
}

static void omission_clear(struct omission *omission)
{
	free(omission->object);
	free(omission->reason);
	memset(omission, 0, sizeof(*omission));
}

PRINTF_LIKE(3, 0)
static int fill_omission(struct omission *omission, const char *object, const char *fmt,
			 va_list ap)
{
	*omission = (struct omission){ .object = strdup(object) };
	if (vasprintf(&omission->reason, fmt, ap) < 0)
		omission->reason = NULL;
	if (!omission->object || !omission->reason) {
		omission_clear(omission);
		return -ENOMEM;
	}
	printable_make(omission->object);
	printable_make(omission->reason);
	return 0;
}

int notes_omit(struct notes *notes, const char *object, const char *fmt, ...)
{
	va_list ap;
	int r;

	if (notes->omission_count >= OMISSIONS_KEPT) {
		notes->omission_count++;
		return 0;
	}
	if (ARRAY_MAKE_ROOM(notes->omissions, notes->omission_count,
			    notes->omission_room) < 0)
		return -ENOMEM;
	va_start(ap, fmt);
	r = fill_omission(&notes->omissions[notes->omission_count], object, fmt, ap);
	va_end(ap);
	notes->omission_count += r == 0;
	return r;
}

int notes_fail(struct notes *notes, const char *object, const char *fmt, ...)
{
	va_list ap;
	int r;

	if (ARRAY_MAKE_ROOM(notes->failures, notes->failure_count, notes->failure_room) <
	    0)
		return -ENOMEM;
	va_start(ap, fmt);
	r = fill_omission(&notes->failures[notes->failure_count], object, fmt, ap);
	va_end(ap);
	notes->failure_count += r == 0;
	return r;
}

int notes_warn(struct notes *notes, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int r;

	if (ARRAY_MAKE_ROOM(notes->warnings, notes->warning_count, notes->warning_room) <
	    0)
		return -ENOMEM;
	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		return -ENOMEM;
	printable_make(text);
	notes->warnings[notes->warning_count++] = text;
	return 0;
}

int reserved_address_compare(const void *a, const void *b)
{
	const struct reserved_address *left = a, *right = b;

	return address_compare(&left->address, &right->address);
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

int notes_copy_health_checks(const struct notes *from, struct notes *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->health_check_count; i++)
		r = notes_add_health_check(to, &from->health_checks[i]);
	return r;
}

void notes_clear(struct notes *notes)
{
	for (size_t i = 0; i < notes_kept(notes); i++)
		omission_clear(&notes->omissions[i]);
	for (size_t i = 0; i < notes->failure_count; i++)
		omission_clear(&notes->failures[i]);
	for (size_t i = 0; i < notes->warning_count; i++)
		free(notes->warnings[i]);
	for (size_t i = 0; i < notes->reserved_count; i++)
		free(notes->reserved[i].owner);
	for (size_t i = 0; i < notes->health_check_count; i++)
		health_check_clear(&notes->health_checks[i]);
	free(notes->health_checks);
	free(notes->omissions);
	free(notes->failures);
	free(notes->warnings);
	free(notes->reserved);
	address_list_clear(&notes->node_addresses);
	address_list_clear(&notes->own_node);
	memset(notes, 0, sizeof(*notes));
}
