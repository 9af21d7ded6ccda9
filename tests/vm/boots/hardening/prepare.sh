#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program that tries what a service must not do, and the unit that ends the loading of modules.
set -euo pipefail
. "$top/tests/vm/common.sh"
run_make "${build#"$top"/}/vm-programs/attempts"
install -D -t "$1/usr/lib/vm-tests" "$build/vm-programs/attempts"
install -D -m 644 -t "$1/etc/systemd/system" "$top/examples/ipvs-lock-modules.service"
