/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * Writes etc/modules-load.d/ipvs-node.conf with the modules that this kernel has (with
 * another root: that every kernel of the tree has). With conn_tab_bits it also writes
 * etc/modprobe.d/ipvs-node.conf, because systemd-modules-load comes first at the next
 * boot and would load ip_vs without the option. Findings have the name `Persist`.
 */
void persist_write(const struct system *system, const struct needs *needs,
		   uint32_t conn_tab_bits, struct report *report);
