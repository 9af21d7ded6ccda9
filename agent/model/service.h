/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/destination.h"
#include "agent/model/service_access.h"
#include "common/address.h"

/*
 * A virtual service. Its key (family, then fwmark or protocol, address and port) is what the
 * kernel knows it by; all else can be set in place (ip_vs_ctl.c: ip_vs_edit_service).
 */

enum {
	SCHEDULER_NAME_MAX = 15, /* IP_VS_SCHEDNAME_MAXLEN less the NUL (linux/ip_vs.h) */
	ENGINE_NAME_MAX = 15,	 /* IP_VS_PENAME_MAXLEN less the NUL */
	SERVICE_KEY_TEXT = 80,	 /* enough for every service_key_format() */
};

/* The scheduler's own flags, IP_VS_SVC_F_SCHED1 to 3 shifted down; sh and mh name the first two. */
enum {
	SCHEDULER_FLAG_1 = 1, /* sh-fallback, mh-fallback */
	SCHEDULER_FLAG_2 = 2, /* sh-port, mh-port */
	SCHEDULER_FLAG_3 = 4,
};

struct service_key {
	struct address address; /* of a fwmark service: only the family, the rest zero */
	uint32_t fwmark;	/* 0: known by address */
	uint16_t port;		/* host byte order; 0 with a fwmark, and for every port */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP; 0 with a fwmark */
};

struct service {
	struct service_key key;
	char *name; /* for people and logs; NULL where there is none; owned */
	char scheduler[SCHEDULER_NAME_MAX + 1];
	char engine[ENGINE_NAME_MAX + 1]; /* persistence engine, "" for none */
	uint32_t persistence_timeout;	  /* seconds; 0: not persistent */
	/*
	 * Which client addresses persist together: IPv4 a mask in network byte order, IPv6 a
	 * prefix length (that is how the kernel takes it: ip_vs_ctl.c, ip_vs_add_service).
	 * Meaningful only with persistence; always PERSISTENCE_NETMASK_DEFAULT without.
	 */
	uint32_t persistence_netmask;
	uint8_t scheduler_flags;
	bool one_packet;
	bool of_cluster; /* made of a cluster's objects: its destinations are endpoints */
	/* In the table of a state_cache: the index of the file that it was read from. Else 0. */
	uint32_t file;
	struct destination *destinations; /* sorted by key in a sorted table; owned */
	size_t destination_count;
	size_t destination_room;
	struct service_access *access; /* NULL: nothing beside IPVS's own; owned */
	/*
	 * fingerprint_service_whole(), where a reader has computed it; 0: not known. Whoever
	 * changes a service sets it to 0.
	 */
	uint64_t fingerprint;
};

/* The netmask that makes each client address persist on its own: 255.255.255.255 or 128. */
uint32_t service_default_netmask(uint8_t family);

/* <0, 0, >0. By fwmark (so those with an address come first), address, protocol, port. */
int service_key_compare(const struct service_key *a, const struct service_key *b);

/* "tcp 10.0.0.1:443", "udp [fd00::1]:53", "fwmark 7", "fwmark 7 ipv6"; returns buffer. */
const char *service_key_format(const struct service_key *key,
			       char buffer[static SERVICE_KEY_TEXT]);

/* "tcp", "udp", "sctp", or NULL for a protocol that IPVS has no service for. */
const char *protocol_name(uint8_t protocol);
/* IPPROTO_… for "tcp", "udp", "sctp"; 0 for anything else. */
uint8_t protocol_from_name(const char *name);

/*
 * Whether the kernel would hold the same attributes, destinations and name left out. What does
 * not count without persistence (netmask, engine) is not compared then.
 */
bool service_equal(const struct service *a, const struct service *b);

/*
 * Adds a zeroed destination, valid until the next add; NULL where memory is out. Not sorted. The
 * service's fingerprint is not known after that.
 */
struct destination *service_add_destination(struct service *service);

/* Makes room for count destinations in a service that has none. -ENOMEM. */
int service_reserve(struct service *service, size_t count) MUST_CHECK;

/* Gives back the room that is not used. */
void service_trim(struct service *service);

/* The destination with this key in a sorted service, or NULL. */
struct destination *service_find_destination(const struct service *service,
					     const struct destination *key);

/* Sorts the destinations by their keys. */
void service_sort(struct service *service);

/* Frees what the service owns, not the service. */
void service_clear(struct service *service);
