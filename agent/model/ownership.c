/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/ownership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/fingerprint.h"
#include "common/array.h"

/* The first place whose key is not below key. */
static size_t lower_bound(const struct ownership *ownership,
			  const struct service_key *key)
{
	size_t low = 0, high = ownership->service_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (service_key_compare(&ownership->services[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool key_is_at(const struct ownership *ownership, size_t at,
		      const struct service_key *key)
{
	return at < ownership->service_count &&
	       service_key_compare(&ownership->services[at].key, key) == 0;
}

int ownership_mark(struct ownership *ownership, const struct service_key *key,
		   enum ownership_mark mark, uint64_t fingerprint)
{
	size_t at = lower_bound(ownership, key);
	int r;

	if (key_is_at(ownership, at, key)) {
		ownership->services[at].mark = mark;
		ownership->services[at].fingerprint = fingerprint;
		return 0;
	}
	r = ARRAY_MAKE_ROOM(ownership->services, ownership->service_count,
			    ownership->service_room);
	if (r < 0)
		return r;
	memmove(&ownership->services[at + 1], &ownership->services[at],
		(ownership->service_count - at) * sizeof(*ownership->services));
	ownership->services[at] = (struct owned_service){
		.key = *key,
		.mark = mark,
		.fresh = true,
		.fingerprint = fingerprint,
	};
	ownership->service_count++;
	return 0;
}

void ownership_strike(struct ownership *ownership, const struct service_key *key)
{
	size_t at = lower_bound(ownership, key);

	if (!key_is_at(ownership, at, key))
		return;
	ownership->service_count--;
	memmove(&ownership->services[at], &ownership->services[at + 1],
		(ownership->service_count - at) * sizeof(*ownership->services));
}

const struct owned_service *ownership_find(const struct ownership *ownership,
					   const struct service_key *key)
{
	size_t at = lower_bound(ownership, key);

	return key_is_at(ownership, at, key) ? &ownership->services[at] : NULL;
}

bool owned_service_is_ours(const struct owned_service *owned,
			   const struct service *actual)
{
	return owned->mark == OWNERSHIP_OWNED ||
	       (owned->fingerprint != 0 &&
		owned->fingerprint == fingerprint_service(actual));
}

bool owned_daemon_is_ours(const struct owned_daemon *owned,
			  const struct sync_daemon *actual)
{
	return owned->mark == OWNERSHIP_OWNED ||
	       (owned->mark == OWNERSHIP_INTENDED &&
		owned->fingerprint == fingerprint_sync_daemon(actual));
}

void ownership_recorded(struct ownership *ownership)
{
	for (size_t i = 0; i < ownership->service_count; i++)
		ownership->services[i].recorded =
			ownership->services[i].mark == OWNERSHIP_OWNED;
}

void ownership_drop_fresh(struct ownership *ownership)
{
	size_t kept = 0;

	for (size_t i = 0; i < ownership->service_count; i++) {
		if (!ownership->services[i].fresh)
			ownership->services[kept++] = ownership->services[i];
	}
	ownership->service_count = kept;
}

void ownership_settle(struct ownership *ownership)
{
	for (size_t i = 0; i < ownership->service_count; i++)
		ownership->services[i].fresh = false;
}

/* --- drains --- */

int drain_compare(const struct drain *a, const struct drain *b)
{
	int order = service_key_compare(&a->service, &b->service);

	if (order == 0)
		order = address_compare(&a->address, &b->address);
	return order ? order : (a->port > b->port) - (a->port < b->port);
}

static size_t drain_lower_bound(const struct ownership *ownership,
				const struct drain *drain)
{
	size_t low = 0, high = ownership->drain_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (drain_compare(&ownership->drains[middle], drain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct drain *ownership_find_drain(const struct ownership *ownership,
					 const struct service_key *service,
					 const struct destination *destination)
{
	const struct drain wanted = { .service = *service,
				      .address = destination->address,
				      .port = destination->port };
	size_t at = drain_lower_bound(ownership, &wanted);

	if (at == ownership->drain_count ||
	    drain_compare(&ownership->drains[at], &wanted) != 0)
		return NULL;
	return &ownership->drains[at];
}

bool ownership_has_drain(const struct ownership *ownership,
			 const struct service_key *service)
{
	/* The least of all destinations: no family, no address. */
	const struct drain first = { .service = *service };
	size_t at = drain_lower_bound(ownership, &first);

	return at < ownership->drain_count &&
	       service_key_compare(&ownership->drains[at].service, service) == 0;
}

int ownership_set_drain(struct ownership *ownership, const struct drain *drain)
{
	size_t at = drain_lower_bound(ownership, drain);
	int r;

	if (at == ownership->drain_count ||
	    drain_compare(&ownership->drains[at], drain) != 0) {
		r = ARRAY_MAKE_ROOM(ownership->drains, ownership->drain_count,
				    ownership->drain_room);
		if (r < 0)
			return r;
		memmove(&ownership->drains[at + 1], &ownership->drains[at],
			(ownership->drain_count - at) * sizeof(*ownership->drains));
		ownership->drain_count++;
	}
	ownership->drains[at] = *drain;
	return 0;
}

/* --- values that the kernel does not keep as they are --- */

static void clear_made(struct made_sysctl *made)
{
	free(made->name);
	free(made->value);
	free(made->made);
}

void ownership_forget_made(struct ownership *ownership, size_t index)
{
	clear_made(&ownership->made[index]);
	ownership->made[index] = ownership->made[--ownership->made_count];
}

int ownership_note_made(struct ownership *ownership, const char *name, const char *value,
			const char *made)
{
	struct made_sysctl noted = { strdup(name), strdup(value), strdup(made) };
	struct made_sysctl *grown =
		reallocarray(ownership->made, ownership->made_count + 1, sizeof(*grown));

	if (grown)
		ownership->made = grown;
	if (!grown || !noted.name || !noted.value || !noted.made) {
		clear_made(&noted);
		return -ENOMEM;
	}
	for (size_t i = ownership->made_count; i-- > 0;) {
		if (strcmp(ownership->made[i].name, name) == 0)
			ownership_forget_made(ownership, i);
	}
	ownership->made[ownership->made_count++] = noted;
	return 0;
}

const char *ownership_find_made(const struct ownership *ownership, const char *name,
				const char *value)
{
	for (size_t i = 0; i < ownership->made_count; i++) {
		const struct made_sysctl *made = &ownership->made[i];

		if (strcmp(made->name, name) == 0 &&
		    sysctl_value_equal(made->value, value))
			return made->made;
	}
	return NULL;
}

bool ownership_has_sysctl(const struct ownership *ownership, const struct sysctl *wanted,
			  const char *have)
{
	const char *made;

	if (sysctl_value_equal(wanted->value, have))
		return true;
	made = ownership_find_made(ownership, wanted->name, wanted->value);
	return made && sysctl_value_equal(made, have);
}

void ownership_clear(struct ownership *ownership)
{
	while (ownership->made_count > 0)
		ownership_forget_made(ownership, ownership->made_count - 1);
	free(ownership->made);
	free(ownership->services);
	free(ownership->drains);
	globals_clear(&ownership->before);
	address_list_clear(&ownership->bound);
	memset(ownership, 0, sizeof(*ownership));
}
