/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/health_connections.h"

#include <netinet/in.h>
#include <string.h>

#include "common/clock.h"

static struct health_client client_of(const struct sockaddr_storage *peer)
{
	struct health_client client = { 0 };
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (peer->ss_family == AF_INET) {
		memcpy(&v4, peer, sizeof(v4));
		memcpy(client.bytes + 12, &v4.sin_addr, 4);
		return client;
	}
	memcpy(&v6, peer, sizeof(v6));
	/*
	 * An IPv4 client of a dual-stack socket has its address in the last four bytes.
	 */
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		memcpy(client.bytes + 12, v6.sin6_addr.s6_addr + 12, 4);
	else
		memcpy(client.bytes, &v6.sin6_addr, 8);
	return client;
}

static bool is_of(const struct health_connection *connection,
		  const struct health_client *client)
{
	return memcmp(&connection->client, client, sizeof(*client)) == 0;
}

/*
 * The library sees the end of the connection or an error, and closes it. SO_LINGER with
 * time 0 resets it, so the kernel keeps nothing of it.
 */
static void shut_down(struct health_connection *connection)
{
	const struct linger none = { .l_onoff = 1 };

	connection->owner = NULL;
	connection->let_go = true;
	if (setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) < 0 ||
	    shutdown(connection->fd, SHUT_RDWR) < 0)
		return; /* the client has closed it */
}

bool health_connections_make_room(struct health_connections *connections,
				  const struct sockaddr_storage *peer)
{
	struct health_client client = client_of(peer);
	struct health_connection *oldest = NULL;
	size_t of_client = 0;

	for (size_t i = connections->count; i-- > 0;) {
		if (!is_of(connections->order[i], &client))
			continue;
		oldest = connections->order[i];
		of_client++;
	}
	if (of_client < HEALTH_CONNECTIONS_OF_CLIENT_MAX)
		oldest = connections->count == HEALTH_CONNECTIONS_MAX
				 ? connections->order[0]
				 : NULL;
	if (oldest)
		shut_down(oldest);
	return oldest != NULL;
}

struct health_connection *health_connections_add(struct health_connections *connections,
						 int fd,
						 const struct sockaddr_storage *peer,
						 const void *owner)
{
	struct health_connection *connection = connections->entries;

	if (connections->count == HEALTH_CONNECTIONS_MAX)
		return NULL;
	/* An entry without a deadline is free. */
	while (connection->due != 0)
		connection++;
	*connection = (struct health_connection){
		.fd = fd,
		.owner = owner,
		.client = client_of(peer),
		.due = clock_usec(CLOCK_MONOTONIC) + HEALTH_CONNECTION_MSEC * 1000ULL,
	};
	connections->order[connections->count++] = connection;
	connections->newest = connection;
	return connection;
}

void health_connections_remove(struct health_connections *connections,
			       struct health_connection *connection)
{
	size_t i = 0;

	while (i < connections->count && connections->order[i] != connection)
		i++;
	if (i == connections->count)
		return;
	connections->count--;
	memmove(&connections->order[i], &connections->order[i + 1],
		(connections->count - i) * sizeof(connections->order[0]));
	connection->due = 0;
	if (connections->newest == connection)
		connections->newest = NULL;
}

void health_connections_expire(struct health_connections *connections)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC);

	for (size_t i = 0; i < connections->count; i++) {
		if (connections->order[i]->due <= now)
			shut_down(connections->order[i]);
	}
}

void health_connections_disown(struct health_connections *connections, const void *owner)
{
	for (size_t i = 0; i < connections->count; i++) {
		if (connections->order[i]->owner == owner)
			shut_down(connections->order[i]);
	}
}

uint64_t health_connections_due(const struct health_connections *connections)
{
	for (size_t i = 0; i < connections->count; i++) {
		if (!connections->order[i]->let_go)
			return connections->order[i]->due;
	}
	return UINT64_MAX;
}
