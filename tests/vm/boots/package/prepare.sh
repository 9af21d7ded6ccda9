#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package as it is, and one that differs in its version alone.
set -euo pipefail
: "${top:?}" "${build:?}"

env -u MAKEFLAGS make --no-print-directory -s -C "$top" BUILD="$build" deb
mkdir -p "$1/opt"
cp "$build"/deb/ipvs-node_*.deb "$1/opt/ipvs-node.deb"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg-deb -R "$1/opt/ipvs-node.deb" "$work/tree"
sed -i 's/^Version: .*/&+newer/' "$work/tree/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/tree" "$1/opt/ipvs-node-newer.deb"
