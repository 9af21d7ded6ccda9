/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/settings.h"
#include "agent/model/table.h"

/*
 * The guard (agent/model/guard.h) where there is no kernel to ask: takes virtual services out of a
 * state's table, and notes why, that are refused on this node whatever else it has: at addresses
 * that no service may have, at those of other Nodes and of API servers, at ports of the node's own
 * addresses that are never free. Those addresses are the ones of this node's own Node; of the machine
 * where that is not known. Gateways, nameservers and listeners are the kernel's to tell.
 */
int dump_guard(struct table *table, const struct state_settings *settings) MUST_CHECK;
