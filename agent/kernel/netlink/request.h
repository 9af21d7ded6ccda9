/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A netlink request as it is written, attribute after attribute, into a buffer of the
 * caller's. libnl would allocate and clear each message, which is then copied into the
 * batch; for a large table that is a good part of what the kernel takes for the requests.
 * What does not fit is left out and remembered, so that one look at the end,
 * request_end(), is enough.
 */
struct request {
	struct nlmsghdr *header; /* at the start of the buffer; its nlmsg_len grows */
	size_t room;		 /* of the buffer */
	bool overflow;
};

/* More than any request takes: a service with all its attributes has about 150 bytes. */
enum { REQUEST_ROOM = 512 };

/* A buffer for one request. */
struct request_buffer {
	_Alignas(NLMSG_ALIGNTO) char bytes[REQUEST_ROOM];
};

/*
 * buffer: aligned to NLMSG_ALIGNTO, with room for the two headers at least. family: the
 * number that the kernel has for it.
 */
void request_start(struct request *request, void *buffer, size_t room, uint16_t family,
		   uint32_t sequence, uint16_t flags, uint8_t command, uint8_t version);

/*
 * The same for a protocol that is not generic netlink: header, size bytes, stands in
 * genlmsghdr's place.
 */
void request_start_plain(struct request *request, void *buffer, size_t room,
			 uint16_t type, uint32_t sequence, uint16_t flags,
			 const void *header, size_t size);

void request_put(struct request *request, uint16_t type, const void *value, size_t size);

static inline void request_put_u8(struct request *request, uint16_t type, uint8_t value)
{
	request_put(request, type, &value, sizeof(value));
}

/*
 * Numbers are put as they are: those that the kernel wants in network order come in it.
 */
static inline void request_put_u16(struct request *request, uint16_t type, uint16_t value)
{
	request_put(request, type, &value, sizeof(value));
}

static inline void request_put_u32(struct request *request, uint16_t type, uint32_t value)
{
	request_put(request, type, &value, sizeof(value));
}

static inline void request_put_text(struct request *request, uint16_t type,
				    const char *text)
{
	request_put(request, type, text, strlen(text) + 1);
}

/* What is put from here to the end of the nest is inside it. Returns what ends it. */
size_t request_start_nest(struct request *request, uint16_t type);
void request_end_nest(struct request *request, size_t nest);

/* The complete message, a multiple of NLMSG_ALIGNTO long; NULL where it did not fit. */
struct nlmsghdr *request_end(struct request *request);
