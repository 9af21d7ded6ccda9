/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * Writes etc/modules-load.d/ipvs-node.conf with the modules that this kernel (with another root
 * every kernel of that tree) really has, and with conn_tab_bits its option to
 * etc/modprobe.d/ipvs-node.conf: systemd-modules-load comes first at the next boot, and would
 * load ip_vs without. Findings have the name `Persist`.
 */
void persist_write(const struct system *system, const struct needs *needs,
		   uint32_t conn_tab_bits, struct report *report);
