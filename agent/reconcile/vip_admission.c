/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/vip_admission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/listeners.h"
#include "agent/kernel/nameservers.h"
#include "agent/kernel/rtnl.h"
#include "agent/model/guard.h"
#include "common/array.h"
#include "common/cleanup.h"

static const char resolv_conf[] = "/etc/resolv.conf";

/* What the facts borrow from. */
struct evidence {
	struct host_net host;
	struct address_list nameservers;
	struct listener *listeners;
	struct guard_facts facts;
};

bool vip_admission_is_needed(const struct guard_rules *rules, const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (guard_concerns(rules, &wanted->services[i]))
			return true;
	}
	return false;
}

/* --- facts --- */

/* A fact that cannot be had refuses nothing: the services stay, and a warning says so. */
static int note_missing(struct vip_admission *admission, const struct err *err)
{
	if (err->code == ENOMEM)
		return -ENOMEM;
	if (admission->warning)
		return 0;
	return asprintf(&admission->warning,
			"not all is known that could refuse a virtual address: %s",
			err->text) < 0
		       ? -ENOMEM
		       : 0;
}

static int read_node(struct host_net *host, struct err *err)
{
	cleanup_rtnl struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, err);

	return r < 0 ? r : rtnl_read_node(rtnl, RTNL_GATEWAYS, host, err);
}

static bool needs_listeners(const struct guard_facts *facts, const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (guard_needs_listeners(facts, &wanted->services[i]))
			return true;
	}
	return false;
}

static int own_link(const struct owned_link *owned, const struct host_net *host)
{
	const struct host_link *link =
		owned->name[0] ? host_find_dummy(host, owned->hardware) : NULL;

	return link ? link->index : 0;
}

static int gather(struct vip_admission *admission, const struct table *wanted,
		  const struct ownership *ownership, struct evidence *evidence)
{
	struct guard_facts *facts = &evidence->facts;
	struct err err = { 0 };
	int r = 0;

	facts->host = &evidence->host;
	facts->nameservers = &evidence->nameservers;
	facts->reserved = wanted->notes.reserved;
	facts->reserved_count = wanted->notes.reserved_count;
	if (read_node(&evidence->host, &err) < 0)
		r = note_missing(admission, &err);
	facts->own_link = own_link(&ownership->link, &evidence->host);
	if (r == 0 && nameservers_read(resolv_conf, &evidence->nameservers, &err) < 0)
		r = note_missing(admission, &err);
	if (r == 0 && needs_listeners(facts, wanted) &&
	    listeners_read(&evidence->listeners, &facts->listener_count, &err) < 0)
		r = note_missing(admission, &err);
	facts->listeners = evidence->listeners;
	return r;
}

static void evidence_clear(struct evidence *evidence)
{
	host_net_clear(&evidence->host);
	address_list_clear(&evidence->nameservers);
	free(evidence->listeners);
}

/* --- refusals --- */

static int add_refusal(struct vip_admission *admission, const struct service *service,
		       const char *reason)
{
	char key[SERVICE_KEY_TEXT];
	struct refusal *refusal;

	if (ARRAY_MAKE_ROOM(admission->refusals, admission->count, admission->room) < 0)
		return -ENOMEM;
	refusal = &admission->refusals[admission->count++];
	*refusal = (struct refusal){
		.object = strdup(service_key_format(&service->key, key)),
		.name = service->name ? strdup(service->name) : NULL,
		.reason = strdup(reason),
	};
	return refusal->object && refusal->reason && (refusal->name || !service->name)
		       ? 0
		       : -ENOMEM;
}

static int note_shadowed(struct vip_admission *admission, const struct service *service)
{
	char key[SERVICE_KEY_TEXT];

	if (admission->shadowed_count++ > 0)
		return 0;
	admission->shadowed = strdup(service_key_format(&service->key, key));
	return admission->shadowed ? 0 : -ENOMEM;
}

static int judge(struct vip_admission *admission, const struct guard_facts *facts,
		 const struct table *wanted, const struct ownership *ownership,
		 bool *refused)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->service_count; i++) {
		const struct service *service = &wanted->services[i];
		bool is_there = ownership_find(ownership, &service->key) != NULL;
		char reason[GUARD_TEXT];

		refused[i] = guard_refuses(facts, service, is_there, reason);
		if (refused[i])
			r = add_refusal(admission, service, reason);
		else if (is_there && guard_shadows(facts, service))
			r = note_shadowed(admission, service);
	}
	return r;
}

int vip_admission_check(struct vip_admission *admission, const struct guard_rules *rules,
			const struct table *wanted, const struct ownership *ownership,
			bool *refused)
{
	struct evidence evidence = { .facts.rules = rules };
	int r = gather(admission, wanted, ownership, &evidence);

	if (r == 0)
		r = judge(admission, &evidence.facts, wanted, ownership, refused);
	evidence_clear(&evidence);
	return r;
}

int vip_admission_report(const struct vip_admission *admission,
			 struct reconcile_report *report)
{
	char alike[48] = "";

	if (admission->shadowed_count > 1)
		snprintf(alike, sizeof(alike), " (likewise %zu more)",
			 admission->shadowed_count - 1);
	if (admission->warning &&
	    reconcile_report_warn(report, "%s", admission->warning) < 0)
		return -ENOMEM;
	if (admission->shadowed &&
	    reconcile_report_warn(
		    report,
		    "a local program also listens on %s; the virtual service takes its traffic%s",
		    admission->shadowed, alike) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < admission->count; i++) {
		const struct refusal *refusal = &admission->refusals[i];

		if (reconcile_report_add(report, refusal->object, refusal->name,
					 refusal->reason, EADDRINUSE) < 0)
			return -ENOMEM;
		/* Every reconcile looks again: it has no back-off that a success would wait for. */
		report->failures[report->failure_count - 1].waiting = true;
		report->services_failed++;
	}
	return 0;
}

void vip_admission_clear(struct vip_admission *admission)
{
	for (size_t i = 0; i < admission->count; i++) {
		free(admission->refusals[i].object);
		free(admission->refusals[i].name);
		free(admission->refusals[i].reason);
	}
	free(admission->refusals);
	free(admission->warning);
	free(admission->shadowed);
	memset(admission, 0, sizeof(*admission));
}
