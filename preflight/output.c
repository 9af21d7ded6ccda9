/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/output.h"

#include <jansson.h>
#include <string.h>

DEFINE_CLEANUP(cleanup_json_pointer, json_t *, json_decref)
#define cleanup_json CLEANUP(cleanup_json_pointer)

static void print_errors(const struct report *report, FILE *err)
{
	fprintf(err, "[preflight] Some fatal errors occurred:\n");
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		if (finding->level == LEVEL_ERROR)
			fprintf(err, "\t[ERROR %s]: %s\n", finding->check, finding->text);
	}
	fprintf(err,
		"[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`\n");
}

void output_text(const struct report *report, const char *status, FILE *out, FILE *err)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		const char *colon = strchr(finding->check, '-');

		/* A module's note already begins with its name. */
		if (finding->level == LEVEL_NOTE && colon)
			fprintf(out, "[preflight] %s\n", finding->text);
		else if (finding->level == LEVEL_NOTE)
			fprintf(out, "[preflight] %s: %s\n", finding->check,
				finding->text);
	}
	fflush(out);
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		if (finding->level == LEVEL_WARNING)
			fprintf(err, "\t[WARNING %s]: %s\n", finding->check,
				finding->text);
	}
	if (report_count(report, LEVEL_ERROR) > 0)
		print_errors(report, err);
	fflush(err);
	if (report_count(report, LEVEL_ERROR) == 0)
		fprintf(out, "[preflight] %s\n", status);
	fflush(out);
}

static const char *load_name(enum load_result load)
{
	static const char *const names[] = {
		[LOAD_NOT_TRIED] = "not-tried",
		[LOAD_NOT_NEEDED] = "not-needed",
		[LOAD_DONE] = "done",
		[LOAD_FAILED] = "failed",
	};

	return names[load];
}

static const char *level_name(enum level level)
{
	static const char *const names[] = {
		[LEVEL_NOTE] = "note",
		[LEVEL_WARNING] = "warning",
		[LEVEL_ERROR] = "error",
	};

	return names[level];
}

/* A JSON string of arbitrary bytes; NULL or "" becomes null. */
static json_t *text_or_null(const char *text)
{
	json_t *string = text && text[0] ? json_string(text) : json_null();

	return string ? string : json_string("(not valid UTF-8)");
}

static json_t *module_json(const struct need *need, bool running)
{
	json_t *object =
		json_pack("{s:s, s:o, s:s, s:o, s:b}", "name", need->name, "module",
			  text_or_null(need->module), "purpose", need->purpose, "cause",
			  text_or_null(need->cause), "inTree", need->in_tree);

	if (!object || !running)
		return object;
	json_object_set_new(object, "state", text_or_null(presence_name(need->presence)));
	json_object_set_new(object, "seen", text_or_null(need->why));
	json_object_set_new(object, "load", text_or_null(load_name(need->load)));
	json_object_set_new(object, "proven", json_boolean(need->proven));
	return object;
}

static json_t *finding_json(const struct finding *finding)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:i, s:o}", "check", finding->check,
			 "level", level_name(finding->level), "cannotTell",
			 finding->cannot_tell, "ignored", finding->ignored, "errno",
			 finding->code, "text", text_or_null(finding->text));
}

static bool fill_document(json_t *root, const struct needs *needs,
			  const struct report *report, bool running)
{
	json_t *modules = json_object_get(root, "modules");
	json_t *findings = json_object_get(root, "findings");

	for (size_t i = 0; i < needs->count; i++) {
		if (json_array_append_new(modules,
					  module_json(&needs->items[i], running)) < 0)
			return false;
	}
	for (size_t i = 0; i < report->count; i++) {
		if (json_array_append_new(findings, finding_json(&report->findings[i])) <
		    0)
			return false;
	}
	return true;
}

char *output_json(const struct system *system, const struct needs *needs,
		  const struct report *report, const char *status)
{
	bool running = system->root[0] == '\0';
	bool ready = report_count(report, LEVEL_ERROR) == 0 && !report->incomplete;
	cleanup_json json_t *root = NULL;
	cleanup_free char *text = NULL;
	char *line = NULL;

	root = json_pack("{s:i, s:b, s:o, s:o, s:o, s:[], s:[]}", "version", 1, "ready",
			 ready, "status", text_or_null(status), "kernel",
			 running ? text_or_null(system->release) : json_null(), "root",
			 text_or_null(system->root), "modules", "findings");
	if (!root || !fill_document(root, needs, report, running))
		return NULL;
	text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}
