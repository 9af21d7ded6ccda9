#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The schema of the state says what the reader says: schema.py, with Debian's python3-jsonschema.
set -euo pipefail
shopt -s nullglob

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/docs/schema.py "${BUILD:-build}/sanitized/ipvs-agent" tests/docs/states.json \
  examples/*.json examples/*/state.json README.md docs/*.md packaging/man/*.scd
