/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/diff_command.h"

#include <jansson.h>
#include <stdio.h>

#include "agent/cli/commands.h"
#include "agent/reconcile/vip_reconcile.h"
#include "agent/reconcile/snapshot_plan.h"
#include "agent/reconcile/snapshot_state.h"
#include "common/log.h"

enum { TEXT_ROOM = 1024 };

/* Everything that apply would do, and what it would not do. */
struct difference {
	const struct plan *plan;
	const struct vip_plan *binding;
	const struct vip_admission *admission;
	const char *link;
};

static void print_binding_text(const struct difference *difference)
{
	const struct vip_plan *binding = difference->binding;
	const struct vip_admission *admission = difference->admission;
	char object[VIP_TEXT], text[VIP_TEXT];

	for (size_t i = 0; i < binding->operation_count; i++)
		printf("%s\n", vip_format(&binding->operations[i], text));
	for (size_t i = 0; i < binding->conflict_count; i++) {
		const struct vip_conflict *conflict = &binding->conflicts[i];

		if (vip_conflict_is_note(conflict))
			continue;
		printf("conflict: %s: %s\n",
		       vip_conflict_object(conflict, difference->link, object),
		       vip_conflict_text(conflict, difference->link, text));
	}
	for (size_t i = 0; i < admission->count; i++)
		printf("%s: %s\n", admission->refusals[i].object,
		       admission->refusals[i].reason);
}

static void print_text(const struct difference *difference)
{
	const struct plan *plan = difference->plan;
	char text[TEXT_ROOM];

	for (size_t i = 0; i < plan->operation_count; i++)
		printf("%s\n",
		       operation_format_line(&plan->operations[i], text, sizeof(text)));
	for (size_t i = 0; i < plan->conflict_count; i++) {
		const struct conflict *conflict = &plan->conflicts[i];

		if (conflict->ruleset)
			printf("conflict: nftables table %s " RULESET_TABLE "\n",
			       ruleset_family_name(conflict->ruleset->family));
		else if (conflict->daemon)
			printf("conflict: sync daemon %s\n",
			       sync_role_name(conflict->daemon->role));
		else
			printf("conflict: %s\n",
			       service_key_format(&conflict->service->key, text));
	}
	print_binding_text(difference);
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *operation_to_json(const struct operation *operation)
{
	char object[TEXT_ROOM], before[TEXT_ROOM], now[TEXT_ROOM];
	const char *name = NULL;

	if (operation->kind >= OPERATION_NEW_SERVICE)
		name = operation->service->name;
	operation_format_object(operation, object, sizeof(object));
	operation_format_values(operation, true, before, sizeof(before));
	operation_format_values(operation, false, now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "operation",
			 operation_kind_name(operation->kind), "reason",
			 operation_reason_name(operation), "object", object, "name",
			 text_or_null(name), "old", text_or_null(before), "new",
			 text_or_null(now));
}

static json_t *conflict_to_json(const struct conflict *conflict)
{
	char text[SERVICE_KEY_TEXT];

	if (conflict->ruleset)
		snprintf(text, sizeof(text), "nftables table %s " RULESET_TABLE,
			 ruleset_family_name(conflict->ruleset->family));
	else if (conflict->daemon)
		snprintf(text, sizeof(text), "sync daemon %s",
			 sync_role_name(conflict->daemon->role));
	else
		service_key_format(&conflict->service->key, text);
	return json_pack("{s:s}", "object", text);
}

static json_t *vip_to_json(const struct vip_operation *operation)
{
	char object[VIP_TEXT], before[VIP_TEXT], now[VIP_TEXT];

	return json_pack("{s:s, s:s, s:s, s:n, s:o, s:o}", "operation",
			 vip_kind_name(operation->kind), "reason",
			 operation->drift ? "drift" : "state", "object",
			 vip_format_object(operation, object), "name", "old",
			 text_or_null(vip_format_values(operation, true, before)), "new",
			 text_or_null(vip_format_values(operation, false, now)));
}

static int add_bindings(const struct difference *difference, json_t *operations,
			json_t *conflicts)
{
	const struct vip_plan *binding = difference->binding;
	char object[VIP_TEXT], text[VIP_TEXT];
	int r = 0;

	for (size_t i = 0; r == 0 && i < binding->operation_count; i++)
		r = json_array_append_new(operations,
					  vip_to_json(&binding->operations[i]));
	for (size_t i = 0; r == 0 && i < binding->conflict_count; i++) {
		const struct vip_conflict *conflict = &binding->conflicts[i];

		if (vip_conflict_is_note(conflict))
			continue;
		vip_conflict_object(conflict, difference->link, object);
		vip_conflict_text(conflict, difference->link, text);
		r = json_array_append_new(conflicts, json_pack("{s:s, s:s}", "object",
							       object, "text", text));
	}
	return r;
}

static json_t *refusals_to_json(const struct vip_admission *admission)
{
	json_t *refused = json_array();

	for (size_t i = 0; refused && i < admission->count; i++) {
		const struct refusal *refusal = &admission->refusals[i];
		json_t *object =
			json_pack("{s:s, s:o, s:s}", "object", refusal->object, "name",
				  text_or_null(refusal->name), "text", refusal->reason);

		if (json_array_append_new(refused, object) < 0) {
			json_decref(refused);
			refused = NULL;
		}
	}
	return refused;
}

static int print_json(const struct difference *difference)
{
	const struct plan *plan = difference->plan;
	json_t *operations = json_array(), *conflicts = json_array(), *json;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++)
		r = json_array_append_new(operations,
					  operation_to_json(&plan->operations[i]));
	for (size_t i = 0; r == 0 && i < plan->conflict_count; i++)
		r = json_array_append_new(conflicts,
					  conflict_to_json(&plan->conflicts[i]));
	if (r == 0)
		r = add_bindings(difference, operations, conflicts);
	json = json_pack("{s:o, s:o, s:o, s:I, s:I}", "operations", operations,
			 "conflicts", conflicts, "refused",
			 refusals_to_json(difference->admission), "removedServices",
			 (json_int_t)plan->removed_services, "removedDestinations",
			 (json_int_t)plan->removed_destinations);
	if (r == 0 && json)
		r = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	else
		r = -1;
	json_decref(json);
	putchar('\n');
	return r;
}

