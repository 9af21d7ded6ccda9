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

# list TREE: a line for each file, and for each folder that is ours, with a slash at its end
list() { (cd "$1" && find . ! -type d -printf '/%P\n' -o -path '*/ipvs-node*' -printf '/%P/\n') | sort; }

# made_by_install [SETTING…]: what `make install` gives, as a list
made_by_install() {
  local tree
  tree=$(mktemp -d)
  run_make install DESTDIR="$tree" "$@" >&2
  list "$tree"
  rm -rf "$tree"
}

# The list on stdin as `make install` would have it: without what a package adds or names otherwise.
as_installed() {
  sed -E 's,^/lib/,/usr/lib/,; s,(/man/.*)\.gz$,\1,; /\/\.build-id\//d; /\/(changelog\.gz|copyright)$/d' | sort
}

# has TEXT PART
has() { [[ $1 == *"$2"* ]] || fail "not there: $2; found: $1"; }
