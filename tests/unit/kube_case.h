/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/state_case.h"

/*
 * Kubernetes objects as states, and what comes of them, in short: a line for each virtual service,
 * "tcp 10.96.0.1:80 default/web:http rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080".
 */

#define LIST(items) "{ 'apiVersion': 'v1', 'items': [\n" items "\n], 'kind': 'List' }"

/* The API server's own, which every cluster has. */
#define API_SLICE                                                                                \
	"{ 'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', 'addressType': 'IPv4'," \
	" 'metadata': { 'name': 'kubernetes', 'namespace': 'default', 'labels': {"               \
	" 'kubernetes.io/service-name': 'kubernetes' } }, 'endpoints': null, 'ports': null }"

/* A Service of namespace default with the fields of its spec. */
#define SERVICE_OF(name, metadata, spec, status)                                         \
	"{ 'apiVersion': 'v1', 'kind': 'Service', 'metadata': { 'name': '" name          \
	"', 'namespace': 'default'" metadata " }, 'spec': { " spec                       \
	" }, 'status': { " status " } }"
#define SERVICE(name, spec) SERVICE_OF(name, "", spec, "")

/* An EndpointSlice of a Service of namespace default. */
#define SLICE_NAMED(name, service, type, ports, endpoints)                                      \
	"{ 'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', 'addressType': '" type \
	"', 'metadata': { 'name': '" name                                                       \
	"', 'namespace': 'default', 'labels': { 'kubernetes.io/service-name': '" service        \
	"' } }, 'ports': [ " ports " ], 'endpoints': [ " endpoints " ] }"
#define SLICE_OF(service, type, ports, endpoints)                                        \
	SLICE_NAMED(service "-x", service, type, ports, endpoints)
#define SLICE(service, endpoints)                                                        \
	SLICE_OF(service, "IPv4", "{ 'name': '', 'port': 8080, 'protocol': 'TCP' }",     \
		 endpoints)

#define ENDPOINT(address) "{ 'addresses': [ '" address "' ] }"
#define ENDPOINT_ON(address, node)                                                       \
	"{ 'addresses': [ '" address "' ], 'nodeName': '" node "' }"

/* The spec of the commonest Service: one TCP port at one address. */
#define WEB_SPEC                                                                         \
	"'clusterIP': '10.96.0.1', 'clusterIPs': [ '10.96.0.1' ], 'ports': [ { 'port': 80 } ]"

static inline int give_node_addresses(const void *context, struct address **addresses,
				      size_t *count)
{
	static const char *const texts[] = { "192.0.2.1",   "2001:db8::1", "192.0.2.1",
					     "169.254.7.7", "127.0.0.2",   "fe80::1" };

	(void)context;
	*addresses = calloc(sizeof(texts) / sizeof(*texts), sizeof(**addresses));
	assert_non_null(*addresses);
	*count = sizeof(texts) / sizeof(*texts);
	for (size_t i = 0; i < *count; i++)
		assert_int_equal(address_parse(texts[i], &(*addresses)[i]), 0);
	return 0;
}

static const struct state_settings node_a = { .node_name = "a",
					      .node_addresses = give_node_addresses };

static inline void describe_exposure(FILE *out, const struct service_access *access)
{
	char text[NETWORK_TEXT];

	if (!access)
		return;
	fprintf(out, "%s%s%s", access->bind ? " bind" : "",
		access->node_port ? " node-port" : "",
		access->over_local ? " over-local" : "");
	if (source_nat_name(access->source_nat))
		fprintf(out, " %s", source_nat_name(access->source_nat));
	for (size_t i = 0; i < access->source_count; i++)
		fprintf(out, " from %s", network_format(&access->sources[i], text));
	if (access->inside.address.family)
		fprintf(out, " inside %s:%u",
			address_format(&access->inside.address, text),
			access->inside.port);
	if (access->health_port)
		fprintf(out, " health %u", access->health_port);
}

/* The table's services and refusals, a line each; the caller frees it. */
static inline char *describe(const struct table *table)
{
	char *text = NULL, buffer[SERVICE_KEY_TEXT];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		fprintf(out, "%s %s %s", service_key_format(&service->key, buffer),
			service->name ? service->name : "-", service->scheduler);
		if (service->scheduler_flags)
			fprintf(out, " flags %u", service->scheduler_flags);
		if (service->persistence_timeout)
			fprintf(out, " persistent %u", service->persistence_timeout);
		describe_exposure(out, service->access);
		fputs(" ->", out);
		for (size_t k = 0; k < service->destination_count; k++)
			fprintf(out, " %s",
				destination_key_format(&service->destinations[k],
						       buffer));
		fputc('\n', out);
	}
	for (size_t i = 0; i < notes_kept(&table->notes); i++)
		fprintf(out, "! %s: %s\n", table->notes.omissions[i].object,
			table->notes.omissions[i].reason);
	for (size_t i = 0; i < table->notes.failure_count; i++)
		fprintf(out, "failure: %s: %s\n", table->notes.failures[i].object,
			table->notes.failures[i].reason);
	for (size_t i = 0; i < table->notes.health_check_count; i++) {
		const struct health_check *check = &table->notes.health_checks[i];

		fprintf(out, "health of %s/%s at %u: %zu\n", check->space, check->name,
			check->port, check->local_endpoints);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Writes the objects, with the API server's slice where they have none; the state's path. */
static inline const char *write_cluster(const char *state)
{
	const char *end = strstr(state, "\n], 'kind'");
	char *text;

	if (strstr(state, "EndpointSlice")) {
		write_state("state.json", state);
		return "state.json";
	}
	if (!end) {
		assert_true(mkdir("state.d", 0700) == 0 || errno == EEXIST);
		write_state("state.d/1.json", state);
		write_state("state.d/2.json", API_SLICE);
		return "state.d";
	}
	assert_true(asprintf(&text, "%.*s, %s%s", (int)(end - state), state, API_SLICE,
			     end) > 0);
	write_state("state.json", text);
	free(text);
	return "state.json";
}

/* Reads a state of that text, which must be valid and give this. */
static inline void expect_services(const char *name,
				   const struct state_settings *settings,
				   const char *state, const char *expected)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *found, *text;
	int r;

	r = state_read_with(write_cluster(state), settings, &table, &problems);
	found = problem_text(&problems);
	text = describe(&table);
	if (r != STATE_OK || strcmp(text, expected) != 0)
		print_error("%s: outcome %d, problems:\n%s", name, r, found);
	assert_int_equal(r, STATE_OK);
	assert_string_equal(text, expected);
	free(found);
	free(text);
	table_clear(&table);
	state_problems_clear(&problems);
}
