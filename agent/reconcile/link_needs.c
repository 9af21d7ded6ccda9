/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/link_needs.h"

#include <net/if.h>

#include "agent/reconcile/snapshot.h"
#include "agent/reconcile/session.h"
#include "agent/kernel/sysctl.h"
#include "agent/model/sysctl_name.h"
#include "common/cleanup.h"

static bool daemon_needs_look(const struct session *session)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *wanted =
			&session->state.table.globals.daemons[slot];

		if (wanted->role != SYNC_NONE &&
		    if_nametoindex(wanted->interface) !=
			    session->ownership.daemons[slot].link)
			return true;
	}
	return false;
}

/* One that cannot be read has no link, which a reconcile has told or will tell. */
static bool sysctl_needs_look(const struct session *session, const struct sysctl *wanted)
{
	cleanup_free char *have = NULL;
	char link[IF_NAMESIZE];

	return sysctl_link(wanted->name, link) &&
	       sysctl_read(wanted->name, &have, NULL) == 0 &&
	       !ownership_has_sysctl(&session->ownership, wanted, have);
}

bool link_needs_look(const struct session *session)
{
	const struct globals *wanted = &session->state.table.globals;

	for (size_t i = 0; i < wanted->sysctl_count; i++) {
		if (sysctl_needs_look(session, &wanted->sysctls[i]))
			return true;
	}
	return daemon_needs_look(session);
}

bool link_came_for_sysctl(const struct snapshot *snapshot)
{
	const struct globals *actual = &snapshot->actual.globals;
	char link[IF_NAMESIZE];

	for (size_t i = 0; i < actual->sysctl_count; i++) {
		const struct sysctl *sysctl = &actual->sysctls[i];

		if (sysctl->absent && sysctl_link(sysctl->name, link) &&
		    if_nametoindex(link) != 0 &&
		    globals_find_sysctl(&snapshot->wanted.globals, sysctl->name))
			return true;
	}
	return false;
}
