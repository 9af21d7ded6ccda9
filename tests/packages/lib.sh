# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of packages share: sourced by each.

set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../vm/common.sh"
cd "$top"

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# What `make install` gives, a line for each file; manual pages as they are called once compressed.
made_by_install() {
  local tree
  tree=$(mktemp -d)
  run_make install DESTDIR="$tree" >&2
  find "$tree" ! -type d -printf '/%P\n' | sort
  rm -rf "$tree"
}

# The list on stdin as `make install` would have it: without what a package adds or names otherwise.
as_installed() {
  sed -E 's,^/lib/,/usr/lib/,; s,(/man/.*)\.gz$,\1,; /\/\.build-id\//d; /\/(changelog\.gz|copyright)$/d' | sort
}

# has TEXT PART
has() { [[ $1 == *"$2"* ]] || fail "not there: $2; found: $1"; }
