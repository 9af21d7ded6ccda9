#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian package from a copy of the sources, by dpkg-buildpackage:
#
#   deb.sh VERSION FOLDER
#
# FOLDER then has ipvs-node_VERSION_ARCH.deb, its .changes and the build's log.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

[ $# -eq 2 ] || { echo "usage: deb.sh VERSION FOLDER" >&2 && exit 2; }
version=$1 folder=$2
written=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
[ "$written" = "$version" ] || {
  echo "deb.sh: packaging/debian/changelog says $written, the Makefile $version" >&2
  exit 1
}

tree=$folder/ipvs-node-$version
rm -rf "$folder"
mkdir -p "$tree/tests"
cp -a Makefile LICENSE README.md common preflight agent packaging docs examples "$tree/"
mv "$tree/packaging/debian" "$tree/debian"
# Nothing of our own make's settings reaches the package's.
if ! (cd "$tree" && env -i PATH="$PATH" HOME="${HOME:-/}" LC_ALL=C.UTF-8 \
  dpkg-buildpackage -b -us -uc "-j$(nproc)") >"$folder/build.log" 2>&1 </dev/null; then
  tail -n 40 "$folder/build.log" >&2
  echo "deb.sh: the package was not built; the whole log is $folder/build.log" >&2
  exit 1
fi
rm -rf "$tree"
