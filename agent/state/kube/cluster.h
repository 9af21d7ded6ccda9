/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/state/settings.h"
#include "agent/model/table.h"
#include "agent/model/address_list.h"
#include "common/network.h"

/*
 * A cluster's objects as far as a node needs them: Services, EndpointSlices, Nodes. They come from
 * any number of documents in any order, and only together they make virtual services. All texts and
 * lists are owned by the object that has them.
 */

/* namespace/name, which an object of a kind is known by. */
struct object_name {
	char *space;
	char *name;
};

struct service_port {
	char *name; /* "" for the one that has none */
	uint8_t protocol;
	uint16_t port;	    /* host byte order, as all ports here */
	uint16_t node_port; /* 0: none */
};

enum { CLUSTER_AFFINITY_TIMEOUT = 10800 }; /* seconds; the API's default */

struct cluster_service {
	struct object_name name;
	struct address_list cluster_addresses;
	struct address_list external_addresses;
	struct address_list load_balancer_addresses;
	struct service_port *ports;
	size_t port_count;
	struct network *source_ranges;
	size_t source_range_count;
	char *scheduler;	    /* as its annotations say; NULL: the node's */
	char *scheduler_flags;	    /* words with commas between; NULL: none */
	uint32_t affinity_timeout;  /* seconds; 0: no session affinity */
	uint16_t health_check_port; /* 0: none */
	bool internal_local;	    /* internalTrafficPolicy: Local */
	bool external_local;	    /* externalTrafficPolicy: Local */
	bool over_local;	    /* as its annotation says */
	bool load_balancer_refused; /* who may use its addresses is not known */
	/* Nothing, or nothing for those outside, can be served of it, which was told. */
	bool refused, inner_refused, outer_refused;
};

enum endpoint_state {
	ENDPOINT_READY = 1,
	ENDPOINT_SERVING = 2,
	ENDPOINT_TERMINATING = 4,
	ENDPOINT_LOCAL = 8,	   /* on this node */
	ENDPOINT_NODE_HINTS = 16,  /* it is meant for certain nodes, */
	ENDPOINT_HINTED_HERE = 32, /* of which this is one */
	ENDPOINT_ZONE_HINTS = 64,  /* likewise for certain zones, */
	ENDPOINT_ZONED_HERE =
		128, /* of which one is this node's; see cluster_find_zone() */
	ENDPOINT_ELSEWHERE = 256, /* on a node that is not this one */
};

struct cluster_endpoint {
	struct address address;
	uint16_t state; /* enum endpoint_state */
	uint32_t
		zones_end; /* of its zones in the slice's texts, which begin at the one's before */
};

struct slice_port {
	char *name; /* "" for the one that has none */
	uint8_t protocol;
	uint16_t port;
};

struct cluster_slice {
	struct object_name service; /* whose endpoints they are */
	char *name;		    /* "" where it has none */
	uint8_t family;
	struct slice_port *ports;
	size_t port_count;
	struct cluster_endpoint *endpoints;
	size_t endpoint_count;
	/* The zones that the endpoints' hints name, one endpoint's after the other's, each ended by NUL. */
	char *zones;
	size_t zones_length, zones_room;
};

struct cluster_node {
	char *name;
	struct address_list addresses;
};

struct node_owned_address {
	struct address address;
	size_t node; /* index */
};

/* An object that was read, whether there is anything to serve of it or not. */
struct seen_object {
	char *name;    /* "namespace/name", of a Node its name; owned */
	uint32_t file; /* index into the reader's files */
	uint32_t line;
};

struct seen_objects {
	struct seen_object *items;
	size_t count, room;
};

enum object_kind {
	OBJECT_SERVICE,
	OBJECT_SLICE,
	OBJECT_NODE,
	OBJECT_KINDS,
};

struct cluster {
	const struct state_settings *settings; /* borrowed */
	struct seen_objects seen[OBJECT_KINDS];
	bool service_seen; /* a Service, whether it is one to serve or not */
	bool slice_seen, node_seen, this_node_seen;
	/* Among the Services that must have a cluster address, one that has, one that has not. */
	bool address_seen, address_missing;
	struct cluster_service *services;
	size_t service_count, service_room;
	struct cluster_slice *slices;
	size_t slice_count, slice_room;
	struct cluster_node *nodes; /* without this one */
	size_t node_count, node_room;
	/* The addresses of nodes, by cluster_index_nodes() */
	struct node_owned_address *node_addresses;
	size_t node_address_count;
	char *zone; /* this node's; NULL: not known */
	struct notes notes;
};

