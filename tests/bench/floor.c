/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floors: what the kernel itself takes for a table of SERVICES with DESTINATIONS each.
 *
 *   floor write SERVICES DESTINATIONS     to make it
 *   floor read SERVICES DESTINATIONS      to tell it, where it is there already
 *
 * To write, two messages are made by hand once, and copied with other addresses until a send is
 * full; only the last of a send asks for an acknowledgement. To read, the services are dumped
 * once and the destinations of each, one dump after the other as the kernel has it: a send, and
 * receives until the end of the dump, into as much room as is fastest for dumps of that length (the
 * kernel allocates and clears as much for each). What comes is counted, and not looked into.
 *
 * Prints the microseconds from the first request to the last answer as JSON; ends with status 1 at
 * the first request that the kernel refuses, or where it tells of another number of objects.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/macro.h"
#include "common/parse.h"
#include "tests/bench/addresses.h"

enum {
	BATCH_REQUESTS = 1024,
	REQUEST_MAX = 256,
	/* Room for the answers of a send whose requests all fail, so that none is lost. */
	ANSWERS = BATCH_REQUESTS * 1024,
	/* The kernel makes no message of a dump larger than this. */
	LONG_MESSAGE = 32768,
	/* What fits 8 KiB of the kernel's memory. */
	SHORT_MESSAGE = 7872,
	LONG_DUMP = 64, /* destinations */
};

/* A message whose addresses are set anew for each request. */
struct template
{
	_Alignas(4) char bytes[REQUEST_MAX];
	size_t length;
	size_t service_at, destination_at; /* where the addresses are, from the start */
};

struct floor {
	int fd;
	uint16_t family;
	uint32_t sequence;
	size_t room;	      /* of a receive */
	size_t count, length; /* of the send that is being filled */
	struct nlmsghdr *last;
	_Alignas(4) char buffer[BATCH_REQUESTS * REQUEST_MAX];
};

/* --- messages ---------------------------------------------------------------------------------- */

static void start(struct template *message, uint16_t family, uint8_t command,
		  uint8_t version)
{
	struct nlmsghdr header = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST };
	struct genlmsghdr genl = { .cmd = command, .version = version };

	memset(message, 0, sizeof(*message));
	memcpy(message->bytes, &header, sizeof(header));
	memcpy(message->bytes + NLMSG_HDRLEN, &genl, sizeof(genl));
	message->length = NLMSG_HDRLEN + GENL_HDRLEN;
}

/* Returns where the attribute's value is. */
static size_t put(struct template *message, uint16_t type, const void *value, size_t size)
{
	struct nlattr attribute = { .nla_type = type,
				    .nla_len = (uint16_t)(NLA_HDRLEN + size) };
	size_t at = message->length + NLA_HDRLEN;

	memcpy(message->bytes + message->length, &attribute, sizeof(attribute));
	if (size > 0)
		memcpy(message->bytes + at, value, size);
	message->length += NLA_ALIGN(attribute.nla_len);
	return at;
}

static size_t put_u16(struct template *message, uint16_t type, uint16_t value)
{
	return put(message, type, &value, sizeof(value));
}

static size_t put_u32(struct template *message, uint16_t type, uint32_t value)
{
	return put(message, type, &value, sizeof(value));
}

static size_t put_address(struct template *message, uint16_t type)
{
	static const char none[16];

	return put(message, type, none, sizeof(none));
}

static size_t start_nest(struct template *message, uint16_t type)
{
	return put(message, type | NLA_F_NESTED, NULL, 0) - NLA_HDRLEN;
}

static void end_nest(struct template *message, size_t nest)
{
	struct nlattr *attribute = (struct nlattr *)(void *)(message->bytes + nest);

	attribute->nla_len = (uint16_t)(message->length - nest);
}

