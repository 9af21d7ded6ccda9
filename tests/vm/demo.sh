#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job, to look at: a stock kernel boots, its modules are made ready, the table comes up from
# examples/demo.json, and connections through the virtual address reach both real servers. All
# set-up included; ends with status 0 only if all of it happened.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

"$top/tests/setup.sh" build guest
run_make "-j$(nproc)" all
folder=$build/vm/out/demo
mkdir -p "$folder"
"$vm/boot.sh" --show "$vm/demo" "$folder"
tr -d "\r" <"$folder/results" | grep -qx passed || die "the demo failed"
