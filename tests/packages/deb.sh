#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package: what lintian says, and that everything installed is in it.
. "$(dirname -- "$0")/lib.sh"

make_package deb
changes=$(echo "$build"/deb/ipvs-node_*.changes)
lintian --fail-on error,warning "$changes"

package=$(echo "$build"/deb/ipvs-node_*.deb)
diff <(made_by_install | grep -v '/LICENSE$') \
  <(dpkg-deb -c "$package" | awk '/^[-l]/ || /^d.*\/ipvs-node/ { print substr($6, 2) }' | as_installed) ||
  fail "'make install' and the package differ"
has "$(dpkg-deb -I "$package" conffiles)" /etc/ipvs-node/agent.conf
for library in libjansson4 libkmod2 libnl-3-200 libnl-genl-3-200 libsystemd0; do
  has "$(dpkg-deb -f "$package" Depends)" "$library"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg-deb -x "$package" "$work"
documents=$work/usr/share/doc/ipvs-node
/usr/bin/python3 tests/docs/documents.py "$build" "$documents"/*.md "$documents"/{docs,examples}/*.md

# Another version than the changelog's is refused before anything is built.
! out=$(packaging/deb.sh 9.9 "$build/packages-test" 2>&1) || fail "a version that the changelog has not"
has "$out" "changelog says"
[ ! -e "$build/packages-test" ] || fail "something was built"
