/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/kube_proxy.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent/reconcile/session.h"
#include "agent/kernel/process_list.h"

static const char process_name[] = "kube-proxy";
static const char ipvs_mode_link[] = "kube-ipvs0";

static bool has_cluster_addresses(const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (wanted->services[i].access && wanted->services[i].access->cluster_ip)
			return true;
	}
	return false;
}

/* Our own link can have that name (--link). */
static bool has_ipvs_mode_link(const struct session *session)
{
	return strcmp(session->ownership.link.name, ipvs_mode_link) != 0 &&
	       if_nametoindex(ipvs_mode_link) != 0;
}

/* Anew, or in part whether the one that was found still runs. */
static pid_t look_for_process(const struct session *session, bool part)
{
	pid_t known = session->kube_proxy;

	if (!part)
		return process_find(process_name);
	return known && process_has_name(known, process_name) ? known : 0;
}

int kube_proxy_report(struct session *session, const struct table *wanted,
		      struct reconcile_report *report)
{
	bool cluster = has_cluster_addresses(wanted);
	bool concerns =
		cluster || (wanted->service_count > 0 && has_ipvs_mode_link(session));
	size_t failures = report->failure_count;
	char text[400];

	session->kube_proxy = concerns ? look_for_process(session, report->part) : 0;
	if (session->kube_proxy == 0)
		return 0;
	snprintf(
		text, sizeof(text),
		"it runs (pid %d) and %s: take it off this node, and have kubeadm not bring it back (`proxy.disabled: true` of its ClusterConfiguration, or `--skip-phases=addon/kube-proxy`)",
		(int)session->kube_proxy,
		cluster ? "serves the same cluster, and may clear the table"
			: "removes services that it does not know, in its IPVS mode");
	if (reconcile_report_add(report, process_name, NULL, text, EBUSY) < 0)
		return -ENOMEM;
	/*
	 * Every reconcile looks again: it has no back-off that a success would wait for.
	 */
	report->failures[failures].waiting = true;
	return 0;
}
