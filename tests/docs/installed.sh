#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` gives: units that start the programs where these are.
. "$(dirname -- "${BASH_SOURCE[0]}")/../packages/lib.sh"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
run_make install DESTDIR="$tree"
for unit in packaging/systemd/*.service; do cmp "$unit" "$tree/usr/lib/systemd/system/${unit##*/}"; done

run_make install DESTDIR="$tree/elsewhere" PREFIX=/usr/local
for program in ipvs-agent ipvs-preflight; do
  unit=$tree/elsewhere/usr/local/lib/systemd/system/$program.service
  has "$(cat "$unit")" "ExecStart=/usr/local/sbin/$program "
  ! grep -n /usr/sbin "$unit" || fail "$unit: another folder's program"
  [ -x "$tree/elsewhere/usr/local/sbin/$program" ] || fail "no $program"
done
