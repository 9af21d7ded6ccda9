/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/fingerprint.h"

#include <arpa/inet.h>
#include <string.h>

static const uint64_t seed = 0xcbf29ce484222325ULL;

/* FNV-1a over whole words, with a multiplication that spreads them (splitmix64's finalizer). */
static uint64_t mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x100000001b3ULL;
	sum = (sum ^ (sum >> 30)) * 0xbf58476d1ce4e5b9ULL;
	return sum ^ (sum >> 27);
}

static uint64_t mix_bytes(uint64_t sum, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	sum = mix(sum, length);
	for (; length > 0;
	     at += MIN_OF(length, (size_t)8), length -= MIN_OF(length, (size_t)8)) {
		uint64_t word = 0;

		/* Little-endian whatever the machine is. */
		for (size_t i = 0; i < MIN_OF(length, (size_t)8); i++)
			word |= (uint64_t)at[i] << (8 * i);
		sum = mix(sum, word);
	}
	return sum;
}

static uint64_t mix_text(uint64_t sum, const char *text)
{
	return text ? mix_bytes(sum, text, strlen(text)) : mix(sum, UINT64_MAX);
}

static uint64_t mix_address(uint64_t sum, const struct address *address)
{
	size_t length = address->family == AF_INET ? 4 : sizeof(address->bytes);

	return mix_bytes(mix(sum, address->family), address->bytes, length);
}

static uint64_t finish(uint64_t sum)
{
	return sum ? sum : 1;
}

static uint64_t mix_attributes(uint64_t sum, const struct service *service)
{
	sum = mix_text(sum, service->scheduler);
	sum = mix(sum, service->scheduler_flags);
	sum = mix(sum, service->one_packet);
	sum = mix(sum, service->persistence_timeout);
	if (service->persistence_timeout == 0)
		return sum;
	sum = mix(sum, service->persistence_netmask);
	return mix_text(sum, service->engine);
}

static uint64_t mix_destination(uint64_t sum, const struct destination *destination)
{
	sum = mix_address(sum, &destination->address);
	sum = mix(sum, (uint64_t)destination->port << 8 | destination->forward);
	sum = mix(sum, destination->weight);
	sum = mix(sum, (uint64_t)destination->upper_threshold << 32 |
			       destination->lower_threshold);
	if (destination->forward != FORWARD_TUNNEL)
		return sum;
	return mix(sum, (uint64_t)destination->tunnel_port << 16 |
				(uint64_t)destination->tunnel_type << 8 |
				destination->tunnel_checksum);
}

uint64_t fingerprint_bytes(const void *bytes, size_t length)
{
	return finish(mix_bytes(seed, bytes, length));
}

uint64_t fingerprint_service(const struct service *service)
{
	return finish(mix_attributes(seed, service));
}

uint64_t fingerprint_service_whole(const struct service *service)
{
	uint64_t sum = mix_attributes(seed, service);

	for (size_t i = 0; i < service->destination_count; i++)
		sum = mix_destination(sum, &service->destinations[i]);
	return finish(sum);
}

uint64_t fingerprint_service_kept(const struct service *service)
{
	return service->fingerprint ? service->fingerprint
				    : fingerprint_service_whole(service);
}

/* Absent values as what the kernel makes of them, so that a running daemon has the same. */
static uint64_t mix_daemon(uint64_t sum, const struct sync_daemon *daemon)
{
	struct address group = daemon->group;

	if (daemon->role == SYNC_NONE)
		return mix(sum, SYNC_NONE);
	if (group.family == 0) {
		group.family = AF_INET;
		group.v4.s_addr = htonl(SYNC_GROUP_DEFAULT);
	}
	sum = mix(sum, daemon->role);
	sum = mix_text(sum, daemon->interface);
	sum = mix_address(sum, &group);
	sum = mix(sum, daemon->port ? daemon->port : SYNC_PORT_DEFAULT);
	sum = mix(sum, daemon->ttl ? daemon->ttl : SYNC_TTL_DEFAULT);
	return mix(sum, daemon->sync_id);
}

uint64_t fingerprint_sync_daemon(const struct sync_daemon *daemon)
{
	return finish(mix_daemon(seed, daemon));
}

static uint64_t mix_globals(uint64_t sum, const struct globals *globals)
{
	sum = mix(sum, globals->timeouts.tcp);
	sum = mix(sum, globals->timeouts.tcp_fin);
	sum = mix(sum, globals->timeouts.udp);
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		sum = mix_daemon(sum, &globals->daemons[slot]);
		sum = mix(sum, globals->daemons[slot].max_length);
	}
	for (size_t i = 0; i < globals->sysctl_count; i++) {
		if (globals->sysctls[i].implied)
			continue;
		sum = mix_text(sum, globals->sysctls[i].name);
		sum = mix_text(sum, globals->sysctls[i].value);
	}
	return sum;
}

/* One without access rules has the fingerprint that it had before there were any. */
static uint64_t mix_exposure(uint64_t sum, const struct service_access *access)
{
	if (!access)
		return sum;
	sum = mix(sum, (uint64_t)access->bind | (uint64_t)access->cluster_ip << 1 |
			       (uint64_t)access->node_port << 2 |
			       (uint64_t)access->over_local << 3 |
			       (uint64_t)access->source_nat << 8 |
			       (uint64_t)access->inside.port << 16 |
			       (uint64_t)access->health_port << 32);
	if (access->inside.address.family)
		sum = mix_address(sum, &access->inside.address);
	for (size_t i = 0; i < access->source_count; i++) {
		sum = mix_address(sum, &access->sources[i].address);
		sum = mix(sum, access->sources[i].prefix);
	}
	return sum;
}

uint64_t fingerprint_table(const struct table *table)
{
	uint64_t sum = mix_globals(seed, &table->globals);

	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		sum = mix_address(sum, &service->key.address);
		sum = mix(sum, (uint64_t)service->key.fwmark << 32 |
				       (uint64_t)service->key.port << 8 |
				       service->key.protocol);
		sum = mix_text(sum, service->name);
		sum = mix(sum, fingerprint_service_kept(service));
		sum = mix_exposure(sum, service->access);
	}
	return finish(sum);
}
