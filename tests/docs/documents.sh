#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the documents link to and the commands that they show: documents.py.
set -euo pipefail
shopt -s nullglob

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/docs/documents.py "${BUILD:-build}/sanitized" ./*.md docs/*.md examples/*.md examples/*/*.md \
  tests/vm/README.md
