/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/table.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

struct service *table_add_service(struct table *table)
{
	struct service *added;

	if (ARRAY_MAKE_ROOM(table->services, table->service_count, table->service_room) <
	    0)
		return NULL;
	added = &table->services[table->service_count++];
	memset(added, 0, sizeof(*added));
	return added;
}

static int compare_services(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return service_key_compare(&left->key, &right->key);
}

static int compare_sysctls(const void *a, const void *b)
{
	const struct sysctl *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static bool services_are_sorted(const struct table *table)
{
	for (size_t i = 1; i < table->service_count; i++) {
		if (service_key_compare(&table->services[i - 1].key,
					&table->services[i].key) > 0)
			return false;
	}
	return true;
}

void table_sort_services(struct table *table)
{
	if (!services_are_sorted(table))
		qsort(table->services, table->service_count, sizeof(*table->services),
		      compare_services);
}

void table_sort(struct table *table)
{
	struct globals *globals = &table->globals;

	for (size_t i = 0; i < table->service_count; i++)
		service_sort(&table->services[i]);
	table_sort_services(table);
	if (globals->sysctl_count > 1)
		qsort(globals->sysctls, globals->sysctl_count, sizeof(*globals->sysctls),
		      compare_sysctls);
}

bool table_is_ascending(const struct table *table)
{
	for (size_t i = 1; i < table->service_count; i++) {
		if (service_key_compare(&table->services[i - 1].key,
					&table->services[i].key) >= 0)
			return false;
	}
	return true;
}

void table_trim(struct table *table)
{
	struct service *trimmed;

	if (table->service_count == 0 || table->service_count == table->service_room)
		return;
	trimmed = reallocarray(table->services, table->service_count,
			       sizeof(*table->services));
	if (!trimmed)
		return;
	table->services = trimmed;
	table->service_room = table->service_count;
}

struct service *table_find_service(const struct table *table,
				   const struct service_key *key)
{
	struct service wanted = { .key = *key };

	if (table->service_count == 0)
		return NULL;
	return bsearch(&wanted, table->services, table->service_count,
		       sizeof(*table->services), compare_services);
}

size_t table_destination_count(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->service_count; i++)
		count += table->services[i].destination_count;
	return count;
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->service_count; i++)
		service_clear(&table->services[i]);
	free(table->services);
	globals_clear(&table->globals);
	notes_clear(&table->notes);
	memset(table, 0, sizeof(*table));
}