static void put_service_key(struct template *message)
{
	put_u16(message, IPVS_SVC_ATTR_AF, AF_INET);
	put_u16(message, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
	message->service_at = put_address(message, IPVS_SVC_ATTR_ADDR);
	put_u16(message, IPVS_SVC_ATTR_PORT, htons(SERVICE_PORT));
}

static void make_new_service(struct template *message, uint16_t family)
{
	const struct ip_vs_flags flags = { .mask = UINT32_MAX };
	size_t nest;

	start(message, family, IPVS_CMD_NEW_SERVICE, IPVS_GENL_VERSION);
	nest = start_nest(message, IPVS_CMD_ATTR_SERVICE);
	put_service_key(message);
	put(message, IPVS_SVC_ATTR_SCHED_NAME, "rr", sizeof("rr"));
	put(message, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
	put_u32(message, IPVS_SVC_ATTR_TIMEOUT, 0);
	put_u32(message, IPVS_SVC_ATTR_NETMASK, UINT32_MAX);
	end_nest(message, nest);
}

static void make_new_destination(struct template *message, uint16_t family)
{
	size_t nest;

	start(message, family, IPVS_CMD_NEW_DEST, IPVS_GENL_VERSION);
	nest = start_nest(message, IPVS_CMD_ATTR_SERVICE);
	put_service_key(message);
	end_nest(message, nest);
	nest = start_nest(message, IPVS_CMD_ATTR_DEST);
	message->destination_at = put_address(message, IPVS_DEST_ATTR_ADDR);
	put_u16(message, IPVS_DEST_ATTR_PORT, htons(DESTINATION_PORT));
	put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ);
	put_u32(message, IPVS_DEST_ATTR_WEIGHT, 1);
	put_u32(message, IPVS_DEST_ATTR_U_THRESH, 0);
	put_u32(message, IPVS_DEST_ATTR_L_THRESH, 0);
	end_nest(message, nest);
}

/* --- sending ----------------------------------------------------------------------------------- */

static size_t receive(struct floor *floor, char *buffer, size_t size)
{
	ssize_t length = recv(floor->fd, buffer, size, 0);

	if (length < 0)
		err(1, "receiving");
	return (size_t)length;
}

static void wait_for_end(struct floor *floor)
{
	_Alignas(4) char buffer[8192];
	const struct nlmsghdr *answer = (const void *)buffer;
	const struct nlmsgerr *error = NLMSG_DATA(answer);

	do {
		size_t length = receive(floor, buffer, sizeof(buffer));

		if (length < NLMSG_LENGTH(sizeof(*error)) ||
		    answer->nlmsg_type != NLMSG_ERROR)
			errx(1, "an answer that is none");
		if (error->error != 0)
			errx(1, "request %u: %s", answer->nlmsg_seq,
			     strerror(-error->error));
	} while (answer->nlmsg_seq != floor->sequence);
}

static void send_batch(struct floor *floor)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { floor->buffer, floor->length };
	struct msghdr message = { .msg_name = &kernel,
				  .msg_namelen = sizeof(kernel),
				  .msg_iov = &iov,
				  .msg_iovlen = 1 };

	if (floor->count == 0)
		return;
	floor->last->nlmsg_flags |= NLM_F_ACK;
	if (sendmsg(floor->fd, &message, 0) < 0)
		err(1, "sending %zu requests", floor->count);
	wait_for_end(floor);
	floor->count = floor->length = 0;
}

static void add(struct floor *floor, const struct template *request)
{
	char *at = floor->buffer + floor->length;

	memcpy(at, request->bytes, request->length);
	floor->last = (struct nlmsghdr *)(void *)at;
	floor->last->nlmsg_len = (uint32_t)request->length;
	floor->last->nlmsg_seq = ++floor->sequence;
	floor->length += NLMSG_ALIGN(request->length);
	if (++floor->count == BATCH_REQUESTS)
		send_batch(floor);
}

static void set_address(struct template *request, size_t at, struct in_addr address)
{
	memcpy(request->bytes + at, &address, sizeof(address));
}

static void create_table(struct floor *floor, uint32_t services, uint32_t destinations)
{
	struct template new_service, new_destination;

	make_new_service(&new_service, floor->family);
	make_new_destination(&new_destination, floor->family);
	for (uint32_t i = 0; i < services; i++) {
		set_address(&new_service, new_service.service_at, service_address(i));
		set_address(&new_destination, new_destination.service_at,
			    service_address(i));
		add(floor, &new_service);
		for (uint32_t j = 0; j < destinations; j++) {
			set_address(&new_destination, new_destination.destination_at,
				    destination_address(i, destinations, j));
			add(floor, &new_destination);
		}
	}
	send_batch(floor);
}

/* --- dumping ----------------------------------------------------------------------------------- */

static void make_get_services(struct template *message, uint16_t family)
{
	start(message, family, IPVS_CMD_GET_SERVICE, IPVS_GENL_VERSION);
}

static void make_get_destinations(struct template *message, uint16_t family)
{
	size_t nest;

	start(message, family, IPVS_CMD_GET_DEST, IPVS_GENL_VERSION);
	nest = start_nest(message, IPVS_CMD_ATTR_SERVICE);
	put_service_key(message);
	end_nest(message, nest);
}

