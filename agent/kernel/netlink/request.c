/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/request.h"

#include <linux/genetlink.h>

/* Space behind what there is, or NULL. size is a multiple of NLMSG_ALIGNTO. */
static void *extend(struct request *request, size_t size)
{
	size_t length = request->header->nlmsg_len;

	if (request->overflow || size > request->room - length) {
		request->overflow = true;
		return NULL;
	}
	request->header->nlmsg_len = (uint32_t)(length + size);
	return (char *)request->header + length;
}

void request_start_plain(struct request *request, void *buffer, size_t room,
			 uint16_t type, uint32_t sequence, uint16_t flags,
			 const void *header, size_t size)
{
	const struct nlmsghdr message = { .nlmsg_len = NLMSG_HDRLEN,
					  .nlmsg_type = type,
					  .nlmsg_flags = NLM_F_REQUEST | flags,
					  .nlmsg_seq = sequence };
	char *at;

	*request = (struct request){ .header = buffer, .room = room };
	memcpy(buffer, &message, sizeof(message));
	at = extend(request, NLMSG_ALIGN(size));
	if (!at)
		return;
	memset(at, 0, NLMSG_ALIGN(size));
	memcpy(at, header, size);
}

void request_start(struct request *request, void *buffer, size_t room, uint16_t family,
		   uint32_t sequence, uint16_t flags, uint8_t command, uint8_t version)
{
	const struct genlmsghdr genl = { .cmd = command, .version = version };

	request_start_plain(request, buffer, room, family, sequence, flags, &genl,
			    sizeof(genl));
}

void request_put(struct request *request, uint16_t type, const void *value, size_t size)
{
	struct nlattr attribute = { .nla_type = type,
				    .nla_len = (uint16_t)(NLA_HDRLEN + size) };
	size_t whole = NLA_ALIGN(NLA_HDRLEN + size);
	char *at = size <= request->room ? extend(request, whole) : NULL;

	if (!at) {
		request->overflow = true;
		return;
	}
	/*
	 * The value may end before its last word does; the kernel is sent no stale bytes.
	 */
	memset(at + whole - NLA_ALIGNTO, 0, NLA_ALIGNTO);
	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + NLA_HDRLEN, value, size);
}

size_t request_start_nest(struct request *request, uint16_t type)
{
	size_t nest = request->header->nlmsg_len;

	request_put(request, NLA_F_NESTED | type, "", 0);
	return nest;
}

void request_end_nest(struct request *request, size_t nest)
{
	char *at = (char *)request->header + nest;

	if (!request->overflow)
		((struct nlattr *)(void *)at)->nla_len =
			(uint16_t)(request->header->nlmsg_len - nest);
}

struct nlmsghdr *request_end(struct request *request)
{
	return request->overflow ? NULL : request->header;
}
