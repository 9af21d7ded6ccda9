/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/service_warnings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/reconcile_report.h"
#include "agent/kernel/listeners.h"
#include "agent/kernel/nft_filter.h"
#include "agent/kernel/sysctl.h"
#include "agent/plan/ruleset.h"
#include "agent/plan/usability.h"
#include "common/array.h"

static const char conntrack_sysctl[] = "net.ipv4.vs.conntrack";

void service_warnings_expire(struct service_warnings *warnings)
{
	warnings->facts_read = false;
}

static void forget_facts(struct service_warnings *warnings)
{
	rtnl_paths_clear(&warnings->paths);
	packet_filter_clear(&warnings->filter);
	free(warnings->unknown);
	warnings->unknown = NULL;
	warnings->paths_known = warnings->filter_known = warnings->facts_read = false;
}

static void forget_texts(struct service_warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		free(warnings->texts[i]);
	free(warnings->texts);
	warnings->texts = NULL;
	warnings->count = warnings->room = 0;
}

void service_warnings_clear(struct service_warnings *warnings)
{
	forget_facts(warnings);
	forget_texts(warnings);
	memset(warnings, 0, sizeof(*warnings));
}

/* --- facts --- */

/* What cannot be read warns of nothing, but for itself. */
static int note_unknown(struct service_warnings *warnings, const struct err *err)
{
	if (err->code == ENOMEM)
		return -ENOMEM;
	if (warnings->unknown)
		return 0;
	return asprintf(&warnings->unknown,
			"not all is known that could make services useless: %s",
			err->text) < 0
		       ? -ENOMEM
		       : 0;
}

static int read_paths(struct service_warnings *warnings)
{
	cleanup_rtnl struct rtnl *rtnl = NULL;
	struct err err = { 0 };
	int r = rtnl_open(&rtnl, &err);

	if (r == 0)
		r = rtnl_read_paths(rtnl, &warnings->paths, &err);
	warnings->paths_known = r == 0;
	return r < 0 ? note_unknown(warnings, &err) : 0;
}

static int read_filter(struct service_warnings *warnings)
{
	struct err err = { 0 };
	int r;

	if (!nft_filter_is_there())
		return 0;
	r = nft_filter_read(RULESET_TABLE, &warnings->filter, &err);
	warnings->filter_known = r == 0;
	return r < 0 && err.code == ENOMEM ? -ENOMEM : 0;
}

static bool connections_are_tracked(void)
{
	cleanup_free char *value = NULL;

	return sysctl_read(conntrack_sysctl, &value, NULL) == 0 &&
	       strcmp(value, "1") == 0;
}

/* Whether anything was read anew. The kernel sends no event for connection tracking. */
static int read_facts(struct service_warnings *warnings, bool *anew)
{
	bool tracks = connections_are_tracked();
	int r;

	*anew = tracks != warnings->tracks;
	warnings->tracks = tracks;
	if (warnings->watched && warnings->facts_read)
		return 0;
	*anew = true;
	forget_facts(warnings);
	r = read_paths(warnings);
	if (r == 0)
		r = read_filter(warnings);
	warnings->facts_read = r == 0;
	return r;
}

/* --- judging --- */

static int add_text(struct service_warnings *warnings, char *text)
{
	if (!text ||
	    ARRAY_MAKE_ROOM(warnings->texts, warnings->count, warnings->room) < 0) {
		free(text);
		return -ENOMEM;
	}
	warnings->texts[warnings->count++] = text;
	return 0;
}

static int keep_texts(struct service_warnings *warnings,
		      const struct usability_findings *findings,
		      const struct usability_facts *facts)
{
	int r = 0;

	forget_texts(warnings);
	for (size_t i = 0; r == 0 && i < findings->count; i++)
		r = add_text(warnings, usability_format(&findings->items[i], facts));
	if (r == 0 && warnings->unknown)
		r = add_text(warnings, strdup(warnings->unknown));
	return r;
}

static int judge(struct service_warnings *warnings, const struct table *wanted,
		 const struct ownership *ownership)
{
	cleanup_findings struct usability_findings findings = { 0 };
	cleanup_free struct listener *listeners = NULL;
	struct usability_facts facts = {
		.routes = warnings->paths_known ? &warnings->paths.routes : NULL,
		.forwarding = warnings->paths.forwarding,
		.forwarding_count = warnings->paths.forwarding_count,
		.links = warnings->paths.links,
		.link_count = warnings->paths.link_count,
		.filter = warnings->filter_known ? &warnings->filter : NULL,
		.tracks = warnings->tracks,
	};
	int r;

	if (usability_needs_listeners(wanted))
		facts.listeners_known =
			listeners_read(&listeners, &facts.listener_count, NULL) == 0;
	facts.listeners = listeners;
	r = usability_judge(wanted, ownership, &facts, &findings);
	if (r == 0)
		r = keep_texts(warnings, &findings, &facts);
	warnings->state_changed = r < 0;
	return r;
}

int service_warnings_report(struct service_warnings *warnings, const struct table *wanted,
			    const struct ownership *ownership,
			    struct reconcile_report *report)
{
	bool anew = false;
	int r = read_facts(warnings, &anew);

	if (r == 0 && (anew || warnings->state_changed || report->changes > 0 ||
		       report->falls_back))
		r = judge(warnings, wanted, ownership);
	/* What a last good state says is not what the state does. */
	warnings->state_changed |= report->falls_back;
	return r < 0 ? r
		     : reconcile_report_replace(report, warnings->texts, warnings->count);
}

static bool texts_equal(char *const *a, size_t count, const struct service_warnings *b)
{
	if (count != b->count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(a[i], b->texts[i]) != 0)
			return false;
	}
	return true;
}

int service_warnings_look(struct service_warnings *warnings, const struct table *wanted,
			  const struct ownership *ownership,
			  struct reconcile_report *report, bool *changed)
{
	bool anew = false;
	int r = read_facts(warnings, &anew);

	*changed = false;
	if (r == 0 && anew)
		r = judge(warnings, wanted, ownership);
	if (r < 0 || !anew ||
	    texts_equal(report->warnings + report->lasting_at, report->lasting, warnings))
		return r;
	*changed = true;
	return reconcile_report_replace(report, warnings->texts, warnings->count);
}
