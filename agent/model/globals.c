/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/globals.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* ip_vs_sync.c, start_sync_thread: what an unset length becomes on a link of the usual MTU; a
 * backup takes the link's own where it is larger. */
enum { SYNC_LENGTH_DEFAULT = 1472, SYNC_LENGTH6_DEFAULT = 1452 };

static bool group_equal(const struct address *wanted, const struct address *actual)
{
	struct address fallback = { .family = AF_INET };

	if (wanted->family != 0)
		return address_compare(wanted, actual) == 0;
	fallback.v4.s_addr = htonl(SYNC_GROUP_DEFAULT);
	return actual->family == 0 || address_compare(&fallback, actual) == 0;
}

static bool length_equal(const struct sync_daemon *wanted,
			 const struct sync_daemon *actual)
{
	uint16_t fallback = wanted->group.family == AF_INET6 ? SYNC_LENGTH6_DEFAULT
							     : SYNC_LENGTH_DEFAULT;

	if (wanted->max_length != 0)
		return wanted->max_length == actual->max_length;
	if (wanted->role == SYNC_BACKUP)
		return actual->max_length >= fallback;
	return actual->max_length == fallback;
}

bool sync_daemon_equal(const struct sync_daemon *wanted, const struct sync_daemon *actual)
{
	uint16_t port = wanted->port ? wanted->port : SYNC_PORT_DEFAULT;
	uint8_t ttl = wanted->ttl ? wanted->ttl : SYNC_TTL_DEFAULT;

	return wanted->role == actual->role &&
	       strcmp(wanted->interface, actual->interface) == 0 &&
	       wanted->sync_id == actual->sync_id && port == actual->port &&
	       ttl == actual->ttl && group_equal(&wanted->group, &actual->group) &&
	       length_equal(wanted, actual);
}

const char *sync_role_name(enum sync_role role)
{
	return role == SYNC_BACKUP ? "backup" : "master";
}

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

bool sysctl_value_equal(const char *a, const char *b)
{
	a = skip_blanks(a);
	b = skip_blanks(b);
	while (*a && *b) {
		bool gap_a = isspace((unsigned char)*a),
		     gap_b = isspace((unsigned char)*b);

		if (gap_a || gap_b) {
			a = skip_blanks(a);
			b = skip_blanks(b);
			/* A gap on one side only counts as equal at the end alone. */
			if (gap_a != gap_b && *a && *b)
				return false;
			continue;
		}
		if (*a++ != *b++)
			return false;
	}
	return *skip_blanks(a) == '\0' && *skip_blanks(b) == '\0';
}

int globals_add_sysctl(struct globals *globals, const char *name, const char *value)
{
	struct sysctl *grown;
	cleanup_free char *name_copy = strdup(name);
	cleanup_free char *value_copy = strdup(value);

	if (!name_copy || !value_copy)
		return -ENOMEM;
	grown = reallocarray(globals->sysctls, globals->sysctl_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	globals->sysctls = grown;
	grown[globals->sysctl_count++] = (struct sysctl){
		.name = TAKE_PTR(name_copy),
		.value = TAKE_PTR(value_copy),
	};
	return 0;
}

int globals_imply_sysctl(struct globals *globals, const char *name, const char *value)
{
	if (globals_find_sysctl(globals, name))
		return 0;
	if (globals_add_sysctl(globals, name, value) < 0)
		return -ENOMEM;
	globals->sysctls[globals->sysctl_count - 1].implied = true;
	return 0;
}

int globals_set_sysctl(struct globals *globals, const char *name, const char *value)
{
	for (size_t i = 0; i < globals->sysctl_count; i++) {
		char *copy;

		if (strcmp(globals->sysctls[i].name, name) != 0)
			continue;
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
		free(globals->sysctls[i].value);
		globals->sysctls[i].value = copy;
		return 0;
	}
	return globals_add_sysctl(globals, name, value);
}

static const struct sysctl *find_sysctl(const struct globals *globals, const char *name)
{
	for (size_t i = 0; i < globals->sysctl_count; i++) {
		if (strcmp(globals->sysctls[i].name, name) == 0)
			return &globals->sysctls[i];
	}
	return NULL;
}

const char *globals_find_sysctl(const struct globals *globals, const char *name)
{
	const struct sysctl *found = find_sysctl(globals, name);

	return found && !found->absent ? found->value : NULL;
}

int globals_add_absent_sysctl(struct globals *globals, const char *name)
{
	if (globals_add_sysctl(globals, name, "") < 0)
		return -ENOMEM;
	globals->sysctls[globals->sysctl_count - 1].absent = true;
	return 0;
}

bool globals_sysctl_is_absent(const struct globals *globals, const char *name)
{
	const struct sysctl *found = find_sysctl(globals, name);

	return found && found->absent;
}

static void clear_sysctl(struct sysctl *sysctl)
{
	free(sysctl->name);
	free(sysctl->value);
}

void globals_remove_sysctl(struct globals *globals, size_t index)
{
	clear_sysctl(&globals->sysctls[index]);
	globals->sysctl_count--;
	memmove(&globals->sysctls[index], &globals->sysctls[index + 1],
		(globals->sysctl_count - index) * sizeof(*globals->sysctls));
}

int globals_copy(const struct globals *from, struct globals *to)
{
	to->timeouts = from->timeouts;
	memcpy(to->daemons, from->daemons, sizeof(to->daemons));
	for (size_t i = 0; i < from->sysctl_count; i++) {
		if (globals_add_sysctl(to, from->sysctls[i].name,
				       from->sysctls[i].value) < 0)
			return -ENOMEM;
		to->sysctls[i].implied = from->sysctls[i].implied;
	}
	return 0;
}

void globals_clear(struct globals *globals)
{
	for (size_t i = 0; i < globals->sysctl_count; i++)
		clear_sysctl(&globals->sysctls[i]);
	free(globals->sysctls);
	memset(globals, 0, sizeof(*globals));
}
