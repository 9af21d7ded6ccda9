/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/table.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * What nftables has to do beside IPVS for the services of a table, by their accesses: masquerade,
 * let in by source, send elsewhere, close what is no service. One table of each address family that
 * needs one, in nft(8)'s language. Pure: the same services and settings give the same text.
 *
 * What differs from service to service stands in sets and maps, so that a packet meets as many rules
 * for one service as for a hundred thousand. Only lists of source ranges have a chain for each that
 * is another: a set that joins keys with ranges costs far more to fill (nft_set_pipapo.c).
 */

#define RULESET_TABLE "ipvs-node"
/* With 16 hexadecimal digits behind it: an empty chain that tells whose the table is, and which. */
#define RULESET_MARKER "id_"

/* What becomes of connections to a service without destinations. */
enum no_endpoints {
	NO_ENDPOINTS_NONE, /* IPVS's own answer, an ICMP message */
	NO_ENDPOINTS_REJECT,
	NO_ENDPOINTS_DROP,
};

enum { RULESET_TEXT = 320 }; /* enough for every ruleset_describe() */

enum { MASQUERADE_BIT_DEFAULT = 14, MASQUERADE_BIT_MAX = 31 };

struct ruleset_settings {
	uint8_t masquerade_bit; /* of the connection's mark, 0 to MASQUERADE_BIT_MAX */
	bool masquerade_all;	/* SOURCE_NAT_OUTSIDE is as SOURCE_NAT_ALL */
	enum no_endpoints no_endpoints;
	const struct network *cluster; /* of both families, sorted; borrowed */
	size_t cluster_count;
	/* Those that are local as a whole as soon as a bound service is in them; borrowed. */
	const struct network *service_networks;
	size_t service_network_count;
	/* Addresses that the node has for itself, which no service's address closes; sorted, borrowed. */
	const struct address *own;
	size_t own_count;
};

struct ruleset_counts {
	size_t masqueraded; /* services with any source NAT */
	size_t restricted;  /* services with source ranges */
	size_t redirected;  /* services that are another one from inside */
	size_t closed;	    /* virtual addresses on which only services answer */
	size_t networks; /* the same of whole service networks, whose addresses are not in closed */
	size_t refused; /* services without destinations that are answered for */
};

/* One family's. */
struct ruleset {
	uint8_t family; /* AF_INET, AF_INET6 */
	char *text; /* "table ip ipvs-node { … }"; NULL where none is needed; owned */
	size_t length;
	uint64_t fingerprint; /* of the text; it is in the marker's name */
	struct ruleset_counts counts;
};

/* Whether the service needs any of this, whatever the settings are; no_endpoints left out. */
bool ruleset_concerns(const struct service *service);

/* Whether any of the service's connections may be masqueraded. */
bool ruleset_masquerades(const struct service *service);

/* Whether not everybody may connect to the service. */
bool ruleset_restricts(const struct service *service);

/* Whether clients inside the cluster are sent elsewhere (struct inside_target). */
bool ruleset_redirects(const struct service *service);

/* Whether no service needs anything of what is counted. */
bool ruleset_counts_nothing(const struct ruleset_counts *counts);

/* "3 services masqueraded, 1 service with source ranges"; returns buffer. */
const char *ruleset_describe(const struct ruleset *ruleset, char *buffer, size_t size);

/* "ip", "ip6": nftables' name of the family. */
const char *ruleset_family_name(uint8_t family);

void ruleset_clear(struct ruleset *ruleset);

#define cleanup_ruleset CLEANUP(ruleset_clear)
