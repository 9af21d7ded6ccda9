/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/settings.h"
#include "agent/model/address_list.h"
#include "common/macro.h"

/*
 * Fills an empty list with the node's addresses that have node ports by these settings, which the caller
 * clears, also where it fails. What settings->node_addresses() answers, or -ENOMEM.
 */
int node_port_addresses(const struct state_settings *settings,
			struct address_list *addresses) MUST_CHECK;
