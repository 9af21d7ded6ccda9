/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"

/*
 * Where no --state names one, the state is that of the daemon that runs on the run directory: whoever asks
 * about a node, or for an apply, means what the node is to be, and not a file that its unit does not read.
 * Then *owned is the path, which the caller frees, and options point to it. Without a daemon nothing changes.
 */
void daemon_state_use(struct options *options, char **owned);
