/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/needs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct need *needs_find(const struct needs *needs, const char *name)
{
	for (size_t i = 0; i < needs->count; i++) {
		if (module_name_equal(needs->items[i].name, name))
			return &needs->items[i];
	}
	return NULL;
}

static struct need *append_need(struct needs *needs)
{
	if (needs->count == needs->room || !needs->items) {
		size_t room = needs->room ? needs->room * 2 : 16;
		struct need *grown =
			reallocarray(needs->items, room, sizeof(needs->items[0]));

		if (!grown)
			return NULL;
		needs->items = grown;
		needs->room = room;
	}
	needs->items[needs->count] = (struct need){ 0 };
	return &needs->items[needs->count++];
}

static void add_purpose(struct need *need, const char *purpose)
{
	size_t used = strlen(need->purpose);

	if (strstr(need->purpose, purpose))
		return;
	snprintf(need->purpose + used, sizeof(need->purpose) - used, "%s%s",
		 used ? ", " : "", purpose);
}

static int add_need(struct needs *needs, enum need_kind kind, const char *name,
		    const char *short_name, const char *purpose)
{
	char checked[MODULE_NAME];
	struct need *need;
	int r;

	r = module_name_copy(checked, name);
	if (r < 0)
		return r;
	need = needs_find(needs, checked);
	if (!need) {
		need = append_need(needs);
		if (!need)
			return -ENOMEM;
		memcpy(need->name, checked, sizeof(checked));
	}
	if (kind != NEED_MODULE) {
		need->kind = kind;
		snprintf(need->short_name, sizeof(need->short_name), "%s", short_name);
	}
	add_purpose(need, purpose);
	return 0;
}

int needs_add_module(struct needs *needs, const char *name, const char *purpose)
{
	return add_need(needs, NEED_MODULE, name, "", purpose);
}

static int add_part(struct needs *needs, enum need_kind kind, const char *prefix,
		    const char *short_name, const char *purpose)
{
	char name[MODULE_NAME];

	if (strlen(short_name) >= SCHEDULER_NAME || short_name[0] == '\0')
		return -EINVAL;
	snprintf(name, sizeof(name), "%s%s", prefix, short_name);
	return add_need(needs, kind, name, short_name, purpose);
}

int needs_add_scheduler(struct needs *needs, const char *name, const char *purpose)
{
	/* ip_vs_ctl.c, ip_vs_add_service: a service without a scheduler. */
	if (strcmp(name, "none") == 0)
		return 0;
	return add_part(needs, NEED_SCHEDULER, "ip_vs_", name, purpose);
}

int needs_add_engine(struct needs *needs, const char *name, const char *purpose)
{
	return add_part(needs, NEED_ENGINE, "ip_vs_pe_", name, purpose);
}

int needs_add_basic(struct needs *needs)
{
	static const char *const schedulers[] = { "rr", "wrr", "sh" };
	int r;

	r = needs_add_module(needs, "ip_vs", "the virtual server table");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(schedulers); i++)
		r = needs_add_scheduler(needs, schedulers[i], "a basic scheduler");
	if (r == 0)
		r = needs_add_module(needs, "nf_conntrack_ipv4",
				     "connection tracking of IPv4");
	return r;
}

void needs_note_wrong(struct needs *needs, const char *path, const char *what,
		      const char *name)
{
	if (needs->wrong_count++ == 0)
		snprintf(needs->wrong, sizeof(needs->wrong),
			 "%s: '%s' cannot be the name of a %s", path, name, what);
}

int needs_add_sysctl(struct needs *needs, const char *name)
{
	char **grown = reallocarray(needs->sysctls, needs->sysctl_count + 1,
				    sizeof(needs->sysctls[0]));

	if (!grown)
		return -ENOMEM;
	needs->sysctls = grown;
	needs->sysctls[needs->sysctl_count] = strdup(name);
	if (!needs->sysctls[needs->sysctl_count])
		return -ENOMEM;
	needs->sysctl_count++;
	return 0;
}

bool needs_sets_sysctl(const struct needs *needs, const char *name)
{
	for (size_t i = 0; i < needs->sysctl_count; i++) {
		if (strcmp(needs->sysctls[i], name) == 0)
			return true;
	}
	return false;
}

void needs_clear(struct needs *needs)
{
	for (size_t i = 0; i < needs->sysctl_count; i++)
		free(needs->sysctls[i]);
	free(needs->sysctls);
	free(needs->items);
	*needs = (struct needs){ 0 };
}
