/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/answer.h"

#include <errno.h>

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
			   size_t header, const struct answer_rule *rules,
			   unsigned int count)
{
	const size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (message->nlmsg_len < before)
		return -EBADMSG;
	return answer_find(answer, (const char *)message + before,
			   message->nlmsg_len - before, rules, count);
}

int answer_find_nested(struct answer *answer, const struct answer *outer,
		       unsigned int type, const struct answer_rule *rules,
		       unsigned int count)
{
	if (!outer->value[type])
		return -EBADMSG;
	return answer_find(answer, outer->value[type], outer->length[type], rules, count);
}

int answer_each(const void *bytes, size_t length, answer_handler handle, void *context)
{
	const char *at = bytes, *end = at + length;

	while ((size_t)(end - at) >= NLA_HDRLEN) {
		struct nlattr header;
		int r;

		memcpy(&header, at, sizeof(header));
		if (header.nla_len < NLA_HDRLEN || header.nla_len > end - at)
			return -EBADMSG;
		r = handle(at + NLA_HDRLEN, header.nla_len - (size_t)NLA_HDRLEN, context);
		if (r < 0)
			return r;
		at += MIN_OF(NLA_ALIGN((size_t)header.nla_len), (size_t)(end - at));
	}
	return 0;
}

void answer_text(const struct answer *answer, unsigned int type, char *text, size_t room)
{
	size_t length = MIN_OF((size_t)answer->length[type], room - 1);

	memcpy(text, answer->value[type], length);
	text[length] = '\0';
	/* Texts are compared as bytes, too: all that follows the first NUL is zero. */
	memset(text + strlen(text), 0, room - strlen(text));
}
