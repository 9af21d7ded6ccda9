/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Warns where the state is there for root and not for the daemon: a file that the user of
 * ipvs-agent.service (ipvs-node) may not read, or a place that its sandbox hides. Only root can find
 * out; for others, and where there is no such user, it says nothing.
 */
void daemon_user_check(const char *state_path);
