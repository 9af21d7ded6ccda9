/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

struct snapshot;
struct session;

/*
 * What is bound to a network link, and lost when that goes: sync daemons (the kernel keeps the index
 * of the link that they were started on, ip_vs_sync.c) and sysctls of single links.
 */

/* Whether a sync daemon or a sysctl of the state has to be looked at, as links are now. Cheap. */
bool link_needs_look(const struct session *session);

/* Whether a link that a sysctl lacked when the snapshot was made is there now. */
bool link_came_for_sysctl(const struct snapshot *snapshot);
