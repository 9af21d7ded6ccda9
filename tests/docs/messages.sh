#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The documents quote messages as the programs print them: messages.py.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/docs/messages.py README.md docs/*.md packaging/man/*.scd
