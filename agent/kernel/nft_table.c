/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_table.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/nfnetlink.h"
#include "agent/model/fingerprint.h"
#include "common/array.h"

/* How often a dump that others interrupt is begun again. */
enum { DUMP_TRIES = 10 };

struct nft_reader {
	struct netlink_socket *socket;
	struct nft_table *table; /* that is being read */
	const char *name, *marker_prefix;
	uint8_t family;
	char (*sets)[NFT_SET_MAXNAMELEN]; /* their names */
	size_t set_count, set_room;
	uint32_t generation;
};

static int explain(int r, struct err *err)
{
	switch (-r) {
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
	case EINVAL: /* nfnetlink.c: no module answers for the subsystem */
	case EOPNOTSUPP:
		return err_set(
			err, EPROTONOSUPPORT,
			"this kernel has no nf_tables: module nf_tables is missing or may not be loaded");
	case EPERM:
	case EACCES:
		return err_set(err, EPERM, "nf_tables: CAP_NET_ADMIN is needed");
	default:
		return err_errno(err, -r, "nf_tables");
	}
}

int nft_reader_open(struct nft_reader **reader, struct err *err)
{
	cleanup_nft_reader struct nft_reader *opened = calloc(1, sizeof(*opened));
	int r;

	if (!opened)
		return err_errno(err, ENOMEM, "nf_tables");
	r = netlink_open(&opened->socket, NETLINK_NETFILTER, RECEIVE_LONG, err);
	if (r < 0)
		return explain(r, err);
	*reader = TAKE_PTR(opened);
	return 0;
}

void nft_reader_close(struct nft_reader *reader)
{
	netlink_close(reader->socket);
	free(reader->sets);
	free(reader);
}

/* --- one question --- */

enum {
	TABLE_NAME = 1, /* in every kind of message */
	OBJECT_NAME = 2,
	NAME_MAX_LENGTH = 256,
};

_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
		       NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1 &&
		       NFTA_SET_NAME == 2 && NFTA_SET_ELEM_LIST_SET == 2,
	       "nf_tables.h: attributes with one number");

/* Asks about a table and set, NULL for all of the family, and gives reader to handle. */
static int ask(struct nft_reader *reader, uint8_t command, uint16_t flags,
	       const char *table, const char *set, netlink_handler handle)
{
	struct request_buffer buffer;
	struct request request;

	nfnetlink_start(reader->socket, &request, &buffer,
			nfnetlink_type(NFNL_SUBSYS_NFTABLES, command), flags,
			reader->family);
	if (table)
		request_put_text(&request, TABLE_NAME, table);
	if (set)
		request_put_text(&request, OBJECT_NAME, set);
	return netlink_ask(reader->socket, request_end(&request), handle, reader);
}

/*
 * Whether the message tells of an object of our table; older kernels list those of all.
 */
static bool take_object(const struct nft_reader *reader, const struct nlmsghdr *message,
			uint8_t command, struct answer *answer)
{
	static const struct answer_rule rules[NFTA_TABLE_HANDLE + 1] = {
		[TABLE_NAME] = { 1, NAME_MAX_LENGTH },
		[OBJECT_NAME] = { 0, UINT16_MAX },
		[NFTA_CHAIN_NAME] = { 0, UINT16_MAX }, /* or a set's elements */
		[NFTA_TABLE_HANDLE] = { 0, UINT16_MAX },
	};

	return nfnetlink_is(message, nfnetlink_type(NFNL_SUBSYS_NFTABLES, command)) &&
	       nfnetlink_find(answer, message, rules, ARRAY_SIZE(rules)) == 0 &&
	       answer_is_text(answer, TABLE_NAME, reader->name);
}

/* --- what is read --- */

/*
 * Independent of order: a set lists its elements in that of a hash table, which may grow.
 */
static void add(struct nft_reader *reader, uint32_t kind, const void *bytes,
		size_t length)
{
	reader->table->sum += fingerprint_bytes(bytes, length) * (2 * (uint64_t)kind + 1);
}

/* A message after its header, which has the generation. */
static void add_message(struct nft_reader *reader, const struct nlmsghdr *message)
{
	const size_t before = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	add(reader, message->nlmsg_type & 0xff, (const char *)message + before,
	    message->nlmsg_len - before);
}

static int handle_generation(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[NFTA_GEN_ID + 1] = {
		[NFTA_GEN_ID] = { 4, 4 },
	};
	struct nft_reader *reader = context;
	struct answer answer;

	if (nfnetlink_is(message, nfnetlink_type(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWGEN)) &&
	    nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules)) == 0 &&
	    answer.value[NFTA_GEN_ID])
		reader->generation = ntohl(answer_u32(&answer, NFTA_GEN_ID));
	return 0;
}

static int handle_table(const struct nlmsghdr *message, void *context)
{
	struct nft_reader *reader = context;
	struct answer answer;
	uint64_t handle;

	if (!take_object(reader, message, NFT_MSG_NEWTABLE, &answer))
		return 0;
	reader->table->exists = true;
	if (answer.value[NFTA_TABLE_HANDLE] &&
	    answer.length[NFTA_TABLE_HANDLE] == sizeof(handle)) {
		memcpy(&handle, answer.value[NFTA_TABLE_HANDLE], sizeof(handle));
		reader->table->handle = be64toh(handle);
	}
	add_message(reader, message);
	return 0;
}

