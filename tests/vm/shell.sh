#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest with a root shell on this terminal: shell.sh [BOOT]. `poweroff` or Ctrl-A X ends it.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$vm/boot.sh" --shell "$vm/boots/${1:-main}" "$folder"
