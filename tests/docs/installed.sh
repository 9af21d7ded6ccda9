#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` gives: files that everybody may read, whatever umask there is, and units that start
# the programs where these are, and documents that find each other.
. "$(dirname -- "${BASH_SOURCE[0]}")/../packages/lib.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
(umask 077 && run_make install DESTDIR="$tree")
hidden=$(find "$tree" -mindepth 1 ! -perm -go+r)
[ -z "$hidden" ] || fail "not for everybody to read: $hidden"
for unit in packaging/systemd/*.service; do cmp "$unit" "$tree/usr/lib/systemd/system/${unit##*/}"; done
documents=$tree/usr/share/doc/ipvs-node
/usr/bin/python3 tests/docs/documents.py "$build/sanitized" "$documents"/*.md "$documents"/{docs,examples}/*.md

run_make install DESTDIR="$tree/elsewhere" PREFIX=/usr/local
for program in ipvs-agent ipvs-preflight; do
  unit=$tree/elsewhere/usr/local/lib/systemd/system/$program.service
  has "$(cat "$unit")" "ExecStart=/usr/local/sbin/$program "
  ! grep -n /usr/sbin "$unit" || fail "$unit: another folder's program"
  [ -x "$tree/elsewhere/usr/local/sbin/$program" ] || fail "no $program"
done
