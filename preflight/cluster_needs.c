/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/cluster_needs.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/cluster_document.h"

static const char check[] = "StateFile";

struct reader {
	struct json_text *text;
	const char *path;
	struct needs *needs;
	struct report *report;
	json_t *top;	   /* the fields of a single object; owned */
	bool looked_ahead; /* for what a list says of its items behind them */
	struct list_type list;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int add_scheduler(const struct reader *reader, const char *name)
{
	int r = needs_add_scheduler(reader->needs, name, "a scheduler of the state");

	if (r == -EINVAL)
		needs_note_wrong(reader->needs, reader->path, "scheduler", name);
	return r == -EINVAL ? 0 : r;
}

static int add_modules(const struct reader *reader)
{
	static const char *const names[] = {
		"dummy",	   "nf_tables",	      "nft_ct",
		"nft_chain_nat",   "nft_masq",	      "nft_nat",
		"nft_reject_ipv4", "nft_reject_ipv6", "nf_conntrack_netlink",
		"tcp_diag",	   "udp_diag",
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		r = needs_add_module(reader->needs, names[i], "Services in the state");
	return r;
}

static void note_forwarding(struct needs *needs, const char *address)
{
	if (address)
		*(strchr(address, ':') ? &needs->agent_forwards6
				       : &needs->agent_forwards4) = true;
}

/* A Service's ports are bound and have source NAT: the agent sets what these depend on. */
static void note_implied(struct needs *needs, const json_t *spec)
{
	const json_t *value;
	size_t i;

	needs->agent_sets_rules = true;
	note_forwarding(needs, text_of(spec, "clusterIP"));
	json_array_foreach (json_object_get(spec, "clusterIPs"), i, value) {
		note_forwarding(needs, json_string_value(value));
	}
}

static int read_service(const struct reader *reader, const json_t *object)
{
	const json_t *annotations =
		json_object_get(json_object_get(object, "metadata"), "annotations");
	const char *scheduler = text_of(annotations, "ipvs-node/scheduler");
	int r;

	reader->needs->state_read = true;
	reader->needs->cluster = true;
	note_implied(reader->needs, json_object_get(object, "spec"));
	r = add_scheduler(reader, scheduler ? scheduler : "rr");
	return r < 0 ? r : add_modules(reader);
}

/* An object, or a list of them within a list. */
static int read_object(const struct reader *reader, const json_t *object,
		       const struct list_type *list)
{
	struct list_type type = { 0 }, of_list = list_type_of_items(list);
	const json_t *item;
	size_t i;
	int r = 0;

	list_type_note(&type, "kind", json_object_get(object, "kind"));
	list_type_note(&type, "apiVersion", json_object_get(object, "apiVersion"));
	if (!type.kind[0])
		type = of_list;
	/* The kinds of other groups are others' objects. */
	if (strcmp(type.kind, "Service") == 0)
		return strchr(type.version, '/') ? 0 : read_service(reader, object);
	if (!list_type_is_list(&type))
		return 0;
	json_array_foreach (json_object_get(object, "items"), i, item) {
		if (r == 0)
			r = read_object(reader, item, &type);
	}
	return r;
}

static bool lacks_kind(const json_t *item)
{
	return !json_is_string(json_object_get(item, "kind"));
}

/* -EINVAL with the fault filled where the text is no JSON. */
static int read_items(struct reader *reader, struct json_fault *fault)
{
	int r;

	if (!json_text_take(reader->text, '['))
		return json_text_expected(reader->text, "'['", fault);
	if (json_text_take(reader->text, ']'))
		return 0;
	do {
		cleanup_json json_t *item = NULL;

		r = json_text_value(reader->text, &item, fault);
		if (r == 0 && !reader->looked_ahead && lacks_kind(item)) {
			reader->looked_ahead = true;
			if (!reader->list.kind[0])
				list_type_look_ahead(&reader->list, reader->text);
		}
		if (r == 0)
			r = read_object(reader, item, &reader->list);
		if (r < 0)
			return r;
	} while (json_text_take(reader->text, ','));
	return json_text_take(reader->text, ']')
		       ? 0
		       : json_text_expected(reader->text, "',' or ']'", fault);
}

static int read_field(struct reader *reader, struct json_fault *fault)
{
	cleanup_json json_t *name = NULL, *value = NULL;
	int r = json_text_value(reader->text, &name, fault);

	if (r < 0)
		return r;
	if (!json_is_string(name) || !json_text_take(reader->text, ':'))
		return json_text_expected(reader->text, "a field", fault);
	if (strcmp(json_string_value(name), "items") == 0 &&
	    json_text_peek(reader->text) == '[')
		return read_items(reader, fault);
	r = json_text_value(reader->text, &value, fault);
	if (r == 0)
		list_type_note(&reader->list, json_string_value(name), value);
	if (r == 0 && json_object_set(reader->top, json_string_value(name), value) < 0)
		r = -ENOMEM;
	return r;
}

static int read_document(struct reader *reader, struct json_fault *fault)
{
	int r = 0;

	json_text_take(reader->text, '{');
	do {
		r = read_field(reader, fault);
	} while (r == 0 && json_text_take(reader->text, ','));
	if (r == 0 && !json_text_take(reader->text, '}'))
		r = json_text_expected(reader->text, "',' or '}'", fault);
	return r < 0 ? r : read_object(reader, reader->top, &(struct list_type){ 0 });
}

int cluster_needs_read(struct json_text *text, const char *path, struct needs *needs,
		       struct report *report)
{
	cleanup_json json_t *top = json_object();
	struct reader reader = {
		.text = text, .path = path, .needs = needs, .report = report, .top = top
	};
	struct json_fault fault;
	int r;

	text->takes_nul = true;
	r = top ? read_document(&reader, &fault) : -ENOMEM;

	if (r != -EINVAL)
		return r;
	report_warning(report, check,
		       "%s:%zu:%zu: %s; what it needs is not known and not loaded", path,
		       fault.line, fault.column, fault.text);
	return 0;
}
