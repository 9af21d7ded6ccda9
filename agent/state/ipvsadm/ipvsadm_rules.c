/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/ipvsadm/ipvsadm_rules.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/ipvsadm/ipvsadm_options.h"
#include "agent/state/problems.h"
#include "agent/state/value_rules.h"
#include "common/printable.h"

/* More than a line can have: no option may stand twice. */
enum { WORDS_MAX = 64 };

/* A service that a line has added. */
struct added {
	struct service_key key;
	size_t line;
	size_t index; /* in the table */
	bool left_out;
};

struct reading {
	const char *path;
	size_t line;
	struct table *table;
	FILE *left_out;
	struct state_problems *problems;
	void *added; /* tsearch(3): struct added */
	bool in_part;
};

static int compare_added(const void *a, const void *b)
{
	const struct added *left = a, *right = b;

	return service_key_compare(&left->key, &right->key);
}

static void report_rule(void *context, const char *object, const char *field,
			const char *text)
{
	rule_leave_out(context, "%s%s%s: %s", object ? object : "", object ? "." : "",
		       field, text);
}

static struct added *find_added(const struct reading *reading,
				const struct service_key *key)
{
	struct added wanted = { .key = *key }, **found;

	found = tfind(&wanted, &reading->added, compare_added);
	return found ? *found : NULL;
}

static int remember(struct reading *reading, const struct rule *rule)
{
	struct added *added = calloc(1, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = (struct added){ .key = rule->service.key,
				 .line = reading->line,
				 .index = reading->table->service_count,
				 .left_out = rule->reason[0] != '\0' };
	if (!tsearch(added, &reading->added, compare_added)) {
		free(added);
		return -ENOMEM;
	}
	return 0;
}

static int add_service(struct reading *reading, struct rule *rule)
{
	const struct added *first = find_added(reading, &rule->service.key);
	struct service *service;

	if (first) {
		rule_leave_out(rule, "the service stands in line %zu already",
			       first->line);
		return 0;
	}
	rules_check_service(&rule->service, report_rule, rule);
	if (remember(reading, rule) < 0)
		return -ENOMEM;
	if (rule->reason[0])
		return 0;
	service = table_add_service(reading->table);
	if (!service)
		return -ENOMEM;
	*service = rule->service;
	return 0;
}

static int add_destination(struct reading *reading, struct rule *rule)
{
	const struct added *added = find_added(reading, &rule->service.key);
	struct service *service;
	struct destination *to;

	if (!added) {
		rule_refuse(rule, "no line before it adds its service");
		return 0;
	}
	if (added->left_out) {
		rule_leave_out(rule, "its service in line %zu is left out", added->line);
		return 0;
	}
	service = &reading->table->services[added->index];
	rules_check_destination(service, &rule->destination, report_rule, rule);
	for (size_t i = 0; i < service->destination_count; i++) {
		if (destination_key_compare(&service->destinations[i],
					    &rule->destination) == 0)
			rule_leave_out(rule, "the service has this server already");
	}
	if (rule->reason[0])
		return 0;
	to = service_add_destination(service);
	if (!to)
		return -ENOMEM;
	*to = rule->destination;
	return 0;
}

static size_t cut(char *line, char *words[static WORDS_MAX])
{
	size_t count = 0;

	for (char *word = strsep(&line, " \t\r"); word && count < WORDS_MAX;
	     word = strsep(&line, " \t\r")) {
		/* Behind -b there can be no name of a flag: two blanks in a row. */
		if (*word != '\0' || (count > 0 && strcmp(words[count - 1], "-b") == 0))
			words[count++] = word;
	}
	return count;
}

static int tell(struct reading *reading, struct rule *rule)
{
	if (rule->unreadable)
		return state_problems_add(reading->problems, "%s:%zu: %s", reading->path,
					  reading->line, rule->reason);
	printable_make(rule->reason);
	reading->in_part = true;
	fprintf(reading->left_out, "%s:%zu: %s\n", reading->path, reading->line,
		rule->reason);
	return 0;
}

static int read_line(struct reading *reading, char *line)
{
	char *words[WORDS_MAX];
	size_t count = cut(line, words);
	struct rule rule;
	int r = 0;

	if (count == 0 || words[0][0] == '#')
		return 0;
	rule_take_words(&rule, words, count);
	if (!rule.unreadable)
		r = rule.kind == RULE_SERVICE ? add_service(reading, &rule)
					      : add_destination(reading, &rule);
	return r < 0 || !rule.reason[0] ? r : tell(reading, &rule);
}

bool ipvsadm_rules_are(const char *text)
{
	text += strspn(text, " \t\r\n");
	return text[0] == '-' || text[0] == '#';
}

int ipvsadm_rules_read(const char *path, char *text, struct table *table, FILE *left_out,
		       struct state_problems *problems)
{
	struct reading reading = {
		.path = path, .table = table, .left_out = left_out, .problems = problems
	};
	int r = 0;

	for (char *line = strsep(&text, "\n"); r == 0 && line;
	     line = strsep(&text, "\n")) {
		reading.line++;
		r = read_line(&reading, line);
	}
	tdestroy(reading.added, free);
	if (r < 0 || problems->count > 0) {
		table_clear(table);
		return r < 0 ? r : RULES_UNREADABLE;
	}
	table_sort(table);
	return reading.in_part ? RULES_READ_IN_PART : RULES_READ;
}
