#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages say what the programs say (manuals.py), and groff has nothing to say about them.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
/usr/bin/python3 tests/docs/manuals.py "${BUILD:-build}/sanitized"
for page in packaging/man/*.scd; do
  said=$(scdoc <"$page" | groff -man -ww -z -Tutf8 -K utf8 2>&1)
  [ -z "$said" ] || {
    printf '%s: %s\n' "$page" "$said"
    exit 1
  }
done
