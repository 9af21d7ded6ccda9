/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/answer.h"

#include <errno.h>
#include <linux/genetlink.h>

int answer_find(struct answer *answer, const void *bytes, size_t length,
		const struct answer_rule *rules, unsigned int count)
{
	const char *at = bytes, *end = at + length;

	memset(answer->value, 0, count * sizeof(answer->value[0]));
	while ((size_t)(end - at) >= NLA_HDRLEN) {
		struct nlattr header;
		size_t type, size;

		memcpy(&header, at, sizeof(header));
		if (header.nla_len < NLA_HDRLEN || header.nla_len > end - at)
			break;
		type = header.nla_type & NLA_TYPE_MASK;
		size = header.nla_len - (size_t)NLA_HDRLEN;
		if (type < count && rules[type].max > 0) {
			if (size < rules[type].min || size > rules[type].max)
				return -EBADMSG;
			answer->value[type] = at + NLA_HDRLEN;
			answer->length[type] = (uint16_t)size;
		}
		at += MIN_OF(NLA_ALIGN((size_t)header.nla_len), (size_t)(end - at));
	}
	return 0;
}

int answer_find_in_message(struct answer *answer, const struct nlmsghdr *message,
			   const struct answer_rule *rules, unsigned int count)
{
	const size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;

	if (message->nlmsg_len < headers)
		return -EBADMSG;
	return answer_find(answer, (const char *)message + headers,
			   message->nlmsg_len - headers, rules, count);
}

void answer_text(const struct answer *answer, unsigned int type, char *text, size_t room)
{
	size_t length = MIN_OF((size_t)answer->length[type], room - 1);

	memcpy(text, answer->value[type], length);
	text[length] = '\0';
	/* Cut at a NUL inside it, and nothing behind that: texts are compared as bytes, too. */
	memset(text + strlen(text), 0, room - strlen(text));
}
