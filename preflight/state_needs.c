/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No tunnel module is on the list: IPVS writes the outer headers of ipip, gue and gre itself
 * (ip_vs_xmit.c: ip_vs_tunnel_xmit); only a real server that takes them off needs one.
 */
#include "preflight/state_needs.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cluster_document.h"
#include "common/err.h"
#include "common/file.h"
#include "preflight/cluster_needs.h"

static const char check[] = "StateFile";

enum { STATE_MAX = 512 * 1024 * 1024 };

struct reader {
	const char *path;
	struct needs *needs;
	struct report *report;
};

/* What the state names wrongly is a warning here and an error of the agent's. */
static int judge_add(const struct reader *reader, int r, const char *what,
		     const char *name)
{
	if (r == -EINVAL)
		needs_note_wrong(reader->needs, reader->path, what, name);
	return r == -EINVAL ? 0 : r;
}

static int add_scheduler(const struct reader *reader, const char *name)
{
	return judge_add(
		reader,
		needs_add_scheduler(reader->needs, name, "a scheduler of the state"),
		"scheduler", name);
}

static int add_engine(const struct reader *reader, const char *name)
{
	return judge_add(reader,
			 needs_add_engine(reader->needs, name,
					  "a persistence engine of the state"),
			 "persistence engine", name);
}

/* A field that is there and says more than "no". */
static bool asks(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value && !json_is_false(value) && !json_is_null(value);
}

/* Features that have modules of their own, at the top or in a service. */
static const struct feature {
	const char *field;
	const char *purpose;
	const char *const modules[10]; /* up to the first NULL */
} features[] = {
	{ "bind",
	  "bind in the state",
	  { "dummy", "nf_tables", "nft_ct", "nft_chain_nat", "nft_nat", "nft_reject_ipv4",
	    "nft_reject_ipv6", "tcp_diag", "udp_diag" } },
	{ "sourceNat",
	  "sourceNat in the state",
	  { "nf_tables", "nft_ct", "nft_chain_nat", "nft_masq", "nft_nat",
	    "nf_conntrack_netlink" } },
	{ "sourceRanges",
	  "sourceRanges in the state",
	  { "nf_tables", "nft_ct", "nft_chain_nat", "nft_nat" } },
	{ "fromInside",
	  "fromInside in the state",
	  { "nf_tables", "nft_ct", "nft_chain_nat", "nft_masq", "nft_nat" } },
};

static int read_feature(const struct reader *reader, const struct feature *feature)
{
	int r = 0;

	for (size_t i = 0; r == 0 && feature->modules[i]; i++)
		r = needs_add_module(reader->needs, feature->modules[i],
				     feature->purpose);
	return r;
}

static int read_features(const struct reader *reader, const json_t *object)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(features); i++) {
		if (asks(object, features[i].field))
			r = read_feature(reader, &features[i]);
	}
	return r;
}

