/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/implied_sysctls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/sysctl.h"
#include "agent/reconcile/rulesets.h"

/*
 * --strict-arp: an address of one link is not answered for on another, and not told of there
 * (Documentation/networking/ip-sysctl.rst). The kernel takes the larger of this and the link's own.
 */
static const struct {
	const char *name, *value;
} arp_sysctls[] = {
	{ "net.ipv4.conf.all.arp_announce", "2" },
	{ "net.ipv4.conf.all.arp_ignore", "1" },
};

/*
 * Beyond so many services and destinations a cluster goes without rates. The kernel brings them up to
 * date every two seconds, whether anybody reads them or not: more than 200 ms for 50,000 of them (commit
 * 2232642ec3fb), in which no packet is handled there; a fifth of it is where we begin to mind.
 */
enum { ESTIMATED_MAX = 10000 };
static const char estimation_sysctl[] = "net.ipv4.vs.run_estimation";

static bool has_persistence(const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (wanted->services[i].persistence_timeout)
			return true;
	}
	return false;
}

/* Whether a persistent service that is not wanted any more drains by this plan. */
static bool drains_persistence(const struct snapshot *snapshot)
{
	const struct plan *plan = &snapshot->plan;

	for (size_t i = 0; i < plan->drain_count; i++) {
		const struct service_key *key = &plan->drains[i].service;
		const struct service *service =
			table_find_service(&snapshot->actual, key);

		/* One that stays is persistent or not as the state has it. */
		if (service && service->persistence_timeout &&
		    !table_find_service(&snapshot->wanted, key))
			return true;
	}
	return false;
}

static int imply_strict_arp(const struct snapshot *snapshot, struct globals *wanted)
{
	int r = 0;

	if (!snapshot->session->options->strict_arp ||
	    snapshot->wanted.service_count == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(arp_sysctls); i++)
		r = globals_imply_sysctl(wanted, arp_sysctls[i].name,
					 arp_sysctls[i].value);
	return r;
}

/* What an earlier plan needed; they stand last. */
static void drop_implied(struct globals *wanted)
{
	while (wanted->sysctl_count > 0 &&
	       wanted->sysctls[wanted->sysctl_count - 1].implied) {
		struct sysctl *last = &wanted->sysctls[--wanted->sysctl_count];

		free(last->name);
		free(last->value);
	}
}

static bool is_large_cluster(const struct table *wanted)
{
	size_t objects = wanted->service_count;
	bool cluster = false;

	for (size_t i = 0; i < wanted->service_count; i++) {
		const struct service *service = &wanted->services[i];

		objects += service->destination_count;
		cluster |= service->access && service->access->cluster_ip;
	}
	return cluster && objects > ESTIMATED_MAX;
}

/* Kernels before that commit have no such switch. */
static int imply_no_estimation(const struct snapshot *snapshot, struct globals *wanted)
{
	cleanup_free char *value = NULL;
	int r;

	if (!is_large_cluster(&snapshot->wanted))
		return 0;
	r = sysctl_read(estimation_sysctl, &value, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return globals_imply_sysctl(wanted, estimation_sysctl, "0");
}

/*
 * Where forwarding is turned on here, the kernel turns this off: named, so that the value found is in the
 * record and comes back. A node that forwards anyway keeps what it has.
 */
static int imply_redirects(const struct snapshot *snapshot, struct globals *wanted)
{
	const char *found = globals_find_sysctl(&snapshot->session->ownership.before,
						GLOBALS_FORWARDING_SYSCTL);
	cleanup_free char *value = NULL;

	if (!globals_find_sysctl(wanted, GLOBALS_FORWARDING_SYSCTL))
		return 0;
	if (!found && sysctl_read(GLOBALS_FORWARDING_SYSCTL, &value, NULL) < 0)
		return 0;
	if (strcmp(found ? found : value, "0") != 0)
		return 0;
	return globals_imply_sysctl(wanted, GLOBALS_REDIRECTS_SYSCTL, "0");
}

int implied_sysctls_add(struct snapshot *snapshot)
{
	struct globals *wanted = &snapshot->wanted.globals;
	int r;

	drop_implied(wanted);
	r = imply_strict_arp(snapshot, wanted);
	if (r == 0 && has_persistence(&snapshot->wanted))
		r = globals_imply_sysctl(wanted, QUIESCENT_SYSCTL, "1");
	if (r == 0)
		r = imply_no_estimation(snapshot, wanted);
	if (r == 0)
		r = rulesets_imply_sysctls(&snapshot->wanted, wanted);
	return r < 0 ? r : imply_redirects(snapshot, wanted);
}

int implied_sysctls_add_for_drains(struct snapshot *snapshot)
{
	int r = 0;

	if (drains_persistence(snapshot))
		r = globals_imply_sysctl(&snapshot->wanted.globals, QUIESCENT_SYSCTL,
					 "1");
	if (r == 0)
		r = rulesets_imply_for_drains(snapshot);
	return r < 0 ? r : imply_redirects(snapshot, &snapshot->wanted.globals);
}
