/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel lists the entries that a filter leaves (CTA_FILTER, since 5.8; an older one lists all), and
 * each is deleted by its own tuple and number, so that a new one in its place is not hit.
 */
#include "agent/kernel/conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "common/array.h"
#include "common/cleanup.h"

/* More keys than this are looked for in one list of all entries. */
enum { FILTERS_MAX = 16 };

/* nf_internals.h: what of a tuple a filter compares. */
enum {
	FILTER_ADDRESS = 1 << 1,  /* CTA_FILTER_F_CTA_IP_DST */
	FILTER_PROTOCOL = 1 << 3, /* CTA_FILTER_F_CTA_PROTO_NUM */
	FILTER_PORT = 1 << 5,	  /* CTA_FILTER_F_CTA_PROTO_DST_PORT */
};

DEFINE_CLEANUP(cleanup_message_pointer, struct nl_msg *, nlmsg_free)
#define cleanup_message CLEANUP(cleanup_message_pointer)

/* Entries to be deleted, each as the request that does it. */
struct flows {
	const struct service_key *keys;
	size_t key_count;
	struct nl_msg **list; /* each owned */
	size_t count;
	size_t room;
	int error;
};

static struct nl_msg *new_message(uint8_t type, uint16_t flags, uint8_t family)
{
	struct nl_msg *message =
		nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | type, flags);
	const struct nfgenmsg header = { .nfgen_family = family,
					 .version = NFNETLINK_V0 };

	if (message &&
	    nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* The destination that a connection was begun to; false where it has none that we know. */
static bool read_target(struct nlattr *tuple, uint8_t family, struct service_key *key)
{
	struct nlattr *parts[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1],
		*protocol[CTA_PROTO_MAX + 1];
	bool v6 = family == AF_INET6;
	struct nlattr *address;
	size_t length = v6 ? 16 : 4;

	if (nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, NULL) < 0 ||
	    !parts[CTA_TUPLE_IP] || !parts[CTA_TUPLE_PROTO] ||
	    nla_parse_nested(ip, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0 ||
	    nla_parse_nested(protocol, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) < 0)
		return false;
	address = ip[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST];
	if (!address || (size_t)nla_len(address) < length || !protocol[CTA_PROTO_NUM] ||
	    nla_len(protocol[CTA_PROTO_NUM]) < 1 || !protocol[CTA_PROTO_DST_PORT] ||
	    nla_len(protocol[CTA_PROTO_DST_PORT]) < 2)
		return false;
	*key = (struct service_key){ .address.family = family };
	memcpy(key->address.bytes, nla_data(address), length);
	key->protocol = nla_get_u8(protocol[CTA_PROTO_NUM]);
	key->port = ntohs(nla_get_u16(protocol[CTA_PROTO_DST_PORT]));
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

static bool put_entry(struct nl_msg *request, struct nlattr *const *attributes)
{
	static const int copied[] = { CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID };

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		struct nlattr *attribute = attributes[copied[i]];

		if (attribute && nla_put(request, attribute->nla_type, nla_len(attribute),
					 nla_data(attribute)) < 0)
			return false;
	}
	return true;
}

static int add_entry(struct flows *flows, uint8_t family,
		     struct nlattr *const *attributes)
{
	cleanup_message struct nl_msg *request = NULL;

	request = new_message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family);
	if (!request || !put_entry(request, attributes) ||
	    ARRAY_MAKE_ROOM(flows->list, flows->count, flows->room) < 0)
		return -ENOMEM;
	flows->list[flows->count++] = TAKE_PTR(request);
	return 0;
}

static int on_entry(struct nl_msg *message, void *context)
{
	struct flows *flows = context;
	struct nlmsghdr *header = nlmsg_hdr(message);
	const struct nfgenmsg *generic = NLMSG_DATA(header);
	struct nlattr *attributes[CTA_MAX + 1];
	struct service_key key;

	if (nlmsg_parse(header, sizeof(*generic), attributes, CTA_MAX, NULL) < 0 ||
	    !attributes[CTA_TUPLE_ORIG] ||
	    !read_target(attributes[CTA_TUPLE_ORIG], generic->nfgen_family, &key) ||
	    !bsearch(&key, flows->keys, flows->key_count, sizeof(key), compare_keys))
		return NL_OK;
	flows->error = add_entry(flows, generic->nfgen_family, attributes);
	return flows->error < 0 ? NL_STOP : NL_OK;
}

