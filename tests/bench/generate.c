/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the bench's table (addresses.h) in the form that a contender reads:
 *
 *   generate [-c EVERY FIRST WEIGHT] [-d DIRECTORY FILES] state|ipvsadm|keepalived
 *            SERVICES DESTINATIONS
 *
 * With -c some destinations have another weight; with -d the services are spread over so many
 * files of a directory that is there, 00000.json and so on. Both are for states only.
 */
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "common/parse.h"
#include "tests/bench/addresses.h"

enum { FILES_MAX = 100000 };

struct format {
	const char *name, *head, *tail;
	void (*service)(uint32_t number, bool first, const char *address);
	void (*destination)(bool first, const char *service, const char *address,
			    uint32_t weight);
	const char *service_end;
};

struct task {
	const struct format *format;
	uint32_t services, destinations;
	struct table_change change;
	const char *directory; /* NULL: to stdout */
	uint32_t files;
};

/* Names as a cluster has them. */
static void state_service(uint32_t number, bool first, const char *address)
{
	printf("%s\n    { \"name\": \"team-%02u/service-%05u:http\", \"address\": \"%s\","
	       " \"port\": %d, \"protocol\": \"tcp\",\n      \"destinations\": [",
	       first ? "" : ",", number % 97, number, address, SERVICE_PORT);
}

static void state_destination(bool first, const char *service, const char *address,
			      uint32_t weight)
{
	(void)service;
	printf("%s\n        { \"address\": \"%s\", \"port\": %d", first ? "" : ",",
	       address, DESTINATION_PORT);
	if (weight != 1)
		printf(", \"weight\": %u", weight);
	fputs(" }", stdout);
}

static void ipvsadm_service(uint32_t number, bool first, const char *address)
{
	(void)number;
	(void)first;
	printf("-A -t %s:%d -s rr\n", address, SERVICE_PORT);
}

static void ipvsadm_destination(bool first, const char *service, const char *address,
				uint32_t weight)
{
	(void)first;
	printf("-a -t %s:%d -r %s:%d -m -w %u\n", service, SERVICE_PORT, address,
	       DESTINATION_PORT, weight);
}

static void keepalived_service(uint32_t number, bool first, const char *address)
{
	(void)number;
	(void)first;
	printf("virtual_server %s %d {\n  lvs_sched rr\n  lvs_method NAT\n  protocol TCP\n",
	       address, SERVICE_PORT);
}

static void keepalived_destination(bool first, const char *service, const char *address,
				   uint32_t weight)
{
	(void)first;
	(void)service;
	printf("  real_server %s %d {\n    weight %u\n  }\n", address, DESTINATION_PORT,
	       weight);
}

static const struct format formats[] = {
	{ "state", "{\n  \"version\": 1,\n  \"services\": [", "\n  ]\n}\n", state_service,
	  state_destination, "\n      ] }" },
	{ "ipvsadm", "", "", ipvsadm_service, ipvsadm_destination, "" },
	{ "keepalived", "global_defs {\n}\n", "", keepalived_service,
	  keepalived_destination, "}\n" },
};

static const char *format_address(struct in_addr address, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static void print_destinations(const struct task *task, uint32_t service,
			       const char *service_text)
{
	uint64_t number = (uint64_t)service * task->destinations;
	char text[INET_ADDRSTRLEN];

	for (uint32_t i = 0; i < task->destinations; i++) {
		uint32_t weight = table_changes(&task->change, number + i)
					  ? task->change.weight
					  : 1;

		format_address(destination_address(service, task->destinations, i), text);
		task->format->destination(i == 0, service_text, text, weight);
	}
}

/* The services from number first to before number end. */
static void print_services(const struct task *task, uint32_t first, uint32_t end)
{
	const struct format *format = task->format;
	char text[INET_ADDRSTRLEN];

	fputs(format->head, stdout);
	for (uint32_t i = first; i < end; i++) {
		format_address(service_address(i), text);
		format->service(i, i == first, text);
		print_destinations(task, i, text);
		fputs(format->service_end, stdout);
	}
	fputs(format->tail, stdout);
	if (fflush(stdout) != 0)
		err(1, "writing");
}

static void write_directory(const struct task *task)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < task->files; i++) {
		uint64_t services = task->services;

		snprintf(path, sizeof(path), "%s/%05u.json", task->directory, i);
		if (!freopen(path, "we", stdout))
			err(1, "%s", path);
		print_services(task, (uint32_t)(services * i / task->files),
			       (uint32_t)(services * (i + 1) / task->files));
	}
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(name, formats[i].name) == 0)
			return &formats[i];
	}
	return NULL;
}

static bool read_arguments(char **argv, int argc, struct task *task)
{
	struct table_change *change = &task->change;

	if (argc > 4 && strcmp(argv[0], "-c") == 0) {
		if (parse_u32(argv[1], 1, UINT32_MAX, &change->every) < 0 ||
		    parse_u32(argv[2], 0, UINT32_MAX, &change->first) < 0 ||
		    parse_u32(argv[3], 0, 65535, &change->weight) < 0)
			return false;
		argv += 4;
		argc -= 4;
	}
	if (argc > 3 && strcmp(argv[0], "-d") == 0) {
		task->directory = argv[1];
		if (parse_u32(argv[2], 1, FILES_MAX, &task->files) < 0)
			return false;
		argv += 3;
		argc -= 3;
	}
	if (argc != 3)
		return false;
	task->format = find_format(argv[0]);
	return task->format &&
	       parse_u32(argv[1], 1, SERVICES_MAX, &task->services) == 0 &&
	       parse_u32(argv[2], 0, DESTINATIONS_MAX, &task->destinations) == 0;
}

int main(int argc, char **argv)
{
	struct task task = { 0 };

	if (argc < 1 || !read_arguments(argv + 1, argc - 1, &task))
		errx(2, "usage: generate [-c EVERY FIRST WEIGHT] [-d DIRECTORY FILES]"
			" state|ipvsadm|keepalived SERVICES DESTINATIONS");
	if (task.directory)
		write_directory(&task);
	else
		print_services(&task, 0, task.services);
	return 0;
}
