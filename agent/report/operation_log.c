/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/operation_log.h"

#include "common/log.h"
#include "common/message_id.h"

static const char *const message_ids[] = {
	[OPERATION_SET_SYSCTL] = MESSAGE_ID_SYSCTL_SET,
	[OPERATION_NEW_RULESET] = MESSAGE_ID_RULESET_SET,
	[OPERATION_SET_RULESET] = MESSAGE_ID_RULESET_SET,
	[OPERATION_CHANGE_RULESET] = MESSAGE_ID_RULESET_SET,
	[OPERATION_DELETE_RULESET] = MESSAGE_ID_RULESET_DELETED,
	[OPERATION_SET_TIMEOUTS] = MESSAGE_ID_TIMEOUTS_SET,
	[OPERATION_STOP_SYNC_DAEMON] = MESSAGE_ID_DAEMON_STOPPED,
	[OPERATION_START_SYNC_DAEMON] = MESSAGE_ID_DAEMON_STARTED,
	[OPERATION_NEW_SERVICE] = MESSAGE_ID_SERVICE_CREATED,
	[OPERATION_SET_SERVICE] = MESSAGE_ID_SERVICE_EDITED,
	[OPERATION_NEW_DESTINATION] = MESSAGE_ID_DESTINATION_CREATED,
	[OPERATION_SET_DESTINATION] = MESSAGE_ID_DESTINATION_EDITED,
	[OPERATION_DELETE_DESTINATION] = MESSAGE_ID_DESTINATION_DELETED,
	[OPERATION_DELETE_SERVICE] = MESSAGE_ID_SERVICE_DELETED,
};

enum { TEXT_ROOM = 512 };

static void log_operation(int level, const struct operation *operation)
{
	char service[SERVICE_KEY_TEXT], destination[DESTINATION_KEY_TEXT];
	char line[TEXT_ROOM], before[TEXT_ROOM], now[TEXT_ROOM];
	bool of_service = operation->kind >= OPERATION_NEW_SERVICE;
	struct log_field fields[] = {
		{ "IPVS_OLD",
		  operation_format_values(operation, true, before, TEXT_ROOM) },
		{ "IPVS_NEW", operation_format_values(operation, false, now, TEXT_ROOM) },
		{ "IPVS_SERVICE", NULL },
		{ "IPVS_SERVICE_NAME", NULL },
		{ "IPVS_DESTINATION", NULL },
		{ "IPVS_REASON", operation_reason_name(operation) },
	};

	if (of_service) {
		fields[2].value = service_key_format(&operation->service->key, service);
		fields[3].value = operation->service->name;
	}
	if (of_service && operation->destination)
		fields[4].value =
			destination_key_format(operation->destination, destination);
	log_event(level, message_ids[operation->kind], fields, ARRAY_SIZE(fields), "%s",
		  operation_format_line(operation, line, sizeof(line)));
}

/* What an operator should see even where everyday writes are not logged. */
static int level_of(const struct operation *operation)
{
	if (operation->reason == REASON_EXPIRED)
		return LOG_WARNING;
	return operation->drift ? LOG_NOTICE : LOG_INFO;
}

void operation_log_results(const struct plan *plan, const int *results)
{
	size_t taken = 0;

	for (size_t i = 0; i < plan->operation_count; i++) {
		int level = taken < OPERATION_LOG_LINES ? level_of(&plan->operations[i])
							: LOG_DEBUG;

		if (results[i] != 0)
			continue;
		taken++;
		if (level <= log_get_level())
			log_operation(level, &plan->operations[i]);
	}
	if (taken > OPERATION_LOG_LINES)
		log_info(
			"%zu writes in all; those after the first %d are logged at level debug",
			taken, OPERATION_LOG_LINES);
}

int operation_log_keep(const struct plan *plan, const int *results,
		       struct reconcile_report *report)
{
	char line[TEXT_ROOM];
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count &&
			   report->changed.count < REPORT_LINES_MAX;
	     i++) {
		if (results[i] == 0)
			r = report_lines_add(&report->changed,
					     operation_format_line(&plan->operations[i],
								   line, sizeof(line)));
	}
	return r;
}
