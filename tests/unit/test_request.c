/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests as libnl reads them, since the kernel reads them the same way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "agent/kernel/netlink/request.h"

enum { FAMILY = 33, SEQUENCE = 7, COMMAND = 5, ATTRIBUTES_MAX = 8 };

static void start(struct request *request, struct request_buffer *buffer, size_t room)
{
	/* What was in the buffer before must not be sent. */
	memset(buffer, 0xff, sizeof(*buffer));
	request_start(request, buffer->bytes, room, FAMILY, SEQUENCE, NLM_F_DUMP, COMMAND,
		      1);
}

static void test_headers(void **state)
{
	struct request_buffer buffer;
	struct request request;
	const struct nlmsghdr *message;
	const struct genlmsghdr *genl;

	(void)state;
	start(&request, &buffer, sizeof(buffer));
	message = request_end(&request);
	assert_ptr_equal(message, buffer.bytes);
	assert_int_equal(message->nlmsg_len, NLMSG_HDRLEN + GENL_HDRLEN);
	assert_int_equal(message->nlmsg_type, FAMILY);
	assert_int_equal(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(message->nlmsg_seq, SEQUENCE);
	assert_int_equal(message->nlmsg_pid, 0);
	genl = nlmsg_data(message);
	assert_int_equal(genl->cmd, COMMAND);
	assert_int_equal(genl->version, 1);
	assert_int_equal(genl->reserved, 0);
}

static void test_attributes(void **state)
{
	static const unsigned char rest[3];
	struct nlattr *outer[ATTRIBUTES_MAX + 1], *inner[ATTRIBUTES_MAX + 1];
	struct request_buffer buffer;
	struct request request;
	struct nlmsghdr *message;
	size_t nest;

	(void)state;
	start(&request, &buffer, sizeof(buffer));
	request_put_u8(&request, 1, 200);
	nest = request_start_nest(&request, 2);
	request_put_u16(&request, 3, 60000);
	request_put_u32(&request, 4, 4000000000);
	request_put_text(&request, 5, "wlc");
	request_end_nest(&request, nest);
	request_put(&request, 6, "\1\2\3\4\5", 5);
	message = request_end(&request);
	assert_non_null(message);
	assert_int_equal(message->nlmsg_len % NLMSG_ALIGNTO, 0);
	assert_int_equal(genlmsg_parse(message, 0, outer, ATTRIBUTES_MAX, NULL), 0);
	assert_int_equal(nla_get_u8(outer[1]), 200);
	assert_memory_equal((char *)nla_data(outer[1]) + 1, rest, 3);
	assert_true(outer[2]->nla_type & NLA_F_NESTED);
	assert_int_equal(nla_len(outer[6]), 5);
	assert_memory_equal(nla_data(outer[6]), "\1\2\3\4\5\0\0\0", 8);
	assert_null(outer[3]);
	assert_int_equal(nla_parse_nested(inner, ATTRIBUTES_MAX, outer[2], NULL), 0);
	assert_int_equal(nla_get_u16(inner[3]), 60000);
	assert_int_equal(nla_get_u32(inner[4]), 4000000000);
	assert_int_equal(nla_len(inner[5]), 4);
	assert_string_equal(nla_get_string(inner[5]), "wlc");
	assert_null(inner[6]);
}

static void test_full_buffer(void **state)
{
	const size_t room = NLMSG_HDRLEN + GENL_HDRLEN + 2 * (NLA_HDRLEN + 4);
	struct request_buffer buffer;
	struct request request;

	(void)state;
	start(&request, &buffer, room);
	request_put_u32(&request, 1, 1);
	request_put_u16(&request, 2, 1);
	assert_int_equal(request_end(&request)->nlmsg_len, room);
	request_put(&request, 3, "", 0);
	assert_null(request_end(&request));
	assert_int_equal((unsigned char)buffer.bytes[room], 0xff);
}

static void test_what_follows_an_overflow_is_left_out(void **state)
{
	struct request_buffer buffer;
	struct request request;
	size_t nest;

	(void)state;
	start(&request, &buffer, NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + 4);
	nest = request_start_nest(&request, 1);
	request_put(&request, 2, "too long", 8);
	request_put(&request, 3, "", 0);
	request_end_nest(&request, nest);
	assert_null(request_end(&request));
	assert_int_equal(request.header->nlmsg_len,
			 NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_what_follows_an_overflow_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
