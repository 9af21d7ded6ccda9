/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/macro.h"

/*
 * The connections that ask for health, of all ports, in the order in which they came. Each has an
 * end from its start on, whatever it sends; all together and those of one client have a limit,
 * beyond which the oldest makes room for the new one: an honest question takes milliseconds.
 */

enum {
	HEALTH_CONNECTIONS_MAX = 256,
	HEALTH_CONNECTIONS_OF_CLIENT_MAX = 32,
	HEALTH_CONNECTION_MSEC = 5000,
};

/* An IPv6 client is its network of 64 bits, which is one machine's or one site's. */
struct health_client {
	uint8_t bytes[16];
};

struct health_connection {
	int fd;		   /* the HTTP library's, which closes it */
	const void *owner; /* the port; NULL: let go */
	bool let_go;	   /* shut down: it ends at the library's next run */
	struct health_client client;
	uint64_t due; /* CLOCK_MONOTONIC in microseconds */
};

/* Zeroed at the start. */
struct health_connections {
	struct health_connection entries[HEALTH_CONNECTIONS_MAX];
	struct health_connection *order[HEALTH_CONNECTIONS_MAX]; /* the oldest first */
	size_t count;
	struct health_connection *newest; /* the one added last, while it is there */
};

/* Lets the oldest go where a new one of this client would be too many; whether one was. */
bool health_connections_make_room(struct health_connections *connections,
				  const struct sockaddr_storage *peer) MUST_CHECK;

/* NULL where there is no room. */
struct health_connection *health_connections_add(struct health_connections *connections,
						 int fd,
						 const struct sockaddr_storage *peer,
						 const void *owner) MUST_CHECK;
void health_connections_remove(struct health_connections *connections,
			       struct health_connection *connection);

/* Lets go of those whose time is over. */
void health_connections_expire(struct health_connections *connections);

/* Lets go of an owner's. */
void health_connections_disown(struct health_connections *connections, const void *owner);

/* When the next one's time is over; UINT64_MAX: there is none. */
uint64_t health_connections_due(const struct health_connections *connections) MUST_CHECK;