/* agent/reconcile/rulesets.c, rulesets_imply_sysctls: what the agent sets for a service. */
static void note_implied(const struct reader *reader, const json_t *service)
{
	const char *address = json_string_value(json_object_get(service, "address"));
	struct needs *needs = reader->needs;

	if (!address || asks(service, "fwmark"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		needs->agent_sets_rules |= asks(service, features[i].field);
	if (!asks(service, "sourceNat") || asks(service, "onePacket"))
		return;
	*(strchr(address, ':') ? &needs->agent_forwards6 : &needs->agent_forwards4) =
		true;
}

static void read_destinations(const struct reader *reader, const json_t *destinations)
{
	const json_t *destination;
	size_t i;

	json_array_foreach (destinations, i, destination) {
		const char *address =
			json_string_value(json_object_get(destination, "address"));
		const char *forward =
			json_string_value(json_object_get(destination, "forward"));

		if (!address || (forward && strcmp(forward, "masquerade") != 0))
			continue;
		if (strchr(address, ':'))
			reader->needs->masquerade6 = true;
		else
			reader->needs->masquerade4 = true;
	}
}

static int read_service(const struct reader *reader, const json_t *service)
{
	const char *scheduler = json_string_value(json_object_get(service, "scheduler"));
	const char *protocol = json_string_value(json_object_get(service, "protocol"));
	const json_t *persistence = json_object_get(service, "persistence");
	const char *engine = json_string_value(json_object_get(persistence, "engine"));
	int r;

	r = add_scheduler(reader, scheduler ? scheduler : "rr");
	if (r == 0 && engine)
		r = add_engine(reader, engine);
	if (r == 0)
		r = read_features(reader, service);
	if (asks(service, "fwmark") || (protocol && strcmp(protocol, "udp") == 0))
		reader->needs->udp = true;
	read_destinations(reader, json_object_get(service, "destinations"));
	return r;
}

static int read_sysctls(const struct reader *reader, json_t *sysctls)
{
	const char *name;
	json_t *value;
	int r = 0;

	json_object_foreach (sysctls, name, value) {
		if (r == 0)
			r = needs_add_sysctl(reader->needs, name);
	}
	return r;
}

static int read_state(const struct reader *reader, const json_t *state)
{
	const json_t *services = json_object_get(state, "services");
	const json_t *service;
	size_t i;
	int r;

	if (!json_is_object(state)) {
		report_warning(reader->report, check, "%s:1: the state is not an object",
			       reader->path);
		return 0;
	}
	reader->needs->state_read = true;
	r = read_features(reader, state);
	json_array_foreach (services, i, service) {
		if (r < 0 || !json_is_object(service))
			continue;
		note_implied(reader, service);
		r = read_service(reader, service);
	}
	if (r == 0)
		r = read_sysctls(reader, json_object_get(state, "sysctls"));
	return r;
}

static int read_file(const char *path, struct needs *needs, struct report *report)
{
	struct reader reader = { .path = path, .needs = needs, .report = report };
	struct json_text cursor;
	cleanup_json json_t *state = NULL;
	cleanup_free char *text = NULL;
	struct err err = { 0 };
	json_error_t error;
	size_t length;
	int r;

	r = file_read(path, STATE_MAX, &text, &length, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		report_warning(report, check, "%s", err.text);
		return 0;
	}
	json_text_init(&cursor, text, length);
	if (cluster_document_is(&cursor))
		return cluster_needs_read(&cursor, path, needs, report);
	state = json_loadb(text, length, 0, &error);
	if (!state) {
		report_warning(report, check,
			       "%s:%d:%d: %s; what it needs is not known and not loaded",
			       path, error.line, error.column, error.text);
		return 0;
	}
	return read_state(&reader, state);
}

static int is_json(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int read_directory(const char *path, struct needs *needs, struct report *report)
{
	struct dirent **entries = NULL;
	int count, r = 0;

	count = scandir(path, &entries, is_json, alphasort);
	if (count < 0 && errno == ENOMEM)
		return -ENOMEM;
	if (count < 0)
		report_warning(report, check, "%s: %s", path, strerror(errno));
	if (count == 0)
		report_warning(report, check, "%s has no *.json file", path);
	for (int i = 0; i < count; i++) {
		cleanup_free char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			r = -ENOMEM;
		if (r == 0)
			r = read_file(file, needs, report);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int read_path(const char *path, struct needs *needs, struct report *report)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			report_warning(
				report, check,
				"%s does not exist: only what every node needs is loaded and checked",
				path);
		else
			report_warning(report, check, "%s: %s", path, strerror(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return read_directory(path, needs, report);
	return read_file(path, needs, report);
}

int state_needs_read(const char *path, struct needs *needs, struct report *report)
{
	size_t others = needs->count;
	int r = read_path(path, needs, report);

	for (size_t i = others; i < needs->count; i++)
		needs->items[i].of_state = true;
	if (needs->wrong_count == 1)
		report_warning(report, check, "%s", needs->wrong);
	else if (needs->wrong_count > 1)
		report_warning(report, check, "%s, and %zu more such names", needs->wrong,
			       needs->wrong_count - 1);
	return r;
}
