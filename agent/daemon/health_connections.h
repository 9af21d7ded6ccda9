/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/macro.h"

/*
 * The connections of all health check ports, oldest first. Each has a deadline from its
 * start, whatever it sends. There is a limit for all of them and one for each client;
 * beyond it the oldest is closed for the new one, because an honest request takes
 * milliseconds.
 */

enum {
	HEALTH_CONNECTIONS_MAX = 256,
	HEALTH_CONNECTIONS_OF_CLIENT_MAX = 32,
	HEALTH_CONNECTION_MSEC = 5000,
};

/* The client. For IPv6 its /64 network, which belongs to one machine or one site. */
struct health_client {
	uint8_t bytes[16];
};

struct health_connection {
	int fd;		   /* owned by the HTTP library */
	const void *owner; /* the port; NULL: closed */
	bool let_go;	   /* shut down; the library removes it at its next run */
	struct health_client client;
	uint64_t due; /* CLOCK_MONOTONIC in microseconds */
};

/* Zeroed at the start. */
struct health_connections {
	struct health_connection entries[HEALTH_CONNECTIONS_MAX];
	struct health_connection *order[HEALTH_CONNECTIONS_MAX]; /* the oldest first */
	size_t count;
	struct health_connection *newest; /* the one added last, until it is removed */
};

/* If a new connection of this client is too many, closes the oldest and returns true. */
bool health_connections_make_room(struct health_connections *connections,
				  const struct sockaddr_storage *peer) MUST_CHECK;

/* NULL if there is no room. */
struct health_connection *health_connections_add(struct health_connections *connections,
						 int fd,
						 const struct sockaddr_storage *peer,
						 const void *owner) MUST_CHECK;
void health_connections_remove(struct health_connections *connections,
			       struct health_connection *connection);

/* Closes the connections whose deadline has passed. */
void health_connections_expire(struct health_connections *connections);

/* Closes the connections of one owner. */
void health_connections_disown(struct health_connections *connections, const void *owner);

/* The next deadline; UINT64_MAX if there is no connection. */
uint64_t health_connections_due(const struct health_connections *connections) MUST_CHECK;
