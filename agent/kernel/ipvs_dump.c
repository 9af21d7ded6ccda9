/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <stdatomic.h>
#include <string.h>

#include "agent/kernel/ipvs_socket.h"
#include "agent/kernel/ipvs_message.h"
#include "common/workers.h"

/*
 * Reading the table. GET_SERVICE is one dump for all services, GET_DEST one for each.
 * Neither is a snapshot: a dump goes on by index, so that an entry comes twice or not at
 * all while another process adds or deletes (ip_vs_ctl.c: ip_vs_genl_dump_services).
 */

/* Destinations from which on a dump is read faster in large pieces. */
enum { LONG_DUMP = 64 };

static int handle_service(const struct nlmsghdr *message, void *context)
{
	struct table *table = context;
	struct service decoded = { 0 }, *added;
	int r = ipvs_decode_service(message, &decoded);

	if (r == -EPROTONOSUPPORT)
		return 0;
	if (r < 0)
		return r;
	added = table_add_service(table);
	if (!added)
		return -ENOMEM;
	*added = decoded;
	return 0;
}

static int handle_destination(const struct nlmsghdr *message, void *context)
{
	struct service *service = context;
	struct destination decoded = { 0 }, *added;
	int r;

	r = ipvs_decode_destination(message, service->key.address.family, &decoded);
	if (r == -EPROTONOSUPPORT)
		return 0;
	if (r < 0)
		return r;
	added = service_add_destination(service);
	if (!added)
		return -ENOMEM;
	*added = decoded;
	return 0;
}

static int handle_daemon(const struct nlmsghdr *message, void *context)
{
	struct globals *globals = context;
	struct sync_daemon decoded = { 0 };
	int r = ipvs_decode_sync_daemon(message, &decoded);

	if (r == -EPROTONOSUPPORT)
		return 0;
	if (r == 0)
		globals->daemons[sync_slot(decoded.role)] = decoded;
	return r;
}

static int handle_timeouts(const struct nlmsghdr *message, void *context)
{
	return ipvs_decode_timeouts(message, context);
}

static int ask(struct ipvs *ipvs, uint8_t command, uint16_t flags, netlink_handler handle,
	       void *context)
{
	struct request_buffer buffer;
	struct request request;

	netlink_start_command(ipvs->socket, &request, buffer.bytes, sizeof(buffer.bytes),
			      command, IPVS_GENL_VERSION, flags);
	ipvs->counts.reads++;
	return netlink_ask(ipvs->socket, request_end(&request), handle, context);
}

/*
 * Services tend to be of a size: the socket that would have been right for the last dump.
 */
static struct netlink_socket *socket_for_destinations(struct ipvs *ipvs)
{
	if (ipvs->expected < LONG_DUMP)
		return ipvs->socket;
	if (!ipvs->long_socket && netlink_open_family(&ipvs->long_socket, IPVS_GENL_NAME,
						      RECEIVE_LONG, NULL) < 0)
		return ipvs->socket;
	return ipvs->long_socket;
}

static int dump_destinations(struct ipvs *ipvs, struct service *service)
{
	struct netlink_socket *socket = socket_for_destinations(ipvs);
	struct request_buffer buffer;
	struct nlmsghdr *request;
	int r;

	request = ipvs_encode_get_destinations(socket, &service->key, buffer.bytes,
					       sizeof(buffer.bytes));
	if (!request)
		return -EMSGSIZE;
	ipvs->counts.reads++;
	r = netlink_ask(socket, request, handle_destination, service);
	ipvs->expected = service->destination_count;
	return r;
}

/*
 * Keeps the first of entries that a dump repeated; services and destinations are sorted.
 */
static void drop_repeated_services(struct table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->service_count; i++) {
		if (kept && service_key_compare(&table->services[kept - 1].key,
						&table->services[i].key) == 0)
			service_clear(&table->services[i]);
		else
			table->services[kept++] = table->services[i];
	}
	table->service_count = kept;
}

static void drop_repeated_destinations(struct service *service)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->destination_count; i++) {
		if (!kept || destination_key_compare(&service->destinations[kept - 1],
						     &service->destinations[i]) != 0)
			service->destinations[kept++] = service->destinations[i];
	}
	service->destination_count = kept;
}

static int read_destinations(struct ipvs *ipvs, struct service *service)
{
	int r = service_reserve(service, ipvs->expected);

	if (r == 0)
		r = dump_destinations(ipvs, service);
	if (r < 0)
		return r;
	service_sort(service);
	drop_repeated_destinations(service);
	service_trim(service);
	return 0;
}

/* --- many services, by two readers --- */

/*
 * The kernel fills a dump under one lock for all (genetlink.c: genl_lock_dumpit); its
 * buffer, the way to us and what becomes of it here are as long again, and that is what a
 * second reader saves.
 */