/* The warnings that apply prints. */
static void print_hold(struct snapshot *snapshot)
{
	const struct plan *plan = &snapshot->plan;
	struct hold_counts counts;

	if (hold_may_be_due(plan->removed_services, plan->removed_destinations) &&
	    snapshot_count_removed(snapshot, &counts) == 0 && hold_is_due(&counts))
		log_warning(
			"this removes %zu of %zu services and %zu of %zu destinations: the removals would be held; `ipvs-agent apply --allow-removal` makes them",
			counts.services_removed, counts.services,
			counts.destinations_removed, counts.destinations);
}

static int make_plan(struct snapshot *snapshot, struct vip_plan *binding,
		     struct reconcile_report *report)
{
	struct err err = { 0 };

	if (snapshot_read_state(snapshot, report) < 0) {
		log_error("reading the state: out of memory");
		return -1;
	}
	for (size_t i = 0; i < report->problems.count && i < STATE_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s\n", report->problems.lines[i]);
	if (report->outcome != RECONCILE_IN_SYNC)
		return -1;
	if (snapshot_plan(snapshot, report, &err) < 0 ||
	    vips_plan(snapshot, binding, &err) < 0) {
		log_error("%s", err.text);
		return -1;
	}
	return 0;
}

static bool differs(const struct difference *difference)
{
	const struct vip_plan *binding = difference->binding;

	if (difference->plan->operation_count || difference->plan->conflict_count ||
	    binding->operation_count || difference->admission->count)
		return true;
	for (size_t i = 0; i < binding->conflict_count; i++) {
		if (!vip_conflict_is_note(&binding->conflicts[i]))
			return true;
	}
	return false;
}

int diff_print(const struct options *options, int changes, int trouble)
{
	cleanup_session struct session session = { .options = options };
	cleanup_snapshot struct snapshot snapshot = { .session = &session };
	cleanup_vip_plan struct vip_plan binding = { 0 };
	struct reconcile_report report = { 0 };
	const struct plan *plan = &snapshot.plan;
	const struct difference difference = { plan, &binding, &snapshot.admission,
					       options->link };
	int r = make_plan(&snapshot, &binding, &report);

	reconcile_report_clear(&report);
	if (r < 0)
		return trouble;
	if (options->removal_hold_usec && !options->allow_removal)
		print_hold(&snapshot);
	if (!options->json)
		print_text(&difference);
	else if (print_json(&difference) < 0)
		return trouble;
	if (fflush(stdout) != 0)
		return trouble;
	return differs(&difference) ? changes : EXIT_DONE;
}

int diff_main(const struct options *options)
{
	return diff_print(options, EXIT_DIFFERS, EXIT_TROUBLE);
}
