/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_table.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "agent/model/fingerprint.h"
#include "common/array.h"

/* A dump that others write into begins anew, so often. */
enum { ATTEMPTS = 10, ANSWER_SECONDS = 60, RECEIVE_SIZE = 32768 };

struct nft_reader {
	struct nl_sock *socket;
	struct nft_table *table; /* that is being read */
	const char *name, *marker_prefix;
	uint8_t family;
	char (*sets)[NFT_SET_MAXNAMELEN]; /* their names */
	size_t set_count, set_room;
	uint32_t generation;
	bool out_of_memory;
};

static int explain(int nl_error, struct err *err)
{
	switch (-nl_error) {
	case NLE_PROTO_MISMATCH:
	case NLE_AF_NOSUPPORT:
	case NLE_INVAL:
	case NLE_OPNOTSUPP:
		return err_set(
			err, EPROTONOSUPPORT,
			"this kernel has no nf_tables: module nf_tables is missing or may not be loaded");
	case NLE_PERM:
	case NLE_NOACCESS:
		return err_set(err, EPERM, "nf_tables: CAP_NET_ADMIN is needed");
	case NLE_NOMEM:
		return err_errno(err, ENOMEM, "nf_tables");
	default:
		return err_set(err, EIO, "nf_tables: %s", nl_geterror(nl_error));
	}
}

int nft_reader_open(struct nft_reader **reader, struct err *err)
{
	static const struct timeval wait = { .tv_sec = ANSWER_SECONDS };
	cleanup_nft_reader struct nft_reader *opened = calloc(1, sizeof(*opened));
	int r;

	if (!opened)
		return err_errno(err, ENOMEM, "nf_tables");
	opened->socket = nl_socket_alloc();
	if (!opened->socket)
		return err_errno(err, ENOMEM, "nf_tables");
	/* libnl would wait for a number that counts on with acknowledgements alone. */
	nl_socket_disable_auto_ack(opened->socket);
	nl_socket_disable_seq_check(opened->socket);
	r = nl_connect(opened->socket, NETLINK_NETFILTER);
	if (r == 0)
		r = nl_socket_set_msg_buf_size(opened->socket, RECEIVE_SIZE);
	if (r < 0)
		return explain(r, err);
	if (setsockopt(nl_socket_get_fd(opened->socket), SOL_SOCKET, SO_RCVTIMEO, &wait,
		       sizeof(wait)) < 0)
		return err_errno(err, errno, "nf_tables");
	*reader = TAKE_PTR(opened);
	return 0;
}

void nft_reader_close(struct nft_reader *reader)
{
	if (reader->socket)
		nl_socket_free(reader->socket);
	free(reader->sets);
	free(reader);
}

/* --- one question --- */

typedef void (*answer_handler)(struct nft_reader *reader, struct nlattr **attributes,
			       struct nlmsghdr *header);

struct question {
	uint8_t command, answer; /* NFT_MSG_GET…, NFT_MSG_NEW… */
	uint8_t family;
	int flags;
	uint16_t table_attribute; /* 0: none; with the reader's name */
	uint16_t set_attribute;
	const char *set;
	uint16_t attribute_max;
	answer_handler handle;
};

struct answering {
	struct nft_reader *reader;
	const struct question *question;
};

static int on_message(struct nl_msg *message, void *context)
{
	enum { ATTRIBUTES_MAX = 31 };
	const struct answering *answering = context;
	const struct question *question = answering->question;
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct nlattr *attributes[ATTRIBUTES_MAX + 1];

	if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | question->answer) ||
	    nlmsg_parse(header, sizeof(struct nfgenmsg), attributes,
			question->attribute_max, NULL) < 0)
		return NL_OK;
	question->handle(answering->reader, attributes, header);
	return NL_OK;
}

