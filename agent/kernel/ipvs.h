/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/plan/plan.h"
#include "agent/model/table.h"
#include "common/err.h"

/*
 * The kernel's IPVS over generic netlink (linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c).
 * Each call ends within a bound, whatever the kernel does.
 */
struct ipvs;

struct ipvs_info {
	uint32_t version;		/* 0x010201 is 1.2.1 */
	uint32_t connection_table_size; /* hash buckets */
};

/* What one connection has sent and read, for status and tests. */
struct ipvs_counts {
	uint64_t reads;	 /* dump and get requests */
	uint64_t writes; /* new, set, delete requests */
};

/* How a long ipvs_apply() is seen from outside and ended early. */
struct ipvs_pursuit {
	/* Operations that were sent or skipped; another thread may read it. */
	_Atomic size_t done;
	/*
	 * Asked between two sends: true leaves what is not sent yet, with -EINTR. NULL:
	 * never.
	 */
	bool (*stop)(void *context);
	void *context;
};

/*
 * -ENOENT: this kernel has no IPVS, or its module is not loaded; -EPERM: no
 * CAP_NET_ADMIN.
 */
int ipvs_open(struct ipvs **ipvs, struct err *err) MUST_CHECK;
void ipvs_close(struct ipvs *ipvs);

DEFINE_CLEANUP(ipvs_cleanup, struct ipvs *, ipvs_close)
#define cleanup_ipvs CLEANUP(ipvs_cleanup)

int ipvs_get_info(struct ipvs *ipvs, struct ipvs_info *info, struct err *err) MUST_CHECK;

/*
 * Reads services with their destinations, timeouts and sync daemons into an empty table
 * and sorts it; sysctls are agent/kernel/sysctl.h's. A dump is no snapshot: while others
 * write, an entry can be missed; one that came twice is kept once.
 */
int ipvs_dump(struct ipvs *ipvs, struct table *table, struct err *err) MUST_CHECK;

/*
 * How many services the kernel has, of all owners: one dump, without their destinations.
 */
int ipvs_count_services(struct ipvs *ipvs, size_t *count, struct err *err) MUST_CHECK;

/*
 * Reads the one service with this key, its destinations sorted, into an empty service.
 * What a dump left out is asked for in this way. -ESRCH where the kernel does not have
 * it.
 */
int ipvs_get_service(struct ipvs *ipvs, const struct service_key *key,
		     struct service *service, struct err *err) MUST_CHECK;

/*
 * Reads the destinations of the service whose key is set, sorted, one dump; the other
 * attributes stay as they are. None for a service that is not there.
 */
int ipvs_get_destinations(struct ipvs *ipvs, struct service *service,
			  struct err *err) MUST_CHECK;

/*
 * Sends the operations in their order, many in a send, and waits for all answers. results
 * holds 0 for each on entry; one that is not 0 keeps its operation from being sent. Then
 * results[i] is 0, a negative errno as the kernel gave it, or -ECANCELED for a new
 * destination whose new service was not made: the kernel's word on every service is
 * waited for before a destination is sent, so that none gets into a service that another
 * program made meanwhile. SET_SYSCTL operations and those of nftables' tables are not the
 * business of this function: skipped, result as it is. Returns 0 where every answer came
 * (failures included); -ENOBUFS where answers were lost: what is then unknown has result
 * -EINPROGRESS, and the table must be read again. What was left because the pursuit
 * stopped it has -EINTR. A scheduler or persistence engine that the kernel does not have
 * is asked for once: all further services with it have -ENOENT without being sent.
 */
int ipvs_apply(struct ipvs *ipvs, const struct operation *operations, size_t count,
	       int *results, struct err *err) MUST_CHECK;

/* The pursuit of all further calls of ipvs_apply(); borrowed, NULL ends it. */
void ipvs_pursue(struct ipvs *ipvs, struct ipvs_pursuit *pursuit);

const struct ipvs_counts *ipvs_get_counts(const struct ipvs *ipvs);

/*
 * Why the kernel refused this operation and what to do about it, in words: "scheduler
 * 'foo' is not in this kernel: no module ip_vs_foo". code is the positive errno.
 */
void ipvs_explain(const struct operation *operation, int code, char *buffer, size_t size);
