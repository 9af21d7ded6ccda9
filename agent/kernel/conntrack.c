/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel lists the entries that a filter leaves (CTA_FILTER, since 5.8; an older
 * kernel lists all). Each is deleted by its own tuple and id, so that a new one with the
 * same tuple is not hit.
 */
#include "agent/kernel/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/nfnetlink.h"
#include "common/array.h"

/* With more keys than this, all entries are listed once instead. */
enum { FILTERS_MAX = 16 };

/* nf_internals.h: what of a tuple a filter compares. */
enum {
	FILTER_ADDRESS = 1 << 1,  /* CTA_FILTER_F_CTA_IP_DST */
	FILTER_PROTOCOL = 1 << 3, /* CTA_FILTER_F_CTA_PROTO_NUM */
	FILTER_PORT = 1 << 5,	  /* CTA_FILTER_F_CTA_PROTO_DST_PORT */
};

/* Entries to be deleted, each as the request that does it. */
struct entries {
	struct netlink_socket *socket;
	const struct service_key *keys; /* sorted */
	size_t key_count;
	struct request_buffer *requests; /* owned */
	size_t count, room;
};

static void start_request(struct entries *entries, struct request *request,
			  struct request_buffer *buffer, uint8_t command, uint16_t flags,
			  uint8_t family)
{
	nfnetlink_start(entries->socket, request, buffer,
			nfnetlink_type(NFNL_SUBSYS_CTNETLINK, command), flags, family);
}

/*
 * The destination that a connection was opened to; false if the tuple has none we know.
 */
static bool read_target(const struct answer *entry, uint8_t family,
			struct service_key *key)
{
	static const struct answer_rule tuple_rules[CTA_TUPLE_PROTO + 1] = {
		[CTA_TUPLE_IP] = { 0, UINT16_MAX },
		[CTA_TUPLE_PROTO] = { 0, UINT16_MAX },
	};
	static const struct answer_rule ip_rules[CTA_IP_V6_DST + 1] = {
		[CTA_IP_V4_DST] = { 4, 4 },
		[CTA_IP_V6_DST] = { 16, 16 },
	};
	static const struct answer_rule protocol_rules[CTA_PROTO_DST_PORT + 1] = {
		[CTA_PROTO_NUM] = { 1, 1 },
		[CTA_PROTO_DST_PORT] = { 2, 2 },
	};
	unsigned int type = family == AF_INET6 ? CTA_IP_V6_DST : CTA_IP_V4_DST;
	struct answer tuple, ip, protocol;

	if (answer_find_nested(&tuple, entry, CTA_TUPLE_ORIG, tuple_rules,
			       ARRAY_SIZE(tuple_rules)) < 0 ||
	    answer_find_nested(&ip, &tuple, CTA_TUPLE_IP, ip_rules,
			       ARRAY_SIZE(ip_rules)) < 0 ||
	    answer_find_nested(&protocol, &tuple, CTA_TUPLE_PROTO, protocol_rules,
			       ARRAY_SIZE(protocol_rules)) < 0 ||
	    !ip.value[type] || !protocol.value[CTA_PROTO_NUM] ||
	    !protocol.value[CTA_PROTO_DST_PORT])
		return false;
	*key = (struct service_key){ .address.family = family };
	memcpy(key->address.bytes, ip.value[type], ip.length[type]);
	key->protocol = answer_u8(&protocol, CTA_PROTO_NUM);
	key->port = ntohs(answer_u16(&protocol, CTA_PROTO_DST_PORT));
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

static int add_entry(struct entries *entries, uint8_t family, const struct answer *entry)
{
	static const uint16_t copied[] = { CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID };
	struct request_buffer *buffer;
	struct request request;

	if (ARRAY_MAKE_ROOM(entries->requests, entries->count, entries->room) < 0)
		return -ENOMEM;
	buffer = &entries->requests[entries->count];
	start_request(entries, &request, buffer, IPCTNL_MSG_CT_DELETE, 0, family);
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		uint16_t nested = copied[i] == CTA_TUPLE_ORIG ? NLA_F_NESTED : 0;

		if (entry->value[copied[i]])
			request_put(&request, copied[i] | nested, entry->value[copied[i]],
				    entry->length[copied[i]]);
	}
	if (!request_end(&request))
		return -EMSGSIZE;
	entries->count++;
	return 0;
}