/* Whether the settings' own name for this node is this one; upper and lower case are the same. */
bool cluster_is_this_node(const struct cluster *cluster, const char *name);

int object_name_compare(const struct object_name *a, const struct object_name *b);

/* Each takes the object over, also where it fails (-ENOMEM). */
int cluster_add_service(struct cluster *cluster,
			struct cluster_service *service) MUST_CHECK;
int cluster_add_slice(struct cluster *cluster, struct cluster_slice *slice) MUST_CHECK;
int cluster_add_node(struct cluster *cluster, struct cluster_node *node) MUST_CHECK;

/* So that objects with one name stand together. */
void cluster_sort(struct cluster *cluster);

/* Notes what of the settings and the Nodes does not fit, or is missing; it is sorted. -ENOMEM. */
int cluster_note_nodes(const struct cluster *cluster, struct notes *notes) MUST_CHECK;

/*
 * Adds the virtual services of all that was added to a table, and its notes; it is sorted. Services that the
 * table has already stay as they are. -ENOMEM, or what settings->node_addresses() answers.
 */
int cluster_translate(struct cluster *cluster, struct table *table) MUST_CHECK;

/*
 * Parts of cluster_translate(). Of virtual services with one key the first stays, by the order in the
 * table, which is then not sorted; the others are refused. -ENOMEM.
 */
int cluster_drop_seconds(struct table *table) MUST_CHECK;

/* Makes cluster_node_serves() know the nodes that were added. -ENOMEM. */
int cluster_index_nodes(struct cluster *cluster) MUST_CHECK;

/*
 * The other Node that has the address, so that what is balanced there is that Node's to serve; NULL where
 * there is none, where the settings permit the address to this one, and where it is not known which Node
 * this one is.
 */
const struct cluster_node *cluster_node_serves(const struct cluster *cluster,
					       const struct address *address);

/* The addresses of other nodes and of API servers are reserved. -ENOMEM. */
int cluster_reserve(const struct cluster *cluster, struct notes *notes) MUST_CHECK;

/* Sets ENDPOINT_ZONED_HERE, which is known only when all Nodes have been read. */
void cluster_find_zone(struct cluster *cluster);

/* The ports of a Service's slices, by what a port of the Service is matched with. */
struct service_slices {
	const struct cluster_service *service; /* borrowed; NULL: of none */
	struct matched_port {
		const struct cluster_slice *slice;
		const struct slice_port *port;
	} * list; /* owned */
	size_t count, room;
};

/* Fills it anew. The slices are sorted, and stay as they are while this is in use. -ENOMEM. */
int cluster_find_slices(const struct cluster *cluster,
			const struct cluster_service *service,
			struct service_slices *slices) MUST_CHECK;

void service_slices_clear(struct service_slices *slices);

struct chosen_endpoint {
	struct address address;
	uint16_t port;
	uint16_t state; /* enum endpoint_state */
};

/* Those of a service port's endpoints that connections go to, each once, in a fixed order. */
struct endpoint_choice {
	struct chosen_endpoint *list; /* owned */
	size_t count;
	size_t room;
};

/*
 * The endpoints of a port in one address family by Kubernetes' rules: those that are ready, of these
 * the ones that are meant for this node or zone where all say for whom they are; where none is
 * ready, those that still serve while they terminate. With local_only only those on this node. Of several
 * with one address and port one counts, alone: one that does not terminate before one that does,
 * whatever the order they came in. -ENOMEM.
 */
int cluster_choose(const struct service_slices *slices, const struct service_port *port,
		   uint8_t family, bool local_only,
		   struct endpoint_choice *choice) MUST_CHECK;

/* How many ready endpoints of a Service are on this node, whatever their ports. -ENOMEM. */
int cluster_count_local(const struct cluster *cluster,
			const struct cluster_service *service, size_t *count) MUST_CHECK;

void endpoint_choice_clear(struct endpoint_choice *choice);

void cluster_service_clear(struct cluster_service *service);
void cluster_slice_clear(struct cluster_slice *slice);
void cluster_node_clear(struct cluster_node *node);
void cluster_clear(struct cluster *cluster);
