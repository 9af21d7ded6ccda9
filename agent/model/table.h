/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/globals.h"
#include "agent/model/notes.h"
#include "agent/model/service.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * A virtual server table: what a state file wants, or what a kernel has. Pure memory. It is
 * filled with table_add_service() and service_add_destination(), then sorted once; look-ups and
 * the plan need it sorted.
 */
struct table {
	struct service *services;
	size_t service_count;
	size_t service_room;
	struct globals globals;
	struct notes notes; /* of a wanted table; empty in an actual one */
};

/* Adds a zeroed service, valid until the next add; NULL where memory is out. */
struct service *table_add_service(struct table *table);

/* Sorts services, their destinations and the sysctls by their keys. */
void table_sort(struct table *table);

/* The services alone, without what they own. */
void table_sort_services(struct table *table);

/* Whether the services' keys ascend: sorted, and without duplicates. */
bool table_is_ascending(const struct table *table);

/* Gives back what the services' array has room for and does not need. */
void table_trim(struct table *table);

/* The service with this key in a sorted table, or NULL. */
struct service *table_find_service(const struct table *table,
				   const struct service_key *key);

size_t table_destination_count(const struct table *table);

/* Frees all that the table owns and leaves it empty. */
void table_clear(struct table *table);

#define cleanup_table CLEANUP(table_clear)
