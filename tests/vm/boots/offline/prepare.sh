#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The one file that is carried to a machine without a network.
set -euo pipefail
: "${top:?}" "${build:?}"

env -u MAKEFLAGS make --no-print-directory -s -C "$top" BUILD="$build" bundle 2>&1
mkdir -p "$1/opt"
cp "$build"/bundle/*.run "$1/opt/ipvs-node.run"
