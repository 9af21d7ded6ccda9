/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/macro.h"

/*
 * A generic-netlink answer as it is read: the attributes of one level, found in one walk without a
 * copy. libnl's parser does the same with a policy; for a dump of a large table it is a good part of
 * what the kernel takes for the answers.
 */

enum { ANSWER_ATTRIBUTES_MAX = 24 };

/* The lengths that an attribute may have; one with max 0 is passed over, whatever it is. */
struct answer_rule {
	uint16_t min, max;
};

/* By attribute type: where the value lies, or NULL, and its length. */
struct answer {
	const void *value[ANSWER_ATTRIBUTES_MAX];
	uint16_t length[ANSWER_ATTRIBUTES_MAX];
};

/*
 * Finds the attributes with the types 0 to count - 1 in bytes that may come from anywhere. The
 * last of two of one type counts. -EBADMSG where one of them is shorter or longer than its rule
 * allows; a type without a rule, a kernel's newer one, and what follows a torn attribute are
 * passed over. count is at most ANSWER_ATTRIBUTES_MAX.
 */
int answer_find(struct answer *answer, const void *bytes, size_t length,
		const struct answer_rule *rules, unsigned int count) MUST_CHECK;

/* Likewise in a message, behind both of its headers. -EBADMSG where there is no room for them. */
int answer_find_in_message(struct answer *answer, const struct nlmsghdr *message,
			   const struct answer_rule *rules,
			   unsigned int count) MUST_CHECK;

/* Values that are there and whose rule is of their size; as they are, in whatever order. */
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

/* A text, cut short where room is too small; whatever it has for an end. */
void answer_text(const struct answer *answer, unsigned int type, char *text, size_t room);