static int handle_entry(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[CTA_ZONE + 1] = {
		[CTA_TUPLE_ORIG] = { 0, UINT16_MAX },
		[CTA_ID] = { 4, 4 },
		[CTA_ZONE] = { 2, 2 },
	};
	struct entries *entries = context;
	struct service_key key;
	struct answer entry;

	if (!nfnetlink_is(message,
			  nfnetlink_type(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW)) ||
	    nfnetlink_find(&entry, message, rules, ARRAY_SIZE(rules)) < 0 ||
	    !read_target(&entry, nfnetlink_family(message), &key) ||
	    !bsearch(&key, entries->keys, entries->key_count, sizeof(key), compare_keys))
		return 0;
	return add_entry(entries, nfnetlink_family(message), &entry);
}

static void put_filter(struct request *request, const struct service_key *key)
{
	bool v6 = key->address.family == AF_INET6;
	size_t tuple = request_start_nest(request, CTA_TUPLE_ORIG), nest;

	nest = request_start_nest(request, CTA_TUPLE_IP);
	request_put(request, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, key->address.bytes,
		    v6 ? 16 : 4);
	request_end_nest(request, nest);
	nest = request_start_nest(request, CTA_TUPLE_PROTO);
	request_put_u8(request, CTA_PROTO_NUM, key->protocol);
	request_put_u16(request, CTA_PROTO_DST_PORT, htons(key->port));
	request_end_nest(request, nest);
	request_end_nest(request, tuple);
	nest = request_start_nest(request, CTA_FILTER);
	request_put_u32(request, CTA_FILTER_ORIG_FLAGS,
			FILTER_ADDRESS | FILTER_PROTOCOL | FILTER_PORT);
	request_end_nest(request, nest);
}

/* key NULL: all entries. */
static int list_entries(struct entries *entries, const struct service_key *key)
{
	struct request_buffer buffer;
	struct request request;

	start_request(entries, &request, &buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP,
		      key ? key->address.family : AF_UNSPEC);
	if (key)
		put_filter(&request, key);
	return netlink_ask(entries->socket, request_end(&request), handle_entry, entries);
}

static int list_all(struct entries *entries)
{
	int r = 0;

	if (entries->key_count > FILTERS_MAX)
		return list_entries(entries, NULL);
	for (size_t i = 0; r == 0 && i < entries->key_count; i++)
		r = list_entries(entries, &entries->keys[i]);
	return r;
}

/* One that has ended meanwhile is as good as deleted. */
static int delete_all(struct entries *entries, size_t *deleted)
{
	for (size_t i = 0; i < entries->count; i++) {
		struct nlmsghdr *request = (void *)entries->requests[i].bytes;
		int r = netlink_ask(entries->socket, request, NULL, NULL);

		if (r < 0 && r != -ENOENT)
			return r;
		*deleted += r == 0;
	}
	return 0;
}

/* nfnetlink.c: -EINVAL if no module answers for the subsystem. */
static bool is_without_tracking(int error)
{
	return error == -EINVAL || error == -EPROTONOSUPPORT || error == -EOPNOTSUPP;
}

int conntrack_forget(const struct service_key *keys, size_t count, size_t *deleted,
		     struct err *err)
{
	cleanup_netlink struct netlink_socket *socket = NULL;
	struct entries entries = { .keys = keys, .key_count = count };
	int r = netlink_open(&socket, NETLINK_NETFILTER, RECEIVE_LONG, NULL);

	*deleted = 0;
	entries.socket = socket;
	if (r == 0)
		r = list_all(&entries);
	if (r == 0)
		r = delete_all(&entries, deleted);
	free(entries.requests);
	return r == 0 || is_without_tracking(r)
		       ? 0
		       : err_errno(err, -r, "connection tracking");
}
