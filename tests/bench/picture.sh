#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Draws the time that programming a table takes over its size:
#
#   picture.sh [RESULTS] >docs/performance.svg
#
# RESULTS is what `make bench` left, build/bench/results.json unless another is named.
set -euo pipefail
. "$(dirname -- "$0")/../vm/common.sh"
jq -r -f "$top/tests/bench/picture.jq" "${1:-$build/bench/results.json}"
