/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any table, as a kernel could hold it: what is written of it can be read. The input is a list of
 * records, each a letter for its kind and the bytes of the fields.
 */
#include "tests/fuzz/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

/* The next bytes, zeros where there are no more. */
static void take(struct input *input, void *to, size_t size)
{
	size_t n = MIN_OF(size, input->left);

	memset(to, 0, size);
	if (n > 0)
		memcpy(to, input->data, n);
	input->data += n;
	input->left -= n;
}

static uint32_t take_number(struct input *input)
{
	uint32_t number;

	take(input, &number, sizeof(number));
	return number;
}

static uint8_t take_byte(struct input *input)
{
	uint8_t byte;

	take(input, &byte, 1);
	return byte;
}

/* A text of at most size - 1 bytes, of any bytes but NUL. */
static void take_text(struct input *input, char *to, size_t size)
{
	take(input, to, size);
	to[size - 1] = '\0';
}

static struct address take_address(struct input *input)
{
	struct address address = { .family = take_byte(input) & 1 ? AF_INET6 : AF_INET };

	take(input, address.bytes, address.family == AF_INET6 ? 16 : 4);
	return address;
}

static void add_service(struct input *input, struct table *table)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, 1 };
	struct service *service = table_add_service(table);
	char name[16];

	REQUIRE(service);
	service->key.address = take_address(input);
	if (take_byte(input) & 1) {
		memset(service->key.address.bytes, 0, 16);
		service->key.fwmark = take_number(input) | 1;
	} else {
		service->key.port = take_number(input);
		service->key.protocol = protocols[take_byte(input) % 4];
	}
	take_text(input, name, sizeof(name));
	/* A table's names come from states, never from a kernel. */
	if (name[0] >= 'a' && name[0] <= 'z') {
		name[1] = '\0';
		service->name = strdup(name);
		REQUIRE(service->name);
	}
	take_text(input, service->scheduler, sizeof(service->scheduler));
	if (service->scheduler[0] == '\0')
		strcpy(service->scheduler, "sh");
	take_text(input, service->engine, sizeof(service->engine));
	service->persistence_timeout = take_number(input);
	service->persistence_netmask = take_number(input);
	service->scheduler_flags = take_byte(input) & 7;
	service->one_packet = take_byte(input) & 1;
}

static void add_destination(struct input *input, struct table *table)
{
	struct destination *d;

	if (table->service_count == 0)
		return;
	d = service_add_destination(&table->services[table->service_count - 1]);
	REQUIRE(d);
	d->address = take_address(input);
	d->forward = take_byte(input) & 7;
	d->tunnel_type = take_byte(input) % 3;
	d->tunnel_checksum = take_byte(input) & 3;
	d->port = take_number(input);
	d->tunnel_port = take_number(input);
	d->weight = take_number(input) & INT32_MAX;
	d->upper_threshold = take_number(input);
	d->lower_threshold = take_number(input);
}

static void add_globals(struct input *input, struct table *table)
{
	struct sync_daemon *daemon = &table->globals.daemons[take_byte(input) & 1];
	struct timeouts *timeouts = &table->globals.timeouts;

	timeouts->tcp = take_number(input) % 2147484;
	timeouts->tcp_fin = take_number(input) % 2147484;
	timeouts->udp = take_number(input) % 2147484;
	daemon->role = daemon == &table->globals.daemons[0] ? SYNC_MASTER : SYNC_BACKUP;
	take_text(input, daemon->interface, sizeof(daemon->interface));
	if (take_byte(input) & 1)
		daemon->group = take_address(input);
	daemon->port = take_number(input);
	daemon->ttl = take_byte(input);
	daemon->sync_id = take_byte(input);
	daemon->max_length = take_number(input);
}

static void add_sysctl(struct input *input, struct table *table)
{
	char name[24] = "net.", value[16];

	take_text(input, name + 4, sizeof(name) - 4);
	take_text(input, value, sizeof(value));
	/* A table names no sysctl twice. */
	if (!globals_find_sysctl(&table->globals, name))
		REQUIRE(globals_add_sysctl(&table->globals, name, value) == 0);
}

/* A kernel has each key once, and no sync daemon beside a destination of the other family. */
static void make_possible(struct table *table)
{
	struct globals *globals = &table->globals;

	table_sort(table);
	/* Backwards, so that the one before is still as it was. */
	for (size_t i = table->service_count; i-- > 0;) {
		struct service *service = &table->services[i];

		if (i > 0 && service_key_compare(&service[-1].key, &service->key) == 0)
			service->key.protocol = 1; /* which is left out */
		if (service->key.protocol == 1)
			service->key.fwmark = 0;
		for (size_t j = 0; j < service->destination_count; j++) {
			struct destination *d = &service->destinations[j];

			if (j > 0 && destination_key_compare(d - 1, d) == 0)
				d->forward = FORWARD_BYPASS; /* which is left out */
			if (d->address.family != service->key.address.family)
				globals->daemons[0].role = globals->daemons[1].role =
					SYNC_NONE;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct table table = { 0 };
	size_t length;
	int outcome;
	char *text;

	while (input.left > 0) {
		switch (take_byte(&input) % 4) {
		case 0:
			add_service(&input, &table);
			break;
		case 1:
			add_destination(&input, &table);
			break;
		case 2:
			add_globals(&input, &table);
			break;
		default:
			add_sysctl(&input, &table);
		}
	}
	make_possible(&table);
	text = write_text(&table, &length, &outcome);
	require_round_trip(text, length);
	free(text);
	table_clear(&table);
	return 0;
}