static struct nl_msg *encode(const struct nft_reader *reader,
			     const struct question *question)
{
	struct nfgenmsg header = { .nfgen_family = question->family,
				   .version = NFNETLINK_V0 };
	struct nl_msg *message = nlmsg_alloc_simple(
		NFNL_SUBSYS_NFTABLES << 8 | question->command, question->flags);

	if (!message)
		return NULL;
	if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    (question->table_attribute &&
	     nla_put_string(message, question->table_attribute, reader->name) < 0) ||
	    (question->set_attribute &&
	     nla_put_string(message, question->set_attribute, question->set) < 0)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* Negative as libnl has it. */
static int ask(struct nft_reader *reader, const struct question *question)
{
	struct answering answering = { reader, question };
	struct nl_msg *message = encode(reader, question);
	int r;

	if (!message)
		return -NLE_NOMEM;
	r = nl_socket_modify_cb(reader->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message,
				&answering);
	if (r == 0)
		r = nl_send_auto(reader->socket, message);
	nlmsg_free(message);
	/* The answer, the error, or a dump up to its end. */
	if (r >= 0)
		r = nl_recvmsgs_default(reader->socket);
	if (r >= 0 && reader->out_of_memory)
		r = -NLE_NOMEM;
	return r < 0 ? r : 0;
}

/* --- what is read --- */

/* Not in any order: sets tell their elements in that of a hash table, which may grow. */
static void add(struct nft_reader *reader, uint32_t kind, const void *bytes,
		size_t length)
{
	reader->table->sum += fingerprint_bytes(bytes, length) * (2 * (uint64_t)kind + 1);
}

static bool is_ours(const struct nft_reader *reader, const struct nlattr *table)
{
	return table && nla_strcmp(table, reader->name) == 0;
}

/* A message less its header, in which the generation stands. */
static void add_message(struct nft_reader *reader, struct nlmsghdr *header)
{
	add(reader, header->nlmsg_type & 0xff,
	    nlmsg_attrdata(header, sizeof(struct nfgenmsg)),
	    (size_t)nlmsg_attrlen(header, sizeof(struct nfgenmsg)));
}

static void take_generation(struct nft_reader *reader, struct nlattr **attributes,
			    struct nlmsghdr *header UNUSED)
{
	if (attributes[NFTA_GEN_ID])
		reader->generation = ntohl(nla_get_u32(attributes[NFTA_GEN_ID]));
}

static uint64_t from_big_endian(const struct nlattr *attribute)
{
	const uint8_t *bytes = nla_data(attribute);
	uint64_t value = 0;

	for (int i = 0; i < nla_len(attribute) && i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void take_table(struct nft_reader *reader, struct nlattr **attributes,
		       struct nlmsghdr *header)
{
	if (!is_ours(reader, attributes[NFTA_TABLE_NAME]))
		return;
	reader->table->exists = true;
	if (attributes[NFTA_TABLE_HANDLE])
		reader->table->handle = from_big_endian(attributes[NFTA_TABLE_HANDLE]);
	add_message(reader, header);
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

static void take_chain(struct nft_reader *reader, struct nlattr **attributes,
		       struct nlmsghdr *header)
{
	if (!is_ours(reader, attributes[NFTA_CHAIN_TABLE]) ||
	    !attributes[NFTA_CHAIN_NAME])
		return;
	take_marker(reader, nla_get_string(attributes[NFTA_CHAIN_NAME]));
	add_message(reader, header);
}

static void take_rule(struct nft_reader *reader, struct nlattr **attributes,
		      struct nlmsghdr *header)
{
	if (is_ours(reader, attributes[NFTA_RULE_TABLE]))
		add_message(reader, header);
}

static void take_set(struct nft_reader *reader, struct nlattr **attributes,
		     struct nlmsghdr *header)
{
	if (!is_ours(reader, attributes[NFTA_SET_TABLE]) || !attributes[NFTA_SET_NAME])
		return;
	add_message(reader, header);
	if (ARRAY_MAKE_ROOM(reader->sets, reader->set_count, reader->set_room) < 0) {
		reader->out_of_memory = true;
		return;
	}
	nla_strlcpy(reader->sets[reader->set_count++], attributes[NFTA_SET_NAME],
		    NFT_SET_MAXNAMELEN);
}

static void take_elements(struct nft_reader *reader, struct nlattr **attributes,
			  struct nlmsghdr *header UNUSED)
{
	const struct nlattr *list = attributes[NFTA_SET_ELEM_LIST_ELEMENTS];
	const struct nlattr *set = attributes[NFTA_SET_ELEM_LIST_SET];
	uint64_t of_set;
	int left;

	if (!list || !set)
		return;
	of_set = fingerprint_bytes(nla_data(set), (size_t)nla_len(set));
	/* Which message an element stands in depends on the receive buffer. */
	left = nla_len(list);
	for (const struct nlattr *element = nla_data(list); nla_ok(element, left);
	     element = nla_next(element, &left))
		add(reader, (uint32_t)of_set, nla_data(element),
		    (size_t)nla_len(element));
}

static int read_elements(struct nft_reader *reader)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < reader->set_count; i++) {
		const struct question elements = {
			.command = NFT_MSG_GETSETELEM,
			.answer = NFT_MSG_NEWSETELEM,
			.family = reader->family,
			.flags = NLM_F_DUMP,
			.table_attribute = NFTA_SET_ELEM_LIST_TABLE,
			.set_attribute = NFTA_SET_ELEM_LIST_SET,
			.set = reader->sets[i],
			.attribute_max = NFTA_SET_ELEM_LIST_MAX,
			.handle = take_elements,
		};

		r = ask(reader, &elements);
	}
	return r;
}

/* Chains are told of all tables by older kernels, so that each handler looks at the name. */
static int read_contents(struct nft_reader *reader)
{
	const struct question contents[] = {
		{ .command = NFT_MSG_GETCHAIN,
		  .answer = NFT_MSG_NEWCHAIN,
		  .attribute_max = NFTA_CHAIN_MAX,
		  .handle = take_chain },
		{ .command = NFT_MSG_GETRULE,
		  .answer = NFT_MSG_NEWRULE,
		  .table_attribute = NFTA_RULE_TABLE,
		  .attribute_max = NFTA_RULE_MAX,
		  .handle = take_rule },
		{ .command = NFT_MSG_GETSET,
		  .answer = NFT_MSG_NEWSET,
		  .table_attribute = NFTA_SET_TABLE,
		  .attribute_max = NFTA_SET_MAX,
		  .handle = take_set },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(contents); i++) {
		struct question question = contents[i];

		question.family = reader->family;
		question.flags = NLM_F_DUMP;
		r = ask(reader, &question);
	}
	return r < 0 ? r : read_elements(reader);
}

static int read_whole(struct nft_reader *reader)
{
	const struct question table = {
		.command = NFT_MSG_GETTABLE,
		.answer = NFT_MSG_NEWTABLE,
		.family = reader->family,
		.table_attribute = NFTA_TABLE_NAME,
		.attribute_max = NFTA_TABLE_MAX,
		.handle = take_table,
	};
	int r;

	*reader->table = (struct nft_table){ 0 };
	reader->set_count = 0;
	r = ask(reader, &table);
	if (r == -NLE_OBJ_NOTFOUND)
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
	int r = -NLE_DUMP_INTR;

	reader->table = &found;
	reader->family = family; /* NFPROTO_IPV4 and _IPV6 are the same numbers */
	reader->name = name;
	reader->marker_prefix = marker_prefix;
	/* What goes away between two questions is no object any more: the same. */
	for (int i = 0; i < ATTEMPTS && (r == -NLE_DUMP_INTR || r == -NLE_OBJ_NOTFOUND);
	     i++)
		r = read_whole(reader);
	reader->table = NULL;
	if (r < 0)
		return explain(r, err);
	*table = found;
	return 0;
}

int nft_read_generation(struct nft_reader *reader, uint32_t *generation, struct err *err)
{
	static const struct question question = {
		.command = NFT_MSG_GETGEN,
		.answer = NFT_MSG_NEWGEN,
		.family = AF_UNSPEC,
		.attribute_max = NFTA_GEN_MAX,
		.handle = take_generation,
	};
	int r;

	reader->generation = 0;
	r = ask(reader, &question);
	if (r < 0)
		return explain(r, err);
	*generation = reader->generation;
	return 0;
}