enum { READERS = 2, SERVICES_PER_TURN = 8, MANY_SERVICES = 8 * SERVICES_PER_TURN };

struct shared_reading {
	struct table *table;
	atomic_size_t next; /* service that no reader has taken yet */
	struct ipvs *readers[READERS];
	int results[READERS];
};

static int read_turn(struct ipvs *ipvs, struct table *table, size_t first)
{
	size_t end = MIN_OF(first + SERVICES_PER_TURN, table->service_count);
	int r = 0;

	for (size_t i = first; r == 0 && i < end; i++)
		r = read_destinations(ipvs, &table->services[i]);
	return r;
}

static void read_turns(void *context, size_t reader)
{
	struct shared_reading *shared = context;
	size_t count = shared->table->service_count, first;
	int r = 0;

	while (r == 0 &&
	       (first = atomic_fetch_add(&shared->next, SERVICES_PER_TURN)) < count)
		r = read_turn(shared->readers[reader], shared->table, first);
	shared->results[reader] = r;
	if (r < 0)
		atomic_store(&shared->next, count); /* nothing is left for the other */
}

/* Whether there is a second reader where it is worth having. */
static bool has_second_reader(struct ipvs *ipvs, const struct table *table)
{
	if (table->service_count < MANY_SERVICES || workers_available() < READERS)
		return false;
	return ipvs->second_reader || ipvs_open(&ipvs->second_reader, NULL) == 0;
}

static int read_all_destinations(struct ipvs *ipvs, struct table *table)
{
	struct shared_reading shared = { .table = table, .readers = { ipvs } };
	size_t readers = 1;

	if (has_second_reader(ipvs, table))
		shared.readers[readers++] = ipvs->second_reader;
	workers_run(readers, readers, read_turns, &shared);
	if (ipvs->second_reader) {
		ipvs->counts.reads += ipvs->second_reader->counts.reads;
		ipvs->second_reader->counts.reads = 0;
	}
	return shared.results[0] ? shared.results[0] : shared.results[1];
}

static int dump_table(struct ipvs *ipvs, struct table *table)
{
	int r = ask(ipvs, IPVS_CMD_GET_SERVICE, NLM_F_DUMP, handle_service, table);

	if (r == 0) {
		table_sort(table);
		drop_repeated_services(table);
	}
	if (r == 0)
		r = read_all_destinations(ipvs, table);
	if (r == 0)
		r = ask(ipvs, IPVS_CMD_GET_CONFIG, 0, handle_timeouts,
			&table->globals.timeouts);
	if (r == 0)
		r = ask(ipvs, IPVS_CMD_GET_DAEMON, NLM_F_DUMP, handle_daemon,
			&table->globals);
	return r;
}

static int explain(int r, struct err *err)
{
	if (r == -EPERM)
		return err_set(
			err, EPERM,
			"reading the table: not permitted: CAP_NET_ADMIN in the initial user namespace is needed");
	return err_errno(err, -r, "reading the table");
}

int ipvs_dump(struct ipvs *ipvs, struct table *table, struct err *err)
{
	int r = dump_table(ipvs, table);

	if (r == 0)
		return 0;
	table_clear(table);
	return explain(r, err);
}

static int count_service(UNUSED const struct nlmsghdr *message, void *context)
{
	(*(size_t *)context)++;
	return 0;
}

int ipvs_count_services(struct ipvs *ipvs, size_t *count, struct err *err)
{
	int r;

	*count = 0;
	r = ask(ipvs, IPVS_CMD_GET_SERVICE, NLM_F_DUMP, count_service, count);
	return r < 0 ? explain(r, err) : 0;
}

static int handle_one_service(const struct nlmsghdr *message, void *context)
{
	struct service *service = context;

	/* One answer comes; a second would leave its destinations to nobody. */
	memset(service, 0, sizeof(*service));
	return ipvs_decode_service(message, service);
}

int ipvs_get_service(struct ipvs *ipvs, const struct service_key *key,
		     struct service *service, struct err *err)
{
	struct service found = { 0 };
	struct request_buffer buffer;
	struct nlmsghdr *request;
	int r;

	request = ipvs_encode_get_service(ipvs->socket, key, buffer.bytes,
					  sizeof(buffer.bytes));
	if (!request)
		return explain(-EMSGSIZE, err);
	ipvs->counts.reads++;
	r = netlink_ask(ipvs->socket, request, handle_one_service, &found);
	if (r == 0)
		r = read_destinations(ipvs, &found);
	if (r < 0) {
		service_clear(&found);
		return explain(r, err);
	}
	*service = found;
	return 0;
}

int ipvs_get_destinations(struct ipvs *ipvs, struct service *service, struct err *err)
{
	int r = read_destinations(ipvs, service);

	return r < 0 ? explain(r, err) : 0;
}