static void take_marker(struct nft_reader *reader, const char *chain)
{
	size_t prefix = strlen(reader->marker_prefix);
	unsigned long long marker;
	int length = 0;

	if (strncmp(chain, reader->marker_prefix, prefix) == 0 &&
	    sscanf(chain + prefix, "%16llx%n", &marker, &length) == 1 && length == 16 &&
	    chain[prefix + 16] == '\0')
		reader->table->marker = marker;
}

static int handle_chain(const struct nlmsghdr *message, void *context)
{
	struct nft_reader *reader = context;
	char name[NAME_MAX_LENGTH];
	struct answer answer;

	if (!take_object(reader, message, NFT_MSG_NEWCHAIN, &answer) ||
	    !answer.value[NFTA_CHAIN_NAME])
		return 0;
	answer_text(&answer, NFTA_CHAIN_NAME, name, sizeof(name));
	take_marker(reader, name);
	add_message(reader, message);
	return 0;
}

static int handle_rule(const struct nlmsghdr *message, void *context)
{
	struct nft_reader *reader = context;
	struct answer answer;

	if (take_object(reader, message, NFT_MSG_NEWRULE, &answer))
		add_message(reader, message);
	return 0;
}

static int handle_set(const struct nlmsghdr *message, void *context)
{
	struct nft_reader *reader = context;
	struct answer answer;

	if (!take_object(reader, message, NFT_MSG_NEWSET, &answer) ||
	    !answer.value[OBJECT_NAME])
		return 0;
	add_message(reader, message);
	if (ARRAY_MAKE_ROOM(reader->sets, reader->set_count, reader->set_room) < 0)
		return -ENOMEM;
	answer_text(&answer, OBJECT_NAME, reader->sets[reader->set_count++],
		    sizeof(*reader->sets));
	return 0;
}

struct element_sum {
	struct nft_reader *reader;
	uint32_t set;
};

static int add_element(const void *value, size_t size, void *context)
{
	const struct element_sum *sum = context;

	add(sum->reader, sum->set, value, size);
	return 0;
}

/* Which message an element stands in depends on the receive buffer. */
static int handle_elements(const struct nlmsghdr *message, void *context)
{
	struct element_sum sum = { .reader = context };
	struct answer answer;

	if (!take_object(context, message, NFT_MSG_NEWSETELEM, &answer) ||
	    !answer.value[OBJECT_NAME] || !answer.value[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	sum.set = (uint32_t)fingerprint_bytes(answer.value[OBJECT_NAME],
					      answer.length[OBJECT_NAME]);
	return answer_each(answer.value[NFTA_SET_ELEM_LIST_ELEMENTS],
			   answer.length[NFTA_SET_ELEM_LIST_ELEMENTS], add_element, &sum);
}

static int read_contents(struct nft_reader *reader)
{
	const char *name = reader->name;
	int r = ask(reader, NFT_MSG_GETCHAIN, NLM_F_DUMP, NULL, NULL, handle_chain);

	if (r == 0)
		r = ask(reader, NFT_MSG_GETRULE, NLM_F_DUMP, name, NULL, handle_rule);
	if (r == 0)
		r = ask(reader, NFT_MSG_GETSET, NLM_F_DUMP, name, NULL, handle_set);
	for (size_t i = 0; r == 0 && i < reader->set_count; i++)
		r = ask(reader, NFT_MSG_GETSETELEM, NLM_F_DUMP, name, reader->sets[i],
			handle_elements);
	return r;
}

static int read_whole(struct nft_reader *reader)
{
	int r;

	*reader->table = (struct nft_table){ 0 };
	reader->set_count = 0;
	r = ask(reader, NFT_MSG_GETTABLE, 0, reader->name, NULL, handle_table);
	if (r == -ENOENT)
		return 0;
	if (r == 0 && reader->table->exists)
		r = read_contents(reader);
	if (r == 0 && reader->table->sum == 0)
		reader->table->sum = 1;
	return r;
}

int nft_read_table(struct nft_reader *reader, uint8_t family, const char *name,
		   const char *marker_prefix, struct nft_table *table, struct err *err)
{
	struct nft_table found = { 0 };
	int r = -EINTR;

	reader->table = &found;
	reader->family = family; /* NFPROTO_IPV4 and _IPV6 are the same numbers */
	reader->name = name;
	reader->marker_prefix = marker_prefix;
	/* -ENOENT: a set was deleted between two questions. */
	for (int i = 0; i < DUMP_TRIES && (r == -EINTR || r == -ENOENT); i++)
		r = read_whole(reader);
	reader->table = NULL;
	if (r < 0)
		return explain(r, err);
	*table = found;
	return 0;
}

int nft_read_generation(struct nft_reader *reader, uint32_t *generation, struct err *err)
{
	int r;

	reader->generation = 0;
	reader->family = AF_UNSPEC;
	r = ask(reader, NFT_MSG_GETGEN, 0, NULL, NULL, handle_generation);
	if (r < 0)
		return explain(r, err);
	*generation = reader->generation;
	return 0;
}