static int put_filter(struct nl_msg *request, const struct service_key *key)
{
	bool v6 = key->address.family == AF_INET6;
	struct nlattr *tuple, *nest;

	tuple = nla_nest_start(request, CTA_TUPLE_ORIG | NLA_F_NESTED);
	nest = tuple ? nla_nest_start(request, CTA_TUPLE_IP | NLA_F_NESTED) : NULL;
	if (!nest || nla_put(request, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, v6 ? 16 : 4,
			     key->address.bytes) < 0)
		return -ENOMEM;
	nla_nest_end(request, nest);
	nest = nla_nest_start(request, CTA_TUPLE_PROTO | NLA_F_NESTED);
	if (!nest || nla_put_u8(request, CTA_PROTO_NUM, key->protocol) < 0 ||
	    nla_put_u16(request, CTA_PROTO_DST_PORT, htons(key->port)) < 0)
		return -ENOMEM;
	nla_nest_end(request, nest);
	nla_nest_end(request, tuple);
	nest = nla_nest_start(request, CTA_FILTER | NLA_F_NESTED);
	if (!nest || nla_put_u32(request, CTA_FILTER_ORIG_FLAGS,
				 FILTER_ADDRESS | FILTER_PROTOCOL | FILTER_PORT) < 0)
		return -ENOMEM;
	nla_nest_end(request, nest);
	return 0;
}

/* libnl's error; key NULL: all entries. */
static int list(struct nl_sock *socket, const struct service_key *key)
{
	cleanup_message struct nl_msg *request = new_message(
		IPCTNL_MSG_CT_GET, NLM_F_DUMP, key ? key->address.family : AF_UNSPEC);
	int r;

	if (!request || (key && put_filter(request, key) < 0))
		return -NLE_NOMEM;
	r = nl_send_auto(socket, request);
	return r < 0 ? r : nl_recvmsgs_default(socket);
}

static int list_all(struct nl_sock *socket, struct flows *flows)
{
	int r = 0;

	if (flows->key_count > FILTERS_MAX)
		return list(socket, NULL);
	for (size_t i = 0; r == 0 && flows->error == 0 && i < flows->key_count; i++)
		r = list(socket, &flows->keys[i]);
	return r;
}

/* One that has ended by itself meanwhile is as good as deleted. */
static int delete_all(struct nl_sock *socket, struct flows *flows, size_t *deleted)
{
	for (size_t i = 0; i < flows->count; i++) {
		int r = nl_send_auto(socket, flows->list[i]);

		if (r >= 0)
			r = nl_wait_for_ack(socket);
		if (r < 0 && r != -NLE_OBJ_NOTFOUND)
			return r;
		*deleted += r >= 0;
	}
	return 0;
}

static int open_socket(struct nl_sock *socket, struct flows *flows)
{
	int r = nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_entry, flows);

	return r < 0 ? r : nl_connect(socket, NETLINK_NETFILTER);
}

/* nfnetlink.c: -EINVAL where nobody answers for the subsystem. */
static bool is_without_tracking(int error)
{
	return error == -NLE_INVAL || error == -NLE_PROTO_MISMATCH ||
	       error == -NLE_OPNOTSUPP;
}

int conntrack_forget(const struct service_key *keys, size_t count, size_t *deleted,
		     struct err *err)
{
	struct flows flows = { .keys = keys, .key_count = count };
	struct nl_sock *socket = nl_socket_alloc();
	int r = socket ? open_socket(socket, &flows) : -NLE_NOMEM;

	*deleted = 0;
	if (r == 0)
		r = list_all(socket, &flows);
	if (r == 0 && flows.error == 0)
		r = delete_all(socket, &flows, deleted);
	for (size_t i = 0; i < flows.count; i++)
		nlmsg_free(flows.list[i]);
	free(flows.list);
	nl_socket_free(socket);
	if (flows.error < 0 || r == -NLE_NOMEM)
		return err_errno(err, ENOMEM, "connection tracking");
	if (r < 0 && !is_without_tracking(r))
		return err_set(err, EIO, "connection tracking: %s", nl_geterror(r));
	return 0;
}
