/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/macro.h"

/*
 * A netlink answer as it is read: the attributes of one level, found in one walk without
 * a copy. libnl's parser does the same with a policy, but for a dump of a large table it
 * takes a good part of the time that the kernel takes for the answers.
 */

enum { ANSWER_ATTRIBUTES_MAX = 24 };

/* The lengths, in bytes, that an attribute may have; max 0: it is skipped. */
struct answer_rule {
	uint16_t min, max;
};

/*
 * By attribute type: where the value lies, borrowed from the message, or NULL; its
 * length.
 */
struct answer {
	const void *value[ANSWER_ATTRIBUTES_MAX];
	uint16_t length[ANSWER_ATTRIBUTES_MAX];
};

/*
 * Finds the attributes with the types 0 to count - 1 (at most ANSWER_ATTRIBUTES_MAX) in
 * untrusted bytes. Of two of one type the last counts. -EBADMSG if one is shorter or
 * longer than its rule allows. Skipped: a type without a rule, such as one of a newer
 * kernel, and everything after a torn attribute.
 */
int answer_find(struct answer *answer, const void *bytes, size_t length,
		const struct answer_rule *rules, unsigned int count) MUST_CHECK;

/*
 * The same in a message, after the protocol's own header of that many bytes (ifinfomsg,
 * nfgenmsg, genlmsghdr, …). -EBADMSG too if the message is shorter than its headers.
 */
int answer_find_in_message(struct answer *answer, const struct nlmsghdr *message,
			   size_t header, const struct answer_rule *rules,
			   unsigned int count) MUST_CHECK;

/* The same in an attribute of outer. -EBADMSG too if outer does not have it. */
int answer_find_nested(struct answer *answer, const struct answer *outer,
		       unsigned int type, const struct answer_rule *rules,
		       unsigned int count) MUST_CHECK;

/*
 * Calls handle for each element of the list that an attribute's value is. A negative
 * return stops and is returned; -EBADMSG for a torn element.
 */
typedef int (*answer_handler)(const void *value, size_t size, void *context);
int answer_each(const void *bytes, size_t length, answer_handler handle,
		void *context) MUST_CHECK;

/* Values that are present and whose rule has their size; in the message's byte order. */
static inline uint8_t answer_u8(const struct answer *answer, unsigned int type)
{
	return *(const uint8_t *)answer->value[type];
}

static inline uint16_t answer_u16(const struct answer *answer, unsigned int type)
{
	uint16_t value;

	memcpy(&value, answer->value[type], sizeof(value));
	return value;
}

static inline uint32_t answer_u32(const struct answer *answer, unsigned int type)
{
	uint32_t value;

	memcpy(&value, answer->value[type], sizeof(value));
	return value;
}

/* Whether the attribute is present and is this text, with its NUL. */
static inline bool answer_is_text(const struct answer *answer, unsigned int type,
				  const char *text)
{
	size_t length = strlen(text) + 1;

	return answer->value[type] && answer->length[type] >= length &&
	       memcmp(answer->value[type], text, length) == 0;
}

/*
 * A text that is present, with or without a NUL; cut to fit room bytes, zeros after it.
 */
void answer_text(const struct answer *answer, unsigned int type, char *text, size_t room);