/* Counts the objects of one message; false after the last of the dump. */
static bool count_objects(const char *buffer, size_t length, uint32_t *objects)
{
	for (size_t at = 0; at + NLMSG_HDRLEN <= length;) {
		const struct nlmsghdr *header = (const void *)(buffer + at);

		if (header->nlmsg_type == NLMSG_DONE)
			return false;
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_len < NLMSG_HDRLEN)
			errx(1, "a dump was refused");
		++*objects;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
	return true;
}

static uint32_t dump(struct floor *floor, struct template *request)
{
	static _Alignas(4) char buffer[LONG_MESSAGE];
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)request->bytes;
	uint32_t objects = 0;
	size_t length;

	header->nlmsg_len = (uint32_t)request->length;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = ++floor->sequence;
	if (send(floor->fd, request->bytes, request->length, 0) < 0)
		err(1, "asking for a dump");
	do
		length = receive(floor, buffer, floor->room);
	while (count_objects(buffer, length, &objects));
	return objects;
}

static void read_table(struct floor *floor, uint32_t services, uint32_t destinations)
{
	struct template get_services, get_destinations;
	uint32_t found;

	make_get_services(&get_services, floor->family);
	make_get_destinations(&get_destinations, floor->family);
	found = dump(floor, &get_services);
	if (found != services)
		errx(1, "the kernel tells of %u services", found);
	for (uint32_t i = 0; i < services; i++) {
		set_address(&get_destinations, get_destinations.service_at,
			    service_address(i));
		found = dump(floor, &get_destinations);
		if (found != destinations)
			errx(1, "the kernel tells of %u destinations of service %u",
			     found, i);
	}
}

/* --- the socket -------------------------------------------------------------------------------- */

static uint16_t family_of(const char *answer, size_t length)
{
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	while (at + NLA_HDRLEN <= length) {
		const struct nlattr *attribute = (const void *)(answer + at);

		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > length - at)
			break;
		if (attribute->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(const uint16_t *)(const void *)(answer + at +
								 NLA_HDRLEN);
		at += NLA_ALIGN(attribute->nla_len);
	}
	errx(1, "the kernel has no generic netlink family %s", IPVS_GENL_NAME);
}

/* The first request after a module was loaded may fail; the second one decides. */
static void resolve_family(struct floor *floor)
{
	_Alignas(4) char answer[8192] = { 0 };
	const struct nlmsghdr *header = (const void *)answer;
	struct template request;
	size_t length = 0;

	start(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	put(&request, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof(IPVS_GENL_NAME));
	for (int i = 0; i < 2 && header->nlmsg_type != GENL_ID_CTRL; i++) {
		struct nlmsghdr *asked = (struct nlmsghdr *)(void *)request.bytes;

		asked->nlmsg_len = (uint32_t)request.length;
		if (send(floor->fd, request.bytes, request.length, 0) < 0)
			err(1, "asking for the family");
		length = receive(floor, answer, MIN_OF(sizeof(answer), floor->room));
	}
	floor->family = family_of(answer, length);
}

static void force_buffer(const struct floor *floor, int option, int size)
{
	if (setsockopt(floor->fd, SOL_SOCKET, option, &size, sizeof(size)) < 0)
		err(1, "buffers of %d bytes", size);
}

static void open_socket(struct floor *floor)
{
	int on = 1;

	floor->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (floor->fd < 0)
		err(1, "generic netlink");
	if (setsockopt(floor->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		err(1, "NETLINK_CAP_ACK");
	force_buffer(floor, SO_SNDBUFFORCE, sizeof(floor->buffer));
	force_buffer(floor, SO_RCVBUFFORCE, ANSWERS);
	resolve_family(floor);
}

int main(int argc, char **argv)
{
	static struct floor floor;
	uint64_t began;
	uint32_t services, destinations;
	bool reads = argc == 4 && strcmp(argv[1], "read") == 0;

	if (argc != 4 || (!reads && strcmp(argv[1], "write") != 0) ||
	    parse_u32(argv[2], 1, SERVICES_MAX, &services) < 0 ||
	    parse_u32(argv[3], 0, DESTINATIONS_MAX, &destinations) < 0)
		errx(2, "usage: floor write|read SERVICES DESTINATIONS");
	floor.room = destinations < LONG_DUMP ? SHORT_MESSAGE : LONG_MESSAGE;
	open_socket(&floor);
	began = clock_usec(CLOCK_MONOTONIC);
	if (reads)
		read_table(&floor, services, destinations);
	else
		create_table(&floor, services, destinations);
	printf("{\"kernel\": %" PRIu64 "}\n", clock_usec(CLOCK_MONOTONIC) - began);
	close(floor.fd);
	return 0;
}
